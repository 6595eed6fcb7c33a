// The balance, and its changes.
import { useMutation, useQuery } from "@tanstack/react-query";
import type { Balance, Budget } from "@/api/types";
import { notify } from "@/lib/notify";
import { sleep } from "@/lib/sleep";
import { recall, remember } from "@/lib/storage";
import { t } from "@/words";
import { cache, refresh } from "./cache";
import { api, ask } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";

/** The charge is booked a moment after an answer's end. The waits between two looks, in milliseconds. */
const LOOK_AGAIN_MS = [400, 1000, 2500, 5000];

/** Storage key of the time of the newest alert that was told. */
const TOLD = "alert";

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
    if (cache.getQueryData<Balance>(keys.balance)?.held === "0") break;
  }
  refresh(keys.planBalances, keys.budgets);
  await tellAlerts().catch(() => undefined); // The next answer asks again.
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

/** Budgets and limits that were nearly or wholly used, the newest first. */
export function useAlerts() {
  return useQuery({
    queryKey: keys.alerts,
    queryFn: () => ask(api.GET("/api/v1/credits/alerts")),
  });
}

/** A new alert is told once, in any tab. */
export async function tellAlerts(): Promise<void> {
  const { alerts } = await cache.fetchQuery({
    queryKey: keys.alerts,
    queryFn: () => ask(api.GET("/api/v1/credits/alerts")),
    staleTime: 0,
  });
  const [newest] = alerts;
  const told = recall(TOLD);
  if (!newest?.createTime || (told !== null && newest.createTime <= told)) return;
  remember(TOLD, newest.createTime);
  notify({
    text: t("alerts.reached", {
      name: newest.displayName || t("alerts.payAsYouGo"),
      percent: newest.percent,
    }),
  });
}

interface BudgetTerms {
  id: string;
  kind: NonNullable<Budget["kind"]>;
  period: NonNullable<Budget["period"]>;
  displayName: string;
  /** Absent: it only counts. */
  limit?: string;
}

export function useSetBudget() {
  return useMutation({
    mutationFn: ({ id, ...body }: BudgetTerms) =>
      ask(api.PUT("/api/v1/credits/budgets/{budget}", { params: { path: { budget: id } }, body })),
    onSuccess: () => refresh(keys.budgets),
  });
}

/** The caller's budgets of API keys and projects. */
export function useBudgets() {
  return useQuery({
    queryKey: keys.budgets,
    queryFn: () => ask(api.GET("/api/v1/credits/budgets")),
  });
}
