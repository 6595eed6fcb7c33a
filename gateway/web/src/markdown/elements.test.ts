import { expect, it } from "vitest";
import { CONSTRUCTS } from "../../../../tests/web/hostile-texts.mjs";
import { childrenOf } from "./children";
import { limited } from "./elements";
import { ELEMENTS_MAX } from "./limits";
import { lex } from "./parse";

const SMALL =
  "# a\n\n| a | b |\n|--|--|\n| *1* | 2 |\n\n- [ ] x\n- y\n\n<details>\n\nz\n</details>\n";

it("leaves a text of ordinary size alone", () => {
  const blocks = lex(SMALL.repeat(20));
  expect(limited(blocks)).toBe(blocks);
});

it("shows so much of a list as fits, and the rest as text", () => {
  const text = "- item\n".repeat(ELEMENTS_MAX);
  const shown = limited(lex(text));
  expect(shown.map((block) => block.type)).toEqual(["list", "plain"]);
  expect(shown.map((block) => block.raw).join("")).toBe(text);
});

it.each(Object.keys(CONSTRUCTS))("bounds the elements of %s, and loses no text", (name) => {
  const blocks = lex(CONSTRUCTS[name]!(4_096));
  const shown = limited(blocks);
  let count = 0;
  const visit = (token: (typeof shown)[number]) => {
    if (!["text", "space"].includes(token.type)) count++;
    for (const child of childrenOf(token)) visit(child);
  };
  shown.forEach(visit);
  expect(count).toBeLessThanOrEqual(ELEMENTS_MAX + 100);
  expect(shown.map((block) => block.raw).join("")).toBe(blocks.map((block) => block.raw).join(""));
});
