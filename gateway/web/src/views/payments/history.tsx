import { ExternalLink } from "lucide-react";
import type { Payment } from "@/api/types";
import { usePackages, usePayments } from "@/data/payments";
import { formatMoney, micro } from "@/lib/money";
import { formatDate } from "@/lib/time";
import { buttonClass } from "@/ui/button";
import { cn } from "@/ui/cn";
import { ListEnd } from "@/ui/list-end";
import { ProblemPanel } from "@/ui/problem-panel";
import { creditsText, t } from "@/words";

/** Payments with their receipts, and invoices that are not paid yet. */
export function PaymentHistory() {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = usePayments();
  const rows = data?.pages.flatMap((page) => page.payments) ?? [];
  if (!error && rows.length === 0) return null;
  return (
    <section className="mt-12">
      <h2 className="text-lg font-semibold tracking-tight">{t("payments.title")}</h2>
      {error && rows.length === 0 && (
        <ProblemPanel
          title={t("payments.title")}
          problem={error}
          onRetry={() => void refetch()}
          className="mt-4"
        />
      )}
      <ul className="mt-3 divide-y divide-line border-y border-line text-sm">
        {rows.map((row) => (
          <Row key={row.id} payment={row} />
        ))}
      </ul>
      {(rows.length > 0 || hasNextPage) && (
        <ListEnd
          hasMore={hasNextPage}
          busy={isFetchingNextPage}
          onMore={() => void fetchNextPage()}
        />
      )}
    </section>
  );
}

function Row({ payment }: { payment: Payment }) {
  const { price, refunded, state } = payment;
  const partly = state === "PAID" && refunded && micro(refunded.minorUnits) > 0n;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 py-3">
      <div className="min-w-0 flex-1 basis-48">
        <p className="font-medium">
          <What payment={payment} />
        </p>
        <p className="text-xs text-muted">
          {[
            formatDate(payment.createTime),
            creditsText(micro(payment.credits)),
            partly &&
              t("payments.refunded", {
                amount: formatMoney(refunded.currency, refunded.minorUnits),
              }),
            state === "OPEN" &&
              payment.dueTime &&
              t("payments.due", { date: formatDate(payment.dueTime) }),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      <p className="tabular-nums">{price && formatMoney(price.currency, price.minorUnits)}</p>
      <p className={cn("w-20 text-right", state === "PAID" ? "text-good" : "text-soft")}>
        {t(`payments.state.${state ?? "UNSPECIFIED"}`)}
      </p>
      <div className="flex w-24 justify-end">
        <Action payment={payment} />
      </div>
    </li>
  );
}

function What({ payment }: { payment: Payment }) {
  const { data } = usePackages();
  if (payment.month) return t("payments.invoice", { month: payment.month });
  return data?.packages.find((one) => one.id === payment.package)?.displayName ?? payment.package;
}

function Action({ payment }: { payment: Payment }) {
  if (payment.state === "OPEN" && payment.url) {
    return (
      <a href={payment.url} className={buttonClass("outline", "small")}>
        {t("payments.pay")}
      </a>
    );
  }
  if (!payment.receiptUrl) return null;
  return (
    <a
      href={payment.receiptUrl}
      target="_blank"
      rel="noreferrer"
      className="inline-flex items-center gap-1 text-accent hover:underline"
    >
      {t("payments.receipt")}
      <ExternalLink aria-hidden className="size-3.5" />
      <span className="sr-only">({t("common.newTab")})</span>
    </a>
  );
}
