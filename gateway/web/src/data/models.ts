import { useQuery } from "@tanstack/react-query";
import type { Model } from "@/api/types";
import { micro } from "@/lib/money";
import { api, ask } from "./client";
import { keys } from "./keys";

/** The catalogue changes with a deployment only. In milliseconds. */
const CATALOGUE_FRESH_MS = 5 * 60_000;
/** An empty catalogue is asked for again after this: the models may not be known yet. In milliseconds. */
const CATALOGUE_EMPTY_MS = 3_000;

export function useModels() {
  return useQuery({
    queryKey: keys.models,
    queryFn: async ({ signal }) => (await ask(api.GET("/api/v1/models", { signal }))).models,
    staleTime: CATALOGUE_FRESH_MS,
    refetchInterval: (query) => (query.state.data?.length === 0 ? CATALOGUE_EMPTY_MS : false),
  });
}

export function pricesOf(model: Model) {
  return {
    perMessage: micro(model.price?.perMessage),
    inputPer1k: micro(model.price?.inputPer1k),
    outputPer1k: micro(model.price?.outputPer1k),
  };
}
