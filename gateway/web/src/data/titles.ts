import { useEffect } from "react";
import type { Chat } from "@/api/types";
import { api, ask } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";

/** Chats of a page: the API's maximum. */
const PAGE_SIZE = 100;

/** The most pages of current chats, and of archived ones. The palette says when there are more. */
const PAGES_MAX = 30;

interface Titles {
  chats: Chat[];
  /** More pages are on their way. */
  loading: boolean;
  /** Older chats are left out. */
  cut: boolean;
  failed: boolean;
}

/** All chats, the latest first, loaded page by page while the palette is open. */
export function useTitles(): Titles {
  const current = useList(false);
  const archived = useList(true);
  return {
    chats: [...current.chats, ...archived.chats],
    loading: current.loading || archived.loading,
    cut: current.cut || archived.cut,
    failed: current.failed || archived.failed,
  };
}

function useList(archived: boolean): Titles {
  const query = usePages(keys.titles(archived), (page, signal) =>
    ask(
      api.GET("/api/v1/chats", {
        params: { query: { archived, pageSize: PAGE_SIZE, ...page } },
        signal,
      }),
    ),
  );
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = query;
  const more = hasNextPage && (data?.pages.length ?? 0) < PAGES_MAX;
  useEffect(() => {
    if (more && !isFetching && !isError) void fetchNextPage();
  }, [more, isFetching, isError, fetchNextPage]);
  return {
    chats: data?.pages.flatMap((page) => page.chats) ?? [],
    loading: !isError && (!data || more),
    cut: hasNextPage && !more,
    failed: isError,
  };
}
