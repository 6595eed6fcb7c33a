// Packages, payments, and the way to the payment page.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Payment } from "@/api/types";
import { randomId } from "@/lib/random-id";
import { refresh } from "./cache";
import { api, ask } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";

export function usePackages() {
  return useQuery({
    queryKey: keys.packages,
    queryFn: ({ signal }) => ask(api.GET("/api/v1/payments/packages", { signal })),
  });
}

/** Purchases and invoices, newest first. */
export function usePayments() {
  return usePages(keys.payments, (query, signal) =>
    ask(api.GET("/api/v1/payments", { params: { query }, signal })),
  );
}

const LOOK_AGAIN_MS = 1000;
/** After this many looks the page no longer asks. */
const LOOKS_MAX = 30;

/** A recent payment, or null when it is unknown. The page asks until its state is `until`. */
export function usePayment(id: string, until?: Payment["state"]) {
  return useQuery({
    queryKey: keys.payment(id),
    queryFn: () => fetchPayment(id),
    refetchInterval: ({ state }) =>
      until && state.data?.state !== until && state.dataUpdateCount < LOOKS_MAX && !state.error
        ? LOOK_AGAIN_MS
        : false,
  });
}

/** One of the newest payments. */
async function fetchPayment(id: string): Promise<Payment | null> {
  const { payments } = await ask(api.GET("/api/v1/payments"));
  return payments.find((one) => one.id === id) ?? null;
}

/** Asks for the balance after each `look` at a payment, because its credits are booked a moment later. */
export function useBooking(paid: boolean, look: number): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: each look at the payment is one at the balance.
  useEffect(() => {
    refresh(keys.balance);
    if (!paid) return;
    refresh(keys.payments, keys.transactions);
    const again = setTimeout(() => refresh(keys.balance), LOOK_AGAIN_MS);
    return () => clearTimeout(again);
  }, [paid, look]);
}

/** Goes to the page where a package is paid. A second click repeats the same purchase, by its key. */
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
