// The keys of the providers, for administrators.
import { useMutation, useQuery } from "@tanstack/react-query";
import type { ProviderKey } from "@/api/types";
import { refresh } from "./cache";
import { api, ask } from "./client";
import { keys } from "./keys";

/** Uses, rests and refusals change by themselves. In milliseconds. */
const LOOK_AGAIN_MS = 5000;

export function useProviderKeys() {
  return useQuery({
    queryKey: keys.providerKeys,
    queryFn: ({ signal }) => ask(api.GET("/api/v1/admin/provider-keys", { signal })),
    refetchInterval: LOOK_AGAIN_MS,
  });
}

const settled = () => refresh(keys.providerKeys);

export function useAddProviderKey() {
  return useMutation({
    mutationFn: (body: { provider: string; secret: string; requestsPerMinute: number }) =>
      ask(api.POST("/api/v1/admin/provider-keys", { body })),
    onSettled: settled,
    gcTime: 0, // The secret does not stay in memory.
  });
}

/** Turns a key on or off, or changes its limit. */
export function useChangeProviderKey() {
  return useMutation({
    mutationFn: ({
      key,
      change,
    }: {
      key: ProviderKey;
      change: { enabled: boolean } | { requestsPerMinute: number };
    }) =>
      ask(
        api.PATCH("/api/v1/admin/provider-keys/{key}", {
          params: { path: { key: key.id } },
          body: change,
        }),
      ),
    onSettled: settled,
  });
}

/** Asks the provider whether it takes the key. Nothing changes. */
export function useTestProviderKey() {
  return useMutation({
    mutationFn: (key: ProviderKey) =>
      ask(
        api.POST("/api/v1/admin/providers/{provider}:validate", {
          params: { path: { provider: key.provider }, query: { key: key.id } },
        }),
      ),
  });
}

export function useDeleteProviderKey() {
  return useMutation({
    mutationFn: (key: ProviderKey) =>
      ask(api.DELETE("/api/v1/admin/provider-keys/{key}", { params: { path: { key: key.id } } })),
    onSettled: settled,
  });
}
