// The answers that are being written, one store a chat. They belong to the page, not to a component: leaving the chat
// and coming back finds the text where it is.
import { createStore, createStores } from "@/lib/store";
import type { Live } from "./live";

/** Stands for the chat that a first message is about to make. */
export const NEW_CHAT = "new";

export const liveOf = createStores<Live | undefined>(() => undefined).of;

/** Chats with an answer in the making, for the sidebar. */
export const busyChats = createStore<ReadonlySet<string>>(new Set());

export function setLive(chat: string, live: Live | undefined): void {
  liveOf(chat).set(live);
  if (busyChats.get().has(chat) === (live !== undefined)) return;
  const busy = new Set(busyChats.get());
  if (live) busy.add(chat);
  else busy.delete(chat);
  busyChats.set(busy);
}
