// Rows of usage by day and model: their numbers and their order.
import type { ModelDay } from "@/api/types";
import { micro } from "@/lib/money";

/** Columns of the dimensions. */
export const TOKENS = [
  "input",
  "cachedInput",
  "cacheWrite",
  "output",
  "reasoning",
  "images",
] as const;
export type Count = "calls" | (typeof TOKENS)[number];
export type Column = "day" | "model" | Count | "charged";

export interface Order {
  column: Column;
  descending: boolean;
}

/** Pictures in a prompt are part of it. */
export function countOf({ calls, tokens }: ModelDay, column: Count): bigint {
  if (column === "calls") return micro(calls);
  if (column === "input") return micro(tokens?.input) + micro(tokens?.imageInput);
  return micro(tokens?.[column]);
}

function compare(a: ModelDay, b: ModelDay, column: Column): number {
  if (column === "day" || column === "model") return a[column].localeCompare(b[column]);
  const of = (row: ModelDay) => (column === "charged" ? micro(row.charged) : countOf(row, column));
  const [left, right] = [of(a), of(b)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Equal ones: the newest day first, then by model. */
export function sortRows(rows: ModelDay[], { column, descending }: Order): ModelDay[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort(
    (a, b) => sign * compare(a, b, column) || -compare(a, b, "day") || compare(a, b, "model"),
  );
}
