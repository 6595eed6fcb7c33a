import type { FormEvent } from "react";
import type { Budget } from "@/api/types";
import { useSetBudget } from "@/data/credits";
import { micro } from "@/lib/money";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { ProblemPanel } from "@/ui/problem-panel";
import { Select } from "@/ui/select";
import { t } from "@/words";

const KINDS = ["API_KEY", "PROJECT"] as const;
const PERIODS = ["FIVE_HOURS", "DAY", "WEEK", "MONTH", "TOTAL"] as const;
const MICRO = 1_000_000;

/** Sets a budget. Of an existing one the limit alone is asked for. */
export function BudgetForm({ budget, onDone }: { budget: Budget | undefined; onDone: () => void }) {
  const { mutate, isPending, error } = useSetBudget();
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const limit = text("limit");
    mutate(
      {
        id: budget?.id ?? text("id"),
        kind: budget?.kind ?? (text("kind") as "API_KEY"),
        period: budget?.period ?? (text("period") as "MONTH"),
        displayName: budget?.displayName ?? text("name"),
        ...(limit && { limit: String(Math.round(Number(limit) * MICRO)) }),
      },
      { onSuccess: onDone },
    );
  };
  return (
    <form onSubmit={save} className="mt-4 grid gap-4 sm:grid-cols-2">
      {!budget && (
        <>
          <Select
            label={t("budgets.kind")}
            name="kind"
            options={KINDS.map((kind) => ({ value: kind, label: t(`budgets.kinds.${kind}`) }))}
          />
          <Select
            label={t("budgets.period")}
            name="period"
            options={PERIODS.map((period) => ({
              value: period,
              label: t(`credits.period.${period}`),
            }))}
          />
          <Field
            label={t("budgets.id")}
            name="id"
            pattern="[0-9a-fA-F\-]{36}"
            autoComplete="off"
            spellCheck={false}
            required
          />
          <Field label={t("budgets.name")} name="name" maxLength={100} required />
        </>
      )}
      <Field
        label={t("budgets.limit")}
        hint={t("budgets.limitHint")}
        name="limit"
        type="number"
        min="0"
        max="1000000000"
        step="0.01"
        defaultValue={budget?.limit ? Number(micro(budget.limit)) / MICRO : undefined}
      />
      <div className="flex gap-2 sm:col-span-2">
        <Button type="submit" look="primary" disabled={isPending}>
          {t("budgets.save")}
        </Button>
        <Button onClick={onDone}>{t("budgets.cancel")}</Button>
      </div>
      {error && (
        <ProblemPanel title={t("credits.budgets")} problem={error} className="sm:col-span-2" />
      )}
    </form>
  );
}
