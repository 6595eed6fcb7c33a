// Plans: what is for sale, what the caller has, and all subscriptions for an administrator.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { randomId } from "@/lib/random-id";
import { refresh } from "./cache";
import { api, ask } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";

export function usePlans() {
  return useQuery({
    queryKey: keys.plans,
    queryFn: ({ signal }) => ask(api.GET("/api/v1/payments/plans", { signal })),
  });
}

export function useSubscriptions(enabled = true) {
  return useQuery({
    queryKey: keys.subscriptions,
    queryFn: ({ signal }) => ask(api.GET("/api/v1/payments/subscriptions", { signal })),
    enabled,
  });
}

/** The credits that are left in each of the caller's plans. */
export function usePlanBalances() {
  return useQuery({
    queryKey: keys.planBalances,
    queryFn: ({ signal }) => ask(api.GET("/api/v1/credits/plans", { signal })),
  });
}

/** Goes to the page where a plan is paid. A second click repeats the same purchase, by its key. */
export function useSubscribe() {
  const key = useRef("");
  return useMutation({
    mutationFn: (plan: string) => {
      key.current ||= randomId();
      return ask(
        api.POST("/api/v1/payments/subscriptions", {
          params: { header: { "Idempotency-Key": key.current } },
          body: { plan },
        }),
      );
    },
    onSuccess: ({ url }) => location.assign(url),
  });
}

/** Ends a subscription with what is paid for, or lets it go on. */
export function useChangeSubscription() {
  return useMutation({
    mutationFn: ({ id, resume }: { id: string; resume: boolean }) =>
      ask(
        api.PATCH("/api/v1/payments/subscriptions/{subscription}", {
          params: { path: { subscription: id } },
          body: { resume },
        }),
      ),
    onSuccess: () => refresh(keys.subscriptions),
  });
}

export function useAllSubscriptions() {
  return usePages(keys.allSubscriptions, (query, signal) =>
    ask(api.GET("/api/v1/admin/payments/subscriptions", { params: { query }, signal })),
  );
}
