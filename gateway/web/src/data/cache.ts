// The data of the server, kept for the whole page. Only the files of this folder read and change the cache.
import { notifyManager, QueryClient, type QueryKey } from "@tanstack/react-query";
import { toProblem } from "@/api/problem";

/** Older data is asked for again when a view shows it, in milliseconds. */
const FRESH_MS = 10_000;

const RETRIES = 2;

// Views hear of a change in the same turn: an answer that ended is in the list before its live copy leaves it.
notifyManager.setScheduler(queueMicrotask);

export const cache = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      retry: (tries, error) => tries < RETRIES && toProblem(error).retryable,
    },
  },
});

/** Data that a view shows is asked for anew at once, other data when a view shows it. */
export function refresh(...queryKeys: QueryKey[]): void {
  for (const queryKey of queryKeys) void cache.invalidateQueries({ queryKey });
}
