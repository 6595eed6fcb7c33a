import { expect, it } from "vitest";
import { ageOf, formatDay, formatSeconds, lastMonths } from "./time";

it("groups by the reader's calendar, not by hours passed", () => {
  const now = new Date(2026, 10, 21, 0, 30);
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour).toISOString();
  expect(ageOf(at(21, 0), now)).toBe("today");
  expect(ageOf(at(20, 23), now)).toBe("yesterday");
  expect(ageOf(at(19, 23), now)).toBe("week");
  expect(ageOf(at(14, 0), now)).toBe("week");
  expect(ageOf(at(13, 23), now)).toBe("month");
  expect(ageOf(new Date(2026, 8, 1).toISOString(), now)).toBe("older");
  expect(ageOf(undefined, now)).toBe("older");
});

it("writes spans as short as they can be read", () => {
  expect(formatSeconds(1390)).toBe("1.4 s");
  expect(formatSeconds(12_400)).toBe("12 s");
  expect(formatSeconds(125_000)).toBe("2 min 5 s");
});

it("names months of UTC, from this one back", () => {
  expect(lastMonths(3, new Date("2026-01-31T23:59:59-12:00"))).toEqual([
    { value: "2026-02", label: "February 2026" },
    { value: "2026-01", label: "January 2026" },
    { value: "2025-12", label: "December 2025" },
  ]);
  expect(formatDay("2026-11-01")).toBe("Nov 1, 2026");
});
