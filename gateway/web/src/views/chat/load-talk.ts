// Asks for the messages of a chat: the newest first, and the pages before them as they are wanted.
import type { QueryClient } from "@tanstack/react-query";
import { api, ask } from "@/api/client";
import { keys } from "@/api/keys";
import { join, type Talk } from "./talk";

/** Messages that fill the first screen, and those of a page after that: the most that the API gives. */
const FIRST_PAGE = 24;
const NEXT_PAGE = 100;

async function fetchPage(
  chat: string,
  pageSize: number,
  pageToken: string,
  signal?: AbortSignal,
): Promise<Talk> {
  const query = { order: "NEWEST_FIRST", pageSize, ...(pageToken ? { pageToken } : {}) } as const;
  const { messages, nextPageToken } = await ask(
    api.GET("/api/v1/chats/{chat}/messages", {
      params: { path: { chat }, query },
      ...(signal ? { signal } : {}),
    }),
  );
  return { messages: messages.toReversed(), older: nextPageToken };
}

/** The newest messages, under what is loaded already. */
export async function fetchNewest(
  chat: string,
  known: Talk | undefined,
  signal: AbortSignal,
): Promise<Talk> {
  return known
    ? join(known, await fetchPage(chat, FIRST_PAGE, "", signal))
    : fetchPage(chat, FIRST_PAGE, "", signal);
}

const loading = new Map<string, Promise<boolean>>();

/** Loads the page before what is known. False: there is none, or it cannot be had now. */
export function loadOlder(client: QueryClient, chat: string): Promise<boolean> {
  let one = loading.get(chat);
  if (!one) {
    one = prepend(client, chat)
      .catch(() => false)
      .finally(() => loading.delete(chat));
    loading.set(chat, one);
  }
  return one;
}

async function prepend(client: QueryClient, chat: string): Promise<boolean> {
  const older = client.getQueryData<Talk>(keys.messages(chat))?.older;
  if (!older) return false;
  const page = await fetchPage(chat, NEXT_PAGE, older);
  client.setQueryData<Talk>(keys.messages(chat), (now) =>
    now?.older === older
      ? { messages: [...page.messages, ...now.messages], older: page.older }
      : now,
  );
  return true;
}
