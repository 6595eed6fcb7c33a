import type { SearchHit } from "@/api/types";

/** Where a hit leads: to its chat, and there to its message. */
export function hitPath({ chat, message }: Pick<SearchHit, "chat" | "message">): string {
  return message ? `/chat/${chat}?message=${message}` : `/chat/${chat}`;
}

/** Where all hits of a query are. */
export function searchPath(q: string): string {
  return `/search?q=${encodeURIComponent(q.trim())}`;
}
