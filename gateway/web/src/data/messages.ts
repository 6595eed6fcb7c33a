// The messages of a chat: the newest are asked for first, and the pages before them when they are wanted.
import { skipToken, useQuery } from "@tanstack/react-query";
import { toProblem } from "@/api/problem";
import type { Chat, Message } from "@/api/types";
import { cache, refresh } from "./cache";
import { api, ask } from "./client";
import { keys } from "./keys";
import { join, merge, share, type Talk } from "./talk";

/** Messages that fill the first screen, and messages of each further page: the API's maximum. */
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

/** The messages that are loaded. loadOlder() adds those before them. */
export function useTalk(chat: string | undefined) {
  return useQuery({
    queryKey: keys.messages(chat ?? ""),
    queryFn: chat
      ? ({ signal }) => fetchNewest(chat, cache.getQueryData<Talk>(keys.messages(chat)), signal)
      : skipToken,
    structuralSharing: share,
  });
}

/** The newest messages, joined to those that are loaded already. */
async function fetchNewest(
  chat: string,
  known: Talk | undefined,
  signal: AbortSignal,
): Promise<Talk> {
  return known
    ? join(known, await fetchPage(chat, FIRST_PAGE, "", signal))
    : fetchPage(chat, FIRST_PAGE, "", signal);
}

const loading = new Map<string, Promise<boolean>>();

/** Loads the page before the loaded messages. False: there is none, or the server does not answer. */
export function loadOlder(chat: string): Promise<boolean> {
  let one = loading.get(chat);
  if (!one) {
    one = prepend(chat)
      .catch(() => false)
      .finally(() => loading.delete(chat));
    loading.set(chat, one);
  }
  return one;
}

async function prepend(chat: string): Promise<boolean> {
  const older = cache.getQueryData<Talk>(keys.messages(chat))?.older;
  if (!older) return false;
  const page = await fetchPage(chat, NEXT_PAGE, older);
  cache.setQueryData<Talk>(keys.messages(chat), (now) =>
    now?.older === older
      ? { messages: [...page.messages, ...now.messages], older: page.older }
      : now,
  );
  return true;
}

/** Shows the branch of a message that is not on the shown one. A message that is gone changes nothing. */
export async function showMessage(chat: string, leaf: string): Promise<void> {
  try {
    const shown = await ask(
      api.PATCH("/api/v1/chats/{chat}", { params: { path: { chat } }, body: { leaf } }),
    );
    cache.setQueryData<Chat>(keys.chat(chat), shown);
    await cache.resetQueries({ queryKey: keys.messages(chat) });
  } catch {
    // The chat stays as it is.
  }
}

/** Shows the messages of an answer that has ended. Unless `isWhole`, the chat's other messages are asked for as well. */
export function showAnswer(chat: string, messages: Message[], isWhole: boolean): void {
  cache.setQueryData<Talk>(
    keys.messages(chat),
    (old) => old && { ...old, messages: merge(old.messages, messages) },
  );
  cache.setQueryData<Chat>(keys.chat(chat), (old) => old && { ...old, runningGeneration: "" });
  refresh(keys.chat(chat), keys.chats);
  if (!isWhole) refresh(keys.messages(chat));
}

/** Loads the chat and its messages anew. Throws when they cannot be had, unless the chat was deleted. */
export async function reloadChat(chat: string): Promise<void> {
  await Promise.all(
    [keys.chat(chat), keys.messages(chat)].map((queryKey) =>
      cache.refetchQueries({ queryKey }, { throwOnError: true }),
    ),
  ).catch((thrown) => {
    if (toProblem(thrown).status !== 404) throw thrown;
  });
  refresh(keys.chats);
}

/** The server may know more of the chat than the page. */
export function refreshChat(chat: string): void {
  refresh(keys.chat(chat), keys.messages(chat));
}
