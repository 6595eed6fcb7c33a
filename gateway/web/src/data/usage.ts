// Usage of answers: everybody's for an administrator, and the caller's own.
import { useMutation, useQuery } from "@tanstack/react-query";
import type { TokenUsage, UsageBy, UsageList } from "@/api/types";
import { saveFile } from "@/lib/browser";
import { type Answer, api, ask } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";

export interface UsageRange {
  /** Days such as 2026-11-01, both included. */
  from: string;
  to: string;
}

/** The route also answers with a file; without `accept` it is JSON. */
function fetchUsage(
  query: UsageRange & { by: UsageBy | "TOTAL"; pageToken?: string },
  signal: AbortSignal,
) {
  const call = api.GET("/api/v1/admin/usage", { params: { query }, signal });
  return ask(call as unknown as Promise<Answer<UsageList>>);
}

export function useUsage(range: UsageRange, by: UsageBy) {
  return usePages([...keys.usage, range, by], (page, signal) =>
    fetchUsage({ ...range, by, ...page }, signal),
  );
}

/** The one row of the whole range; none: there was no use. */
export function useUsageTotal(range: UsageRange) {
  return useQuery({
    queryKey: [...keys.usage, range, "TOTAL"],
    queryFn: ({ signal }) => fetchUsage({ ...range, by: "TOTAL" }, signal),
  });
}

/** The same rows as a file. */
export function useUsageFile() {
  return useMutation({
    mutationFn: async ({ range, by }: { range: UsageRange; by: UsageBy }) => {
      const file = await ask(
        api.GET("/api/v1/admin/usage", {
          params: { query: { ...range, by } },
          headers: { accept: "text/csv" },
          parseAs: "blob",
        }),
      );
      saveFile(`usage-${by.toLowerCase()}-${range.from}-${range.to}.csv`, file as unknown as Blob);
    },
  });
}

/** The caller's answers of a month such as 2026-11, by day, by model and by both; without a month: this one. */
export function useTokenUsage(month = "") {
  return useQuery({
    queryKey: [...keys.tokenUsage, month],
    queryFn: ({ signal }) => {
      // The route also answers with a file; without `accept` it is JSON.
      const call = api.GET("/api/v1/usage", { params: { query: { month } }, signal });
      return ask(call as unknown as Promise<Answer<TokenUsage>>);
    },
  });
}

/** A row for each day and model as a file. */
export function useTokenUsageFile() {
  return useMutation({
    mutationFn: async (month: string) => {
      const file = await ask(
        api.GET("/api/v1/usage", {
          params: { query: { month } },
          headers: { accept: "text/csv" },
          parseAs: "blob",
        }),
      );
      saveFile(`usage-${month}.csv`, file as unknown as Blob);
    },
  });
}

/** Tokens and cost of this month's answers, by day and by model. */
export function useMonthUsage() {
  return useQuery({
    queryKey: keys.monthUsage,
    queryFn: ({ signal }) => ask(api.GET("/api/v1/credits/usage", { signal })),
  });
}
