import type { Token } from "marked";
import { expect, it } from "vitest";
import { fencesOf } from "./fences";
import { WORD_MAX_CHARS, WORD_PART_CHARS } from "./limits";
import { parse } from "./parse";
import { plainBlocks } from "./plain";
import { withTags } from "./tags";
import { breaks } from "./words";

it.each([
  "A".repeat(5000),
  "👩‍👩‍👧‍👦".repeat(500),
  "e\u0301\u0301".repeat(900),
  `short ${"x/".repeat(400)} end`,
])("gives a long word places to break at, and none within a character", (text) => {
  const parts = breaks(text);
  expect(parts.join("")).toBe(text);
  expect(parts.length).toBeGreaterThan(text.length / WORD_MAX_CHARS);
  for (const part of parts.slice(1)) expect(part).not.toMatch(/^[\p{M}\udc00-\udfff]|^\u200d/u);
  expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(WORD_PART_CHARS * 2);
});

it("leaves words of ordinary length alone", () => {
  expect(breaks("some words and https://example.org/path ".repeat(50))).toHaveLength(1);
});

it("cuts plain text where lines end, and loses only those line ends", () => {
  const text = "a line of words\n".repeat(1000);
  expect(plainBlocks(text).join("\n")).toBe(text);
  expect(plainBlocks("x".repeat(9000)).join("")).toBe("x".repeat(9000));
});

it("finds the fences of a question, and leaves an open one as text", () => {
  expect(fencesOf("a\n\n```js\nb\n```\nc")).toEqual([
    { isCode: false, language: "", text: "a" },
    { isCode: true, language: "js", text: "b" },
    { isCode: false, language: "", text: "c" },
  ]);
  expect(fencesOf("a\n```js\nb")).toEqual([{ isCode: false, language: "", text: "a\n```js\nb" }]);
  expect(fencesOf("```a\n".repeat(20_000))).toHaveLength(1);
});

it.each([
  ["<kbd>a</kbd>", "kbd(a)"],
  ["H<sub>2</sub>O", "H sub(2) O"],
  ["<kbd>a <sup>b</sup></kbd>", "kbd(a  sup(b))"],
  ["<kbd>open", "<kbd> open"],
  ["</kbd> closed", "</kbd>  closed"],
  ["<sub>a</sup>", "<sub> a </sup>"],
  ["<b>a</b>", "<b> a </b>"],
  ['<kbd onclick="x">a</kbd>', '<kbd onclick="x"> a </kbd>'],
])("takes %s for %s", (text, expected) => {
  type Any = Token & { name?: string; text?: string; tokens?: Any[] };
  const say = (tokens: Any[]): string =>
    (withTags(tokens) as Any[])
      .map((one) => (one.type === "tag" ? `${one.name}(${say(one.tokens ?? [])})` : one.text))
      .join(" ");
  const [paragraph] = parse(text).blocks as Any[];
  expect(say(paragraph?.tokens ?? [])).toBe(expected);
});

it("reads a section that opens, and a note that a text has", () => {
  const { blocks } = parse(
    "<details>\n<summary>S</summary>\n\n**a**\n\n</details>\n\nb[^1]\n\n[^1]: note\n",
  );
  expect(blocks.filter(({ type }) => type !== "space").map(({ type }) => type)).toEqual([
    "details",
    "paragraph",
    "footnote",
  ]);
});
