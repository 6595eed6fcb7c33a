// Links to snapshots of chats: the owner's, and what a link shows to its readers.
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { toProblem } from "@/api/problem";
import type { ShareAudience } from "@/api/types";
import { cache, refresh } from "./cache";
import { api, ask } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";

export interface Terms {
  audience: ShareAudience;
  /** Empty: no name is shown. */
  author: string;
  /** RFC 3339; empty: the link does not end by itself. */
  expireTime: string;
}

export function useShares() {
  return usePages(keys.shares, (query, signal) =>
    ask(api.GET("/api/v1/shares", { params: { query }, signal })),
  );
}

/** The link of one chat, or null. */
export function useShareOf(chat: string) {
  return useQuery({
    queryKey: keys.sharesOf(chat),
    queryFn: async ({ signal }) => {
      const params = { query: { chat } };
      return (await ask(api.GET("/api/v1/shares", { params, signal }))).shares[0] ?? null;
    },
    staleTime: 0, // Each new message makes the snapshot older.
  });
}

/** Makes the chat's link, takes its snapshot anew, or (`keepSnapshot`) changes its terms alone. */
export function useShareChat(chat: string) {
  return useMutation({
    mutationFn: async ({ keepSnapshot, ...terms }: Terms & { keepSnapshot: boolean }) => {
      const { expireTime, ...rest } = terms;
      const body = { ...rest, keepSnapshot, ...(expireTime ? { expireTime } : {}) };
      const params = { path: { chat } };
      return (await ask(api.POST("/api/v1/chats/{chat}:share", { params, body }))).share ?? null;
    },
    onSuccess: (share) => {
      cache.setQueryData(keys.sharesOf(chat), share);
      refresh(keys.shares);
    },
  });
}

export function useUnshare() {
  return useMutation({
    mutationFn: (chat: string) =>
      ask(api.POST("/api/v1/chats/{chat}:unshare", { params: { path: { chat } } })),
    onSuccess: (_data, chat) => {
      cache.setQueryData(keys.sharesOf(chat), null);
      refresh(keys.shares);
    },
  });
}

/** Messages of a page of a snapshot: the API's maximum. */
const PAGE = 100;

/** The snapshot behind a link, page by page. Only a signed-in reader asks under a name. */
export function useShared(token: string, signedIn: boolean) {
  const queryKey = keys.shared(token, signedIn);
  return useInfiniteQuery({
    queryKey,
    queryFn: async ({ pageParam, signal }) => {
      const query = { pageSize: PAGE, ...(pageParam ? { pageToken: pageParam } : {}) };
      const options = { params: { path: { token }, query }, signal };
      try {
        return await ask(
          signedIn
            ? api.GET("/api/v1/shared/{token}:signed-in", options)
            : api.GET("/api/v1/shared/{token}", options),
        );
      } catch (thrown) {
        // The owner took the snapshot anew: it is read from its start.
        if (pageParam && toProblem(thrown).reason === "PAGE_TOKEN_MISMATCH") {
          void cache.resetQueries({ queryKey });
        }
        throw thrown;
      }
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.nextPageToken || undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0, // A link that has ended is not shown again.
  });
}

/** Copies what a link shows into a new chat of the reader. */
export function useContinueShared() {
  return useMutation({
    mutationFn: (token: string) =>
      ask(api.POST("/api/v1/shared/{token}:continue", { params: { path: { token } } })),
    onSuccess: (chat) => {
      cache.setQueryData(keys.chat(chat.id), chat);
      refresh(keys.chats);
    },
  });
}
