import { describe, expect, it } from "vitest";
import { formatCredits, formatMoney, micro, rateOf, tiersOf, upperBound } from "./money";

describe("formatCredits", () => {
  it.each([
    [0n, "0"],
    [84_200_000n, "84.2"],
    [2_000_000n, "2"],
    [1_204_000_000n, "1,204"],
    [-20_000_000n, "-20"],
    [-50_000n, "-0.05"],
    [1_995_000n, "2"],
    [1_994_999n, "1.99"],
    [1n, "< 0.01"],
    [-1n, "> -0.01"],
    [9_007_199_254_740_993_000_000n, "9,007,199,254,740,993"],
  ])("%s is %s", (amount, text) => {
    expect(formatCredits(amount)).toBe(text);
  });
});

it("reads only whole numbers", () => {
  expect(micro("-12")).toBe(-12n);
  expect(micro("1.5")).toBe(0n);
  expect(micro(undefined)).toBe(0n);
});

it("writes money by the currency's own digits", () => {
  expect(formatMoney("EUR", "999")).toBe("€9.99");
  expect(formatMoney("JPY", "999")).toBe("¥999");
});

const component = (dimension: string, microcredits: string, fromPromptTokens = "0") => ({
  dimension,
  fromPromptTokens,
  unit: dimension === "MESSAGE" ? "MESSAGE" : "MILLION_TOKENS",
  microcredits,
});

it("bounds a price from above", () => {
  const price = [
    component("MESSAGE", "2000000"),
    component("INPUT", "1000000"),
    component("OUTPUT", "3001000"),
  ];
  expect(upperBound(price, 0, 0)).toBe(2_000_000n);
  expect(upperBound(price, 1, 1)).toBe(2_000_000n + 5n);
  expect(upperBound(price, 1000, 2000)).toBe(2_000_000n + 1000n + 6002n);
  expect(upperBound([], 1000, 1000)).toBe(0n);
});

it("bounds a price with tiers and dearer dimensions", () => {
  const price = [
    component("INPUT", "1000000"),
    component("INPUT", "2000000", "1000"),
    component("OUTPUT", "4000000"),
    component("REASONING", "5000000"),
  ];
  expect(rateOf(price, "CACHED_INPUT", 1000)).toBe(1_000_000n);
  expect(rateOf(price, "CACHED_INPUT", 1001)).toBe(2_000_000n);
  expect(tiersOf(price)).toEqual([1000]);
  expect(upperBound(price, 800, 100)).toBe(800n + 500n);
  expect(upperBound(price, 801, 100)).toBe(1602n + 500n);
  expect(upperBound(price, 1000, 0)).toBe(2000n);
  expect(upperBound(price, 1001, 0)).toBe(2002n);
  expect(upperBound([...price, component("CACHE_WRITE_5M", "9000000")], 100, 0)).toBe(900n);
});
