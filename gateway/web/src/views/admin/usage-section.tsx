import { Download } from "lucide-react";
import { useState } from "react";
import type { UsageBy, UsageRow } from "@/api/types";
import { type UsageRange, useUsage, useUsageFile, useUsageTotal } from "@/data/usage";
import { formatCredits, micro } from "@/lib/money";
import { formatCount } from "@/lib/numbers";
import { formatDate } from "@/lib/time";
import { Button } from "@/ui/button";
import { CELL } from "@/ui/cell";
import { cn } from "@/ui/cn";
import { Field } from "@/ui/field";
import { ListEnd } from "@/ui/list-end";
import { ProblemPanel } from "@/ui/problem-panel";
import { Select } from "@/ui/select";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";

const WAYS = ["MODEL", "USER", "KEY", "DAY", "PROVIDER"] as const satisfies UsageBy[];

/** Days are those of UTC, as on the server. */
function day(time: Date): string {
  return time.toISOString().slice(0, 10);
}

function thisMonth(): UsageRange {
  const today = day(new Date());
  return { from: `${today.slice(0, 8)}01`, to: today };
}

/** The charges, and the margin over the providers' list prices. */
export function UsageSection() {
  const [range, setRange] = useState(thisMonth);
  const [by, setBy] = useState<UsageBy>("MODEL");
  const file = useUsageFile();
  const set = (end: keyof UsageRange) => (value: string) =>
    value && setRange((old) => ({ ...old, [end]: value }));
  return (
    <>
      <p className="mt-5 text-sm text-soft">{t("admin.usage.about")}</p>
      <div className="mt-4 grid grid-cols-2 items-end gap-4 sm:grid-cols-4">
        <Field
          label={t("admin.usage.from")}
          type="date"
          value={range.from}
          max={range.to}
          onChange={(event) => set("from")(event.target.value)}
        />
        <Field
          label={t("admin.usage.to")}
          type="date"
          value={range.to}
          min={range.from}
          onChange={(event) => set("to")(event.target.value)}
        />
        <Select
          label={t("admin.usage.by")}
          value={by}
          options={WAYS.map((way) => ({ value: way, label: t(`admin.usage.ways.${way}`) }))}
          onChange={setBy}
        />
        <Button size="large" disabled={file.isPending} onClick={() => file.mutate({ range, by })}>
          <Download aria-hidden className="size-4" />
          {t("admin.usage.csv")}
        </Button>
      </div>
      {file.error && (
        <ProblemPanel title={t("admin.usage.csv")} problem={file.error} className="mt-4" />
      )}
      <Total range={range} />
      <Rows range={range} by={by} />
    </>
  );
}

function Total({ range }: { range: UsageRange }) {
  const { data } = useUsageTotal(range);
  const [total] = data?.rows ?? [];
  if (!total) return null;
  const figures = [
    { name: "calls", value: formatCount(total.calls) },
    { name: "charged", value: formatCredits(micro(total.charged)) },
    { name: "listCost", value: listed(total, total.listCost) },
    { name: "margin", value: listed(total, total.margin) },
  ] as const;
  return (
    <dl className="mt-6 grid grid-cols-2 gap-3 sm:grid-cols-4">
      {figures.map(({ name, value }) => (
        <div key={name} className="rounded-xl border border-line px-4 py-3">
          <dt className="text-xs text-muted">{t(`admin.usage.columns.${name}`)}</dt>
          <dd className="mt-0.5 text-xl font-medium tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function listed(row: UsageRow, amount: string): string {
  return row.listedCalls === "0" ? "–" : formatCredits(micro(amount));
}

function Rows({ range, by }: { range: UsageRange; by: UsageBy }) {
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useUsage(range, by);
  const rows = data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <>
      {isPending && <Skeleton className="mt-6 h-24" />}
      {error && !data && (
        <ProblemPanel
          title={t("admin.sections.usage")}
          problem={error}
          onRetry={() => void refetch()}
          className="mt-6"
        />
      )}
      {data && rows.length === 0 && (
        <p className="mt-8 text-sm text-soft">{t("admin.usage.none")}</p>
      )}
      {rows.length > 0 && <Table rows={rows} by={by} />}
      {(rows.length > 0 || hasNextPage) && (
        <ListEnd
          hasMore={hasNextPage}
          busy={isFetchingNextPage}
          onMore={() => void fetchNextPage()}
        />
      )}
    </>
  );
}

const COLUMNS = ["calls", "tokensIn", "tokensOut", "charged", "listCost", "margin"] as const;
/** Narrow screens keep what was charged and the margin. */
const WIDE: readonly string[] = ["calls", "tokensIn", "tokensOut", "listCost"];

function Table({ rows, by }: { rows: UsageRow[]; by: UsageBy }) {
  return (
    <table className="mt-6 w-full text-sm">
      <thead>
        <tr className="text-xs text-muted">
          <th className={cn(CELL, "text-left font-medium")}>{t(`admin.usage.ways.${by}`)}</th>
          {COLUMNS.map((name) => (
            <th
              key={name}
              className={cn(CELL, "text-right font-medium", WIDE.includes(name) && "max-sm:hidden")}
            >
              {t(`admin.usage.columns.${name}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="tabular-nums">
        {rows.map((row) => (
          <Row key={row.key} row={row} by={by} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ row, by }: { row: UsageRow; by: UsageBy }) {
  const margin = micro(row.margin);
  const cell = cn(CELL, "text-right whitespace-nowrap");
  return (
    <tr>
      <td className={cn(CELL, "max-w-56 wrap-anywhere")}>
        {nameOf(row, by)}
        <span className="block text-xs text-muted">{details(row)}</span>
      </td>
      <td className={cn(cell, "max-sm:hidden")}>{formatCount(row.calls)}</td>
      <td className={cn(cell, "max-sm:hidden")}>{formatCount(tokensIn(row))}</td>
      <td className={cn(cell, "max-sm:hidden")}>{formatCount(tokensOut(row))}</td>
      <td className={cell}>{formatCredits(micro(row.charged))}</td>
      <td className={cn(cell, "text-soft max-sm:hidden")}>{listed(row, row.listCost)}</td>
      <td className={cn(cell, margin < 0n && "text-danger")}>
        {listed(row, row.margin)}
        {row.listedCalls !== "0" && row.listedCalls !== row.calls && (
          <span className="block text-xs text-muted">
            {t("admin.usage.share", { listed: formatCount(row.listedCalls) })}
          </span>
        )}
      </td>
    </tr>
  );
}

function nameOf(row: UsageRow, by: UsageBy): string {
  if (by === "KEY" && !row.key) return t("admin.usage.noKey");
  return by === "DAY" ? formatDate(`${row.key}T12:00:00`) : row.key;
}

function sum(values: (string | undefined)[]): string {
  return values.reduce((all, one) => all + micro(one), 0n).toString();
}

function tokensIn({ tokens }: UsageRow): string {
  return sum([tokens?.input, tokens?.cachedInput, tokens?.cacheWrite, tokens?.imageInput]);
}

function tokensOut({ tokens }: UsageRow): string {
  return sum([tokens?.output, tokens?.reasoning]);
}

const DETAILS = [
  "cachedInput",
  "cacheWrite",
  "imageInput",
  "reasoning",
  "images",
  "audioSeconds",
  "toolCalls",
] as const;

/** The dimensions beside plain input and output that are not 0. */
function details({ tokens }: UsageRow): string {
  return DETAILS.filter((name) => micro(tokens?.[name]) > 0n)
    .map((name) => t(`tokens.${name}`, { tokens: formatCount(tokens?.[name]) }))
    .join(" · ");
}
