import { useInfiniteQuery } from "@tanstack/react-query";
import { api, ask } from "@/api/client";
import { keys } from "@/api/keys";

/** What changed the balance, newest first. */
export function useTransactions() {
  return useInfiniteQuery({
    queryKey: keys.transactions,
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/api/v1/credits/transactions", {
          params: { query: pageParam ? { pageToken: pageParam } : {} },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextPageToken || undefined,
  });
}
