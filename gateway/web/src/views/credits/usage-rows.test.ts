import { expect, test } from "vitest";
import type { ModelDay } from "@/api/types";
import { type Column, sortRows } from "./usage-rows";

const row = (day: string, model: string, calls: string, input: string, charged: string): ModelDay =>
  ({
    day,
    model,
    calls,
    charged,
    tokens: { input, imageInput: "1", cachedInput: "0" },
  }) as ModelDay;

const rows = [
  row("2026-11-01", "b", "9", "9007199254740993", "5"),
  row("2026-11-02", "a", "10", "9007199254740992", "-7"),
  row("2026-11-02", "b", "10", "3", "0"),
];
const order = (column: Column, descending: boolean) =>
  sortRows(rows, { column, descending })
    .map((one) => `${one.day.slice(-1)}${one.model}`)
    .join(" ");

test("rows are sorted by numbers, not by their digits, and equal ones by day and model", () => {
  expect(order("day", true)).toBe("2a 2b 1b");
  expect(order("day", false)).toBe("1b 2a 2b");
  expect(order("model", false)).toBe("2a 2b 1b");
  expect(order("calls", true)).toBe("2a 2b 1b");
  expect(order("calls", false)).toBe("1b 2a 2b");
  expect(order("input", true)).toBe("1b 2a 2b");
  expect(order("charged", false)).toBe("2a 2b 1b");
  expect(order("cachedInput", true)).toBe("2a 2b 1b");
});
