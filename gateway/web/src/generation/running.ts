// The answers that are being written, one store a chat. They belong to the page and not to a component: a reader who
// leaves the chat and comes back finds the text.
import { createStore, createStores } from "@/lib/store";
import type { Live } from "./live";

/** Name of the chat that does not exist yet: a first message makes it. */
export const NEW_CHAT = "new";

export const liveOf = createStores<Live | undefined>(() => undefined).of;

/** Chats in which an answer is being written, for the sidebar. */
export const busyChats = createStore<ReadonlySet<string>>(new Set());

export function setLive(chat: string, live: Live | undefined): void {
  liveOf(chat).set(live);
  if (busyChats.get().has(chat) === (live !== undefined)) return;
  const busy = new Set(busyChats.get());
  if (live) busy.add(chat);
  else busy.delete(chat);
  busyChats.set(busy);
}
