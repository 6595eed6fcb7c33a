import { Download } from "lucide-react";
import { useState } from "react";
import type { TokenUsage } from "@/api/types";
import { useTokenUsage, useTokenUsageFile } from "@/data/usage";
import { lastMonths } from "@/lib/time";
import { Button } from "@/ui/button";
import { ProblemPanel } from "@/ui/problem-panel";
import { Select } from "@/ui/select";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";
import { UsageTable } from "./usage-table";

/** So many months can be chosen. */
const MONTHS = 24;

/** A month by day and model with all dimensions, and as a file. */
export function Usage() {
  const [months] = useState(() => lastMonths(MONTHS, new Date()));
  const [month, setMonth] = useState(months[0]?.value ?? "");
  const usage = useTokenUsage(month);
  const file = useTokenUsageFile();
  return (
    <section className="mt-10">
      <h2 className="text-lg font-semibold tracking-tight">{t("credits.usage.title")}</h2>
      <div className="mt-3 flex flex-wrap items-end justify-between gap-3">
        <Select
          label={t("credits.usage.month")}
          value={month}
          options={months}
          onChange={setMonth}
          className="w-52"
        />
        <Button size="large" disabled={file.isPending} onClick={() => file.mutate(month)}>
          <Download aria-hidden className="size-4" />
          {t("credits.usage.csv")}
        </Button>
      </div>
      {file.error && (
        <ProblemPanel title={t("credits.usage.csv")} problem={file.error} className="mt-4" />
      )}
      {usage.isPending && <Skeleton className="mt-4 h-24" />}
      {usage.error && !usage.data && (
        <ProblemPanel
          title={t("credits.usage.title")}
          problem={usage.error}
          onRetry={() => void usage.refetch()}
          className="mt-4"
        />
      )}
      {usage.data && <Rows key={month} usage={usage.data} />}
    </section>
  );
}

function Rows({ usage }: { usage: TokenUsage }) {
  if (usage.modelDays.length === 0)
    return <p className="mt-4 text-sm text-soft">{t("credits.usage.none")}</p>;
  return (
    <>
      <UsageTable rows={usage.modelDays} />
      <p className="mt-3 text-xs text-muted">
        {t("credits.usage.about")} {usage.hasMoreModelDays && t("credits.usage.older")}
      </p>
    </>
  );
}
