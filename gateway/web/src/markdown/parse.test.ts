import { expect, it } from "vitest";
import { type Parsed, parse, parseOn } from "./parse";

it.each([
  ["area \\(\\pi r^2\\) of", "\\pi r^2"],
  ["\\[\na = b\n\\]", "a = b"],
  ["in line $$a+b$$ too", "a+b"],
  ["with $x$ alone", "x"],
  ["and $a_1 = 2$.", "a_1 = 2"],
  ["$$\nx^2\n- y\n$$", "x^2\n- y"],
])("finds the formula in %s", (text, formula) => {
  expect(formulas(text)).toEqual([formula]);
});

it.each([
  "costs $5 or $10",
  "between $5 and 6$ each",
  "in `$HOME + $x$` stays",
  "```sh\necho $a = $b\n```",
  "escaped \\$x = 1$",
])("finds no formula in %s", (text) => {
  expect(formulas(text)).toEqual([]);
});

function formulas(text: string): string[] {
  const found = JSON.stringify(parse(text).blocks, (_key, value) =>
    value?.type === "math" ? { type: "math", formula: value.text } : value,
  );
  return [...found.matchAll(/"formula":("(?:[^"\\]|\\.)*")/g)].map((match) =>
    JSON.parse(match[1]!),
  );
}

it.each(["1. one\n\n2. two", "a\n$$\n$$\nb\n---", "a\n$$\n$$\n\tcode\n==="])(
  "reads %j letter by letter to the same end",
  (text) => {
    let known: Parsed | undefined;
    for (let end = 0; end < text.length; end++) known = parseOn(known, text.slice(0, end));
    expect([...parseOn(known, text).blocks]).toEqual([...parse(text).blocks]);
  },
);

it("reads a growing text to the same end as the whole, for random texts", () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`seed ${seed}`);
  let state = seed;
  const below = (n: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 16) % n;
  };
  const parts = [
    "word *word*",
    "# title",
    "===",
    "- one",
    "1. first",
    "  - nested",
    "   indented",
    "\tcode",
    "```js",
    "```",
    "  ```",
    "~~~~",
    "> quote",
    "> ```",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "---",
    "- [ ] task",
    "<b>html</b>",
    "`tick` **bold",
    "[link]",
    "[link]: https://example.org",
    "$$",
    "",
    "",
    "",
  ];
  for (let round = 0; round < 400; round++) {
    const lines = Array.from({ length: 1 + below(14) }, () => parts[below(parts.length)]);
    const text = lines.join("\n");
    let known: Parsed | undefined;
    for (let end = 0; end < text.length; end += 1 + below(9)) {
      known = parseOn(known, text.slice(0, end));
    }
    const grown = [...parseOn(known, text).blocks];
    expect(grown, JSON.stringify(text)).toEqual([...parse(text).blocks]);
  }
});
