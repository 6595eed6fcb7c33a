import type { Subscription } from "@/api/types";
import { useAllSubscriptions, usePlans } from "@/data/plans";
import { formatMoney, micro } from "@/lib/money";
import { formatDate } from "@/lib/time";
import { ListEnd } from "@/ui/list-end";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { creditsText, t } from "@/words";

/** The plans of the configuration, and who has subscribed. */
export function PlansSection() {
  const { data } = usePlans();
  return (
    <>
      <p className="mt-5 text-sm text-soft">{t("admin.plans.about")}</p>
      {data && data.plans.length === 0 && (
        <p className="mt-4 text-sm text-soft">{t("admin.plans.none")}</p>
      )}
      <ul className="mt-4 text-sm">
        {data?.plans.map((plan) => (
          <li
            key={plan.id}
            className="flex items-baseline justify-between gap-3 border-b border-line py-2.5"
          >
            <span className="min-w-0">
              {plan.displayName} <span className="font-mono text-xs text-muted">{plan.id}</span>
            </span>
            <span className="text-right text-soft">
              {[
                creditsText(micro(plan.credits)),
                plan.price &&
                  `${formatMoney(plan.price.currency, plan.price.minorUnits)}${t(
                    plan.interval === "YEAR" ? "plans.aYear" : "plans.aMonth",
                  )}`,
              ]
                .filter(Boolean)
                .join(" · ")}
            </span>
          </li>
        ))}
      </ul>
      <Subscriptions />
    </>
  );
}

function Subscriptions() {
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useAllSubscriptions();
  const rows = data?.pages.flatMap((page) => page.subscriptions) ?? [];
  return (
    <section className="mt-8">
      <h2 className="text-lg font-semibold tracking-tight">{t("admin.plans.subscriptions")}</h2>
      {isPending && <Skeleton className="mt-4 h-24" />}
      {error && !data && (
        <ProblemPanel
          title={t("admin.plans.subscriptions")}
          problem={error}
          onRetry={() => void refetch()}
          className="mt-4"
        />
      )}
      {data && rows.length === 0 && (
        <p className="mt-3 text-sm text-soft">{t("admin.plans.nobody")}</p>
      )}
      <ul className="mt-3 text-sm">
        {rows.map((row) => (
          <li key={row.id} className="border-b border-line py-2.5">
            <p className="font-medium">
              {row.plan} · {t(`admin.plans.states.${row.state ?? "STATE_UNSPECIFIED"}`)}
            </p>
            <p className="text-xs wrap-anywhere text-muted">
              {[row.user, row.id, dates(row)].filter(Boolean).join(" · ")}
            </p>
          </li>
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

function dates({ state, cancels, periodEndTime, endTime }: Subscription): string {
  if (state === "ENDED") return t("plans.ended", { date: formatDate(endTime) });
  return t(cancels ? "plans.ends" : "plans.renews", { date: formatDate(periodEndTime) });
}
