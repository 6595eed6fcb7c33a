import { Receipt } from "lucide-react";
import { Link } from "wouter";
import type { Balance, Transaction } from "@/api/types";
import { useBalance, useTransactions } from "@/data/credits";
import { useModels } from "@/data/models";
import { formatCredits, micro } from "@/lib/money";
import { formatDateTime } from "@/lib/time";
import { buttonClass } from "@/ui/button";
import { CELL } from "@/ui/cell";
import { cn } from "@/ui/cn";
import { ListEnd } from "@/ui/list-end";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { Page } from "@/views/page/page";
import { creditsText, t } from "@/words";
import { Alerts } from "./alerts";
import { Budgets } from "./budgets";
import { Month } from "./month";
import { MyPlans } from "./my-plans";
import { Redeem } from "./redeem";
import { Usage } from "./usage";

export default function CreditsPage() {
  const { data: balance, error, refetch } = useBalance();
  return (
    <Page title={t("credits.title")}>
      {error && !balance ? (
        <ProblemPanel
          title={t("credits.title")}
          problem={error}
          onRetry={() => void refetch()}
          className="mt-6"
        />
      ) : (
        <Summary balance={balance} />
      )}
      <MyPlans />
      <Redeem />
      <Alerts />
      <Budgets />
      <Month />
      <Usage />
      <History />
    </Page>
  );
}

function Summary({ balance }: { balance: Balance | undefined }) {
  const held = micro(balance?.held);
  const limit = micro(balance?.limit);
  return (
    <section className="mt-6 flex flex-wrap items-end justify-between gap-4 rounded-2xl border border-line bg-raised p-6">
      <div>
        <p className="text-sm text-muted">{t("credits.available")}</p>
        {balance ? (
          <p className="mt-1 text-4xl font-semibold tracking-tight tabular-nums">
            {formatCredits(micro(balance.available))}
          </p>
        ) : (
          <Skeleton className="mt-2 h-9 w-32" />
        )}
        <p className="mt-2 min-h-5 text-sm text-soft">
          {balance &&
            [
              t(balance.billingType === "PAY_AS_YOU_GO" ? "credits.payAsYouGo" : "credits.prepaid"),
              limit > 0n && t("credits.limit", { amount: creditsText(limit) }),
              held > 0n && t("credits.held", { amount: creditsText(held) }),
            ]
              .filter(Boolean)
              .join(" · ")}
        </p>
      </div>
      <Link href="/pricing" className={buttonClass("primary")}>
        {t("credits.buy")}
      </Link>
    </section>
  );
}

function History() {
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useTransactions();
  const rows = data?.pages.flatMap((page) => page.transactions) ?? [];
  return (
    <section className="mt-10">
      <h2 className="text-lg font-semibold tracking-tight">{t("credits.history")}</h2>
      {isPending && <Skeleton className="mt-4 h-24" />}
      {error && !data && (
        <ProblemPanel
          title={t("credits.history")}
          problem={error}
          onRetry={() => void refetch()}
          className="mt-4"
        />
      )}
      {data && rows.length === 0 && <Nothing />}
      {rows.length > 0 && <Table rows={rows} />}
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

function Nothing() {
  return (
    <div className="mt-4 flex flex-col items-center gap-3 rounded-2xl border border-dashed border-line-strong py-12 text-sm text-soft">
      <Receipt aria-hidden className="size-6 text-muted" />
      {t("credits.none")}
    </div>
  );
}

function Table({ rows }: { rows: Transaction[] }) {
  return (
    <table className="mt-3 w-full text-sm">
      <thead>
        <tr className="text-xs text-muted">
          <th className={cn(CELL, "text-left font-medium")}>{t("credits.what")}</th>
          <th className={cn(CELL, "text-left font-medium max-sm:hidden")}>{t("credits.when")}</th>
          <th className={cn(CELL, "text-right font-medium")}>{t("credits.amount")}</th>
          <th className={cn(CELL, "text-right font-medium")}>{t("credits.after")}</th>
        </tr>
      </thead>
      <tbody className="tabular-nums">
        {rows.map((row) => (
          <Row key={row.id} row={row} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ row }: { row: Transaction }) {
  const { data: models } = useModels();
  const amount = micro(row.amount);
  const model = models?.find((one) => one.id === row.model)?.displayName ?? row.model;
  const when = formatDateTime(row.createTime);
  return (
    <tr>
      <td className={CELL}>
        {t(`credits.kind.${row.kind ?? "UNSPECIFIED"}`)}
        {model && <span className="text-muted"> · {model}</span>}
        <span className="block text-xs text-muted sm:hidden">{when}</span>
      </td>
      <td className={cn(CELL, "whitespace-nowrap text-soft max-sm:hidden")}>{when}</td>
      <td
        className={cn(CELL, "text-right font-medium whitespace-nowrap", amount > 0n && "text-good")}
      >
        {amount > 0n && "+"}
        {formatCredits(amount)}
      </td>
      <td className={cn(CELL, "text-right whitespace-nowrap text-soft")}>
        {formatCredits(micro(row.balanceAfter))}
      </td>
    </tr>
  );
}
