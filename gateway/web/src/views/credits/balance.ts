import { type QueryClient, useQuery } from "@tanstack/react-query";
import { api, ask } from "@/api/client";
import { keys } from "@/api/keys";
import type { Balance } from "@/api/types";

/** The charge is booked a moment after the answer ended: when to look again, in milliseconds. */
const LOOK_AGAIN_MS = [400, 1000, 2500, 5000];

function fetchBalance(): Promise<Balance> {
  return ask(api.GET("/api/v1/credits/balance"));
}

export function useBalance() {
  return useQuery({ queryKey: keys.balance, queryFn: fetchBalance });
}

/** Asks until nothing is held any more, or the patience is over. */
export async function refreshBalance(client: QueryClient): Promise<void> {
  await client.invalidateQueries({ queryKey: keys.transactions });
  for (const wait of [0, ...LOOK_AGAIN_MS]) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    await client.invalidateQueries({ queryKey: keys.balance });
    if (client.getQueryData<Balance>(keys.balance)?.held === "0") return;
  }
}
