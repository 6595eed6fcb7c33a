// The balance, and its changes.
import { useMutation, useQuery } from "@tanstack/react-query";
import type { Balance } from "@/api/types";
import { sleep } from "@/lib/sleep";
import { cache, refresh } from "./cache";
import { api, ask } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";

/** The charge is booked a moment after an answer's end. The waits between two looks, in milliseconds. */
const LOOK_AGAIN_MS = [400, 1000, 2500, 5000];

export function useBalance() {
  return useQuery({
    queryKey: keys.balance,
    queryFn: () => ask(api.GET("/api/v1/credits/balance")),
  });
}

/** The server took a message, and holds its price. */
export function balanceIsHeld(): void {
  refresh(keys.balance);
}

/** Asks for the balance until nothing is held any more, a few times at most. */
export async function refreshBalance(): Promise<void> {
  await cache.invalidateQueries({ queryKey: keys.transactions });
  for (const wait of [0, ...LOOK_AGAIN_MS]) {
    await sleep(wait);
    await cache.invalidateQueries({ queryKey: keys.balance });
    if (cache.getQueryData<Balance>(keys.balance)?.held === "0") return;
  }
}

/** The changes of the balance, newest first. */
export function useTransactions() {
  return usePages(keys.transactions, (query, signal) =>
    ask(api.GET("/api/v1/credits/transactions", { params: { query }, signal })),
  );
}

/** Turns a voucher's code into credits. */
export function useRedeem() {
  return useMutation({
    mutationFn: (code: string) => ask(api.POST("/api/v1/credits:redeem", { body: { code } })),
    onSuccess: () => refresh(keys.balance, keys.transactions),
  });
}

/** The caller's budgets of API keys and projects. */
export function useBudgets() {
  return useQuery({
    queryKey: keys.budgets,
    queryFn: () => ask(api.GET("/api/v1/credits/budgets")),
  });
}
