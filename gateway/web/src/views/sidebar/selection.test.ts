import { afterEach, expect, test } from "vitest";
import { beginSelection, endSelection, selection, toggle, toggleAll } from "./selection";

const ORDER = ["a", "b", "c", "d", "e"];
const selected = () => [...(selection.get() ?? [])].sort().join("");

afterEach(endSelection);

test("a range goes from the last toggled chat, in both directions", () => {
  beginSelection("d");
  toggle("b", ORDER);
  expect(selected()).toBe("bcd");
  toggle("e", ORDER);
  expect(selected()).toBe("bcde");
  toggle("c");
  expect(selected()).toBe("bde");
  toggle("a", ORDER);
  expect(selected()).toBe("abcde");
});

test("a range without a beginning is one chat", () => {
  beginSelection();
  toggle("c", ORDER);
  expect(selected()).toBe("c");
  toggle("e", ORDER);
  expect(selected()).toBe("cde");
});

test("all, and none again", () => {
  beginSelection("a");
  toggleAll(ORDER);
  expect(selected()).toBe("abcde");
  toggleAll(ORDER);
  expect(selected()).toBe("");
  endSelection();
  expect(selection.get()).toBeUndefined();
});
