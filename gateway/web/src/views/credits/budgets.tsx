import { useBudgets } from "@/data/credits";
import { micro } from "@/lib/money";
import { formatDateTime } from "@/lib/time";
import { creditsText, t } from "@/words";

/** What may be spent through API keys and in projects, and what was. Without budgets there is nothing. */
export function Budgets() {
  const { data } = useBudgets();
  if (!data || data.budgets.length === 0) return null;
  return (
    <section className="mt-10">
      <h2 className="text-lg font-semibold tracking-tight">{t("credits.budgets")}</h2>
      <ul className="mt-3 text-sm">
        {data.budgets.map((budget) => {
          const used = micro(budget.used);
          const limit = micro(budget.limit ?? undefined);
          const name = `${budget.displayName} · ${t(`credits.period.${budget.period ?? "PERIOD_UNSPECIFIED"}`)}`;
          return (
            <li key={`${budget.id} ${budget.period}`} className="border-b border-line py-2.5">
              <div className="flex items-baseline justify-between gap-3">
                <span className="truncate">{name}</span>
                <span className="shrink-0 text-soft tabular-nums">
                  {budget.limit
                    ? t("credits.budgetUsed", {
                        used: creditsText(used),
                        limit: creditsText(limit),
                      })
                    : t("credits.budgetCounted", { used: creditsText(used) })}
                </span>
              </div>
              {budget.limit && (
                <progress
                  aria-label={name}
                  max={100}
                  value={limit > 0n ? Number((used * 100n) / limit) : 100}
                  className="mt-2 h-1.5 w-full"
                />
              )}
              {budget.resetTime && (
                <p className="mt-1 text-xs text-muted">
                  {t("credits.budgetReset", { when: formatDateTime(budget.resetTime) })}
                </p>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
