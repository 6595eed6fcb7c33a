// Learned factors of tokenizers, for administrators.
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "./client";
import { keys } from "./keys";

export function useTokenFactors() {
  return useQuery({
    queryKey: keys.tokenFactors,
    queryFn: ({ signal }) => ask(api.GET("/api/v1/admin/token-factors", { signal })),
  });
}
