import { type keepPreviousData, type QueryKey, useInfiniteQuery } from "@tanstack/react-query";

interface Page {
  nextPageToken: string;
}

/** A list that the API hands out page by page. `fetchPage` gets the parameters that name the page. */
export function usePages<P extends Page>(
  queryKey: QueryKey,
  fetchPage: (page: { pageToken?: string }, signal: AbortSignal) => Promise<P>,
  /** How often it is asked for again, in milliseconds. */
  every?: (pages: P[]) => number | false,
  more: { enabled?: boolean; placeholderData?: typeof keepPreviousData } = {},
) {
  return useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) =>
      fetchPage(pageParam ? { pageToken: pageParam } : {}, signal),
    initialPageParam: "",
    refetchInterval: ({ state }) => every?.(state.data?.pages ?? []) ?? false,
    getNextPageParam: (page) => page.nextPageToken || undefined,
    ...more,
  });
}
