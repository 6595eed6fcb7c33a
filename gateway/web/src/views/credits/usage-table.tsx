import { ArrowDown, ArrowUp } from "lucide-react";
import { useMemo, useState } from "react";
import type { ModelDay } from "@/api/types";
import { useModels } from "@/data/models";
import { formatCredits, micro } from "@/lib/money";
import { formatCount } from "@/lib/numbers";
import { formatDay } from "@/lib/time";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { t } from "@/words";
import { type Column, countOf, type Order, sortRows, TOKENS } from "./usage-rows";

/** Rows that are shown at first, and by each further click. */
const STEP = 50;

/** The order of the columns: what fits a narrow screen comes first. */
const COLUMNS = ["day", "model", "calls", "charged", ...TOKENS] as const satisfies Column[];

export function UsageTable({ rows }: { rows: ModelDay[] }) {
  const [order, setOrder] = useState<Order>({ column: "day", descending: true });
  const [shown, setShown] = useState(STEP);
  const { data: models } = useModels();
  const sorted = useMemo(() => sortRows(rows, order), [rows, order]);
  const nameOf = (id: string) => models?.find((one) => one.id === id)?.displayName ?? id;
  const sortBy = (column: Column) =>
    setOrder((old) => ({
      column,
      descending: old.column === column ? !old.descending : column !== "model",
    }));
  return (
    <>
      {/* Focusable, so that the arrow keys scroll it where it is wider than the screen. */}
      <section tabIndex={0} aria-label={t("credits.usage.title")} className="mt-3 overflow-x-auto">
        <table className="w-full text-sm">
          <thead>
            <tr className="text-xs text-muted">
              {COLUMNS.map((column) => (
                <Head key={column} column={column} order={order} onSort={() => sortBy(column)} />
              ))}
            </tr>
          </thead>
          <tbody className="tabular-nums">
            {sorted.slice(0, shown).map((row) => (
              <Row key={`${row.day} ${row.model}`} row={row} name={nameOf(row.model)} />
            ))}
          </tbody>
        </table>
      </section>
      {sorted.length > shown && (
        <Button className="mt-4" onClick={() => setShown(shown + STEP)}>
          {t("common.more")}
        </Button>
      )}
    </>
  );
}

const CELL = "border-b border-line px-2 py-2.5 first:pl-0 last:pr-0";

const isText = (column: Column) => column === "day" || column === "model";

function Head({ column, order, onSort }: { column: Column; order: Order; onSort: () => void }) {
  const active = order.column === column;
  const Arrow = order.descending ? ArrowDown : ArrowUp;
  return (
    <th
      aria-sort={active ? (order.descending ? "descending" : "ascending") : undefined}
      className={cn(CELL, "font-medium", isText(column) ? "text-left" : "text-right")}
    >
      <button
        type="button"
        title={t("credits.usage.sort", { column: t(`credits.usage.columns.${column}`) })}
        onClick={onSort}
        className="relative whitespace-nowrap pointer-coarse:min-h-10 pointer-coarse:min-w-10 rounded hover:text-text"
      >
        {t(`credits.usage.columns.${column}`)}
        {/* Between the columns, where it takes no room. */}
        {active && (
          <Arrow
            aria-hidden
            className={cn(
              "absolute top-1/2 size-3 -translate-y-1/2",
              isText(column) ? "-right-3.5" : "-left-3.5",
            )}
          />
        )}
      </button>
    </th>
  );
}

function Row({ row, name }: { row: ModelDay; name: string }) {
  const cell = cn(CELL, "text-right whitespace-nowrap");
  return (
    <tr>
      <td className={cn(CELL, "whitespace-nowrap")}>{formatDay(row.day)}</td>
      <td className={cn(CELL, "min-w-32 max-w-56 wrap-anywhere")}>{name}</td>
      <td className={cell}>{formatCount(row.calls)}</td>
      <td className={cn(cell, "font-medium")}>{formatCredits(micro(row.charged))}</td>
      {TOKENS.map((column) => (
        <td key={column} className={cell}>
          {formatCount(countOf(row, column).toString())}
        </td>
      ))}
    </tr>
  );
}
