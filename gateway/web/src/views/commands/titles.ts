import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, ask } from "@/api/client";
import { keys } from "@/api/keys";
import type { Chat } from "@/api/types";

/** Chats of one answer: the most that the API gives. */
const PAGE_SIZE = 100;

/** So many pages are loaded, archived chats apart. The palette says so when there are more. */
const PAGES_MAX = 30;

export interface Titles {
  chats: Chat[];
  /** More pages are on their way. */
  loading: boolean;
  /** Older chats are left out. */
  cut: boolean;
  failed: boolean;
}

/** The chats by their latest use, loaded page by page while the palette is open. */
export function useTitles(): Titles {
  const current = usePages(false);
  const archived = usePages(true);
  return {
    chats: [...current.chats, ...archived.chats],
    loading: current.loading || archived.loading,
    cut: current.cut || archived.cut,
    failed: current.failed || archived.failed,
  };
}

function usePages(archived: boolean): Titles {
  const query = useInfiniteQuery({
    queryKey: keys.titles(archived),
    queryFn: ({ pageParam, signal }) => {
      const page = {
        archived,
        pageSize: PAGE_SIZE,
        ...(pageParam ? { pageToken: pageParam } : {}),
      };
      return ask(api.GET("/api/v1/chats", { params: { query: page }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.nextPageToken || undefined,
  });
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
