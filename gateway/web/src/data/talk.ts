// The messages of a chat as far as they are loaded: from the newest backwards, page by page. No network.
import type { Message } from "@/api/types";

export interface Talk {
  /** Oldest first. */
  messages: Message[];
  /** Where the page before them begins, or empty: they begin with the first. */
  older: string;
}

/** The end of a talk as it is now, and above it what was known of its beginning. */
export function join(known: Talk, newest: Talk): Talk {
  const first = newest.messages[0];
  if (!first || newest.older === "") return newest;
  const { messages, older } = known;
  const same = messages.findIndex(({ id }) => id === first.id);
  const end = same >= 0 ? same : messages.findIndex(({ id }) => id === first.parent) + 1;
  if (end <= 0) return newest; // Too much is new: it is loaded as it is looked at.
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

/** The same message stays the same object, so that rows whose message did not change are not rendered again. */
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
