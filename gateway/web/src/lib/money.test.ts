import { describe, expect, it } from "vitest";
import { formatCredits, formatMoney, micro, upperBound } from "./money";

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

it("bounds a price from above", () => {
  const price = { perMessage: "2000000", inputPer1k: "1000", outputPer1k: "3001" };
  expect(upperBound(price, 0, 0)).toBe(2_000_000n);
  expect(upperBound(price, 1, 1)).toBe(2_000_000n + 1n + 4n);
  expect(upperBound(price, 1000, 2000)).toBe(2_000_000n + 1000n + 6002n);
});
