import { useQuery } from "@tanstack/react-query";
import type { Model } from "@/api/types";
import { rateOf } from "@/lib/money";
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

/** What everybody pays: by the message, and for a million tokens. */
export function pricesOf(model: Model, promptTokens = 0) {
  const price = model.price?.components ?? [];
  const of = (dimension: string) => rateOf(price, dimension, promptTokens);
  return { perMessage: of("MESSAGE"), input: of("INPUT"), output: of("OUTPUT") };
}
