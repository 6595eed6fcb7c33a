// Search over the chats' titles and messages, as the reader types.
import { keepPreviousData } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { SearchHit } from "@/api/types";
import { api, ask } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";

export type Scope = "TITLES" | "MESSAGES";
export type Archive = "EXCLUDED" | "ONLY";

export interface Filters {
  scope?: Scope;
  archive?: Archive;
  project?: string;
  model?: string;
  /** RFC 3339. */
  since?: string;
  before?: string;
}

/** A search begins when the reader has not typed for so long, in milliseconds. */
const PAUSE_MS = 150;

/** The value, once it has stayed the same for a moment. */
export function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** Hits of a search, page by page. An older request is cancelled, and its hits stay until those of the newer one come. */
export function useSearchHits(q: string, filters: Filters = {}, pageSize = 20) {
  return usePages<{ hits: SearchHit[]; nextPageToken: string }>(
    [...keys.search, q, filters, pageSize],
    (page, signal) =>
      ask(
        api.GET("/api/v1/search", {
          params: { query: { q, pageSize, ...filters, ...page } },
          signal,
        }),
      ),
    undefined,
    { enabled: q.trim() !== "", placeholderData: keepPreviousData },
  );
}
