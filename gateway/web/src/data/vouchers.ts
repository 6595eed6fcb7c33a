// Vouchers, as an administrator makes and revokes them.
import { useMutation } from "@tanstack/react-query";
import { refresh } from "./cache";
import { api, ask } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";

export interface NewVouchers {
  amount: string;
  codes: number;
  prefix: string;
  note: string;
  /** RFC 3339; empty: none. */
  expireTime: string;
}

export function useVoucherBatches() {
  return usePages(keys.vouchers, (query, signal) =>
    ask(api.GET("/api/v1/admin/vouchers", { params: { query }, signal })),
  );
}

export function useMakeVouchers() {
  return useMutation({
    mutationFn: ({ expireTime, ...body }: NewVouchers) =>
      ask(
        api.POST("/api/v1/admin/vouchers", {
          body: expireTime ? { ...body, expireTime } : body,
        }),
      ),
    onSuccess: () => refresh(keys.vouchers),
  });
}

export function useRevokeVouchers() {
  return useMutation({
    mutationFn: (batch: string) =>
      ask(
        api.POST("/api/v1/admin/vouchers/{batch}:revoke", {
          params: { path: { batch } },
          body: {},
        }),
      ),
    onSuccess: () => refresh(keys.vouchers),
  });
}
