import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { api, ask } from "@/api/client";
import { keys } from "@/api/keys";
import type { Payment } from "@/api/types";
import { randomId } from "@/lib/random-id";

/** What was bought and invoiced, newest first. */
export function usePayments() {
  return useInfiniteQuery({
    queryKey: keys.payments,
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/api/v1/payments", {
          params: { query: pageParam ? { pageToken: pageParam } : {} },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextPageToken || undefined,
  });
}

/** One of the newest payments; it was made a moment ago. */
export async function fetchPayment(id: string): Promise<Payment | null> {
  const { payments } = await ask(api.GET("/api/v1/payments"));
  return payments.find((one) => one.id === id) ?? null;
}

/** Goes to the page where a package is paid. A second click is the same purchase. */
export function useBuy() {
  const key = useRef("");
  return useMutation({
    mutationFn: (offer: string) => {
      key.current ||= randomId();
      return ask(
        api.POST("/api/v1/payments/checkout-sessions", {
          params: { header: { "Idempotency-Key": key.current } },
          body: { package: offer },
        }),
      );
    },
    onSuccess: ({ url }) => location.assign(url),
  });
}
