// The chats that are selected in the list. Undefined: nobody selects.
import { createStore } from "@/lib/store";

export const selection = createStore<ReadonlySet<string> | undefined>(undefined);

/** The chat from which the next range goes. */
let anchor = "";

/** Begins to select, with this chat. */
export function beginSelection(chat?: string): void {
  anchor = chat ?? "";
  selection.set(new Set(chat ? [chat] : []));
}

export function endSelection(): void {
  selection.set(undefined);
}

/** Selects a chat, or leaves it out. `order`: ids as they are listed, when all from the last one to this are meant. */
export function toggle(chat: string, order?: readonly string[]): void {
  const next = new Set(selection.get());
  const from = order?.indexOf(anchor) ?? -1;
  if (order && from >= 0) {
    const to = order.indexOf(chat);
    for (const id of order.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(id);
  } else {
    if (!next.delete(chat)) next.add(chat);
    anchor = chat;
  }
  selection.set(next);
}

/** Selects all of these, or none when they are selected already. */
export function toggleAll(chats: readonly string[]): void {
  const all = chats.every((chat) => selection.get()?.has(chat));
  selection.set(new Set(all ? [] : chats));
}
