// The loaded messages of a chat: the newest first, and then page by page backwards. No network.
import type { Message } from "@/api/types";

export interface Talk {
  /** Oldest first. */
  messages: Message[];
  /** Token of the page before them. Empty: they begin with the chat's first message. */
  older: string;
}

/** Puts the newest messages below the loaded ones that come before them. */
export function join(known: Talk, newest: Talk): Talk {
  const first = newest.messages[0];
  if (!first || newest.older === "") return newest;
  const { messages, older } = known;
  const same = messages.findIndex(({ id }) => id === first.id);
  const end = same >= 0 ? same : messages.findIndex(({ id }) => id === first.parent) + 1;
  if (end <= 0) return newest; // There is a gap between both: its messages are loaded when the reader gets there.
  return { messages: [...messages.slice(0, end), ...newest.messages], older };
}

/** Replaces messages by id and appends the new ones. */
export function merge(old: Message[], fresh: Message[]): Message[] {
  const byId = new Map(fresh.map((message) => [message.id, message]));
  const merged = old.map((message) => {
    const replacement = byId.get(message.id);
    byId.delete(message.id);
    return replacement ?? message;
  });
  return [...merged, ...byId.values()];
}

/** A message that did not change stays the same object, so that its row is not rendered again. */
export function share(old: unknown, fresh: unknown): unknown {
  if (!isTalk(old) || !isTalk(fresh)) return fresh;
  const byId = new Map(old.messages.map((message) => [message.id, message]));
  const messages = fresh.messages.map((message) => {
    const known = byId.get(message.id);
    const same = known && (known === message || JSON.stringify(known) === JSON.stringify(message));
    return same ? known : message;
  });
  const unchanged =
    fresh.older === old.older &&
    messages.length === old.messages.length &&
    messages.every((message, at) => message === old.messages[at]);
  return unchanged ? old : { messages, older: fresh.older };
}

function isTalk(data: unknown): data is Talk {
  return typeof data === "object" && data !== null && "older" in data;
}
