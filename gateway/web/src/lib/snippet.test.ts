import { expect, test } from "vitest";
import { partsOf } from "./snippet";

test("a snippet's matches are marked", () => {
  expect(partsOf("the \u0002barn\u0003 owl")).toEqual([
    { text: "the ", match: false },
    { text: "barn", match: true },
    { text: " owl", match: false },
  ]);
  expect(partsOf("\u0002a\u0003\u0002b\u0003").map(({ match }) => match)).toEqual([true, true]);
  expect(partsOf("")).toEqual([]);
});
