import { useState } from "react";
import type { Budget } from "@/api/types";
import { useBudgets } from "@/data/credits";
import { micro } from "@/lib/money";
import { formatDateTime } from "@/lib/time";
import { Button } from "@/ui/button";
import { creditsText, t } from "@/words";
import { BudgetForm } from "./budget-form";

const keyOf = (budget: Budget) => `${budget.id} ${budget.period}`;

/** Limits and spending of API keys and projects. */
export function Budgets() {
  const { data } = useBudgets();
  const [edited, setEdited] = useState<"new">();
  if (!data) return null;
  const done = () => setEdited(undefined);
  return (
    <section className="mt-10">
      <div className="flex items-center justify-between gap-3">
        <h2 className="text-lg font-semibold tracking-tight">{t("credits.budgets")}</h2>
        <Button size="small" onClick={() => setEdited("new")}>
          {t("budgets.add")}
        </Button>
      </div>
      {data.budgets.length === 0 && <p className="mt-2 text-sm text-soft">{t("budgets.none")}</p>}
      {edited === "new" && <BudgetForm budget={undefined} onDone={done} />}
      <ul className="mt-3 text-sm">
        {data.budgets.map((budget) => (
          <BudgetRow key={keyOf(budget)} budget={budget} />
        ))}
      </ul>
    </section>
  );
}

/** A budget, which its button changes. */
export function BudgetRow({ budget }: { budget: Budget }) {
  const [edited, setEdited] = useState(false);
  return (
    <li className="border-b border-line py-2.5">
      <Row budget={budget} onEdit={() => setEdited(true)} />
      {edited && <BudgetForm budget={budget} onDone={() => setEdited(false)} />}
    </li>
  );
}

function Row({ budget, onEdit }: { budget: Budget; onEdit: () => void }) {
  const used = micro(budget.used);
  const limit = micro(budget.limit ?? undefined);
  const name = `${budget.displayName} · ${t(`credits.period.${budget.period ?? "PERIOD_UNSPECIFIED"}`)}`;
  return (
    <>
      <div className="flex items-center justify-between gap-3">
        <span className="min-w-0 flex-1 truncate">{name}</span>
        <span className="shrink-0 text-soft tabular-nums">
          {budget.limit
            ? t("credits.budgetUsed", { used: creditsText(used), limit: creditsText(limit) })
            : t("credits.budgetCounted", { used: creditsText(used) })}
        </span>
        <Button
          size="small"
          look="quiet"
          aria-label={`${t("budgets.edit")}: ${name}`}
          onClick={onEdit}
        >
          {t("budgets.edit")}
        </Button>
      </div>
      {budget.limit && (
        <progress
          aria-label={name}
          max={100}
          value={limit > 0n ? Number((used * 100n) / limit) : 100}
          className="mt-2 h-1.5 w-full appearance-none overflow-hidden rounded-full bg-line [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-line [&::-webkit-progress-value]:bg-accent"
        />
      )}
      {budget.resetTime && (
        <p className="mt-1 text-xs text-muted">
          {t("credits.budgetReset", { when: formatDateTime(budget.resetTime) })}
        </p>
      )}
    </>
  );
}
