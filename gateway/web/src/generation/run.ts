// A message that was sent, with the answer that the page follows.
import type { Chat } from "@/api/types";
import type { Live } from "./live";
import { setLive } from "./running";

export interface Run {
  /** The chat that shows it: an id, or NEW_CHAT until the server took the message. */
  name: string;
  /** Undefined until a chat was made for the message. */
  chat: Chat["id"] | undefined;
  live: Live;
  control: AbortController;
  frame: number;
  onCreated: ((chat: string) => void) | undefined;
}

/** By the name of the chat. */
export const runs = new Map<string, Run>();

/** Shows the new state with the next frame: a hundred tokens a second are sixty renderings at most. */
export function show(run: Run, live: Live): void {
  run.live = live;
  if (document.hidden) {
    setLive(run.name, live);
    return;
  }
  run.frame ||= requestAnimationFrame(() => {
    run.frame = 0;
    setLive(run.name, run.live);
  });
}
