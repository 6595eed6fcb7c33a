// A model's text is input from outside. Each construct of Markdown is repeated, nested and left open. The time to read
// it must grow with its length and not with the square, and 256 KiB must end within the limit.
import type { Tokens } from "marked";
import { expect, it } from "vitest";
import { CONSTRUCTS, REPORTED } from "../../../../tests/web/hostile-texts.mjs";
import { TooSlow } from "./lexer";
import { READ_MAX_MS, TEXT_MAX_CHARS } from "./limits";
import { lex, type Parsed, parse, parseOn } from "./parse";

/** A text may take this much more than twice the time of its half. Shorter times are noise. In milliseconds. */
const GROWTH_MAX = 3.5;
const NOISE_MS = 40;
const RUNS_MAX = 5;

/** Processor time of this process in milliseconds: other programs do not count. */
function cpuMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const names = Object.keys(CONSTRUCTS);
const text = (name: string, chars: number) => CONSTRUCTS[name]!(chars).slice(0, chars);

it.each(names)("takes time in proportion to its length: %s", (name) => {
  const [half, whole] = [text(name, 8_192), text(name, 16_384)];
  lex(half); // The first reading compiles the rules.
  // The least of some runs counts: garbage collection slows one run, a slow rule all of them.
  let once = Infinity;
  let twice = Infinity;
  for (let run = 0; run === 0 || (run < RUNS_MAX && twice >= GROWTH_MAX * once + NOISE_MS); run++) {
    once = Math.min(
      once,
      cpuMs(() => lex(half)),
    );
    twice = Math.min(
      twice,
      cpuMs(() => lex(whole)),
    );
  }
  expect(twice).toBeLessThan(GROWTH_MAX * once + NOISE_MS);
});

/** Reading ends, at the latest by its limit of time. */
function readWithin(name: string): void {
  try {
    lex(text(name, TEXT_MAX_CHARS), READ_MAX_MS);
  } catch (thrown) {
    expect(thrown, name).toBeInstanceOf(TooSlow);
  }
}

it("ends within the limit of time at the size of the largest message", { timeout: 120_000 }, () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1000));
  console.log(`seed ${seed}`);
  const chosen = names.filter((_, index) => index % 10 === seed % 10);
  for (const name of chosen) {
    let ms = Infinity;
    for (let run = 0; run < RUNS_MAX && ms >= READ_MAX_MS * 1.5; run++)
      ms = Math.min(
        ms,
        cpuMs(() => readWithin(name)),
      );
    expect(ms, name).toBeLessThan(READ_MAX_MS * 1.5);
  }
});

const HEADS = [
  ...["- ", "1. ", "> ", "- a\n- ", "> - ", "- > ", "- [ ] ", "[^1]: ", "a\n", "# "],
  "| a |\n|-|\n",
  ...["<div>\n", "<details>\n", "    ", "$$\n", "```\n", "- ```\n", "> ```\n"],
];
const LINES = [
  ...[
    "漢zy",
    "  漢zy",
    "    漢",
    "\t漢",
    "\n漢",
    "\n  漢",
    "\n\n漢",
    "`漢",
    "<b>漢",
    "# 漢",
    "漢\n===",
  ],
  ...["- 漢", "  - 漢", "1. 漢", "- 漢\n\n  y", "> 漢", "  > 漢", "> - 漢", "> > 漢\nx", "| 漢 |"],
  ...["[漢]: a", "***", "  ", "=", "-", "+"],
];

it("looks at the clock in each kind of line below each kind of head", { timeout: 120_000 }, () => {
  const slow: string[] = [];
  for (const head of HEADS) {
    for (const line of LINES) {
      const whole = head + `${line}\n`.repeat(TEXT_MAX_CHARS / 2 / (line.length + 1));
      const ms = cpuMs(() => {
        try {
          lex(whole, 5);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(TooSlow);
        }
      });
      if (ms > READ_MAX_MS / 2) slow.push(`${JSON.stringify(head + line)}: ${ms} ms`);
    }
  }
  expect(slow).toEqual([]);
});

it("reads a long list whole", () => {
  const item = (n: number) => {
    const indent = " ".repeat(`${n}. `.length);
    return `${n}. item\n${indent}- below\n\n${indent}  \`\`\`\n${indent}  code\n${indent}  \`\`\`\n`;
  };
  const list = Array.from({ length: 2_000 }, (_, i) => item(i + 1)).join("");
  const read = lex(list);
  expect(read.map((block) => block.raw).join("")).toBe(list);
  const lists = read.filter((block) => block.type === "list") as Tokens.List[];
  expect(lists.flatMap(({ items }) => items)).toHaveLength(2_000);
  for (const { start, items } of lists) expect(items[0]!.raw).toMatch(new RegExp(`^${start}\\. `));

  const code = `- before\n  \`\`\`\n${"  code\n".repeat(10_000)}  \`\`\`\n- after\n`;
  const [first] = (lex(code)[0] as Tokens.List).items;
  expect((first!.tokens.at(-1) as Tokens.Code).text.split("\n")).toHaveLength(10_000);
});

it.each(Object.keys(REPORTED))("reads %s at once, and loses nothing of it", (name) => {
  const reported = REPORTED[name]!;
  let blocks: ReturnType<typeof lex> = [];
  expect(cpuMs(() => (blocks = lex(reported)))).toBeLessThan(READ_MAX_MS);
  expect(
    blocks
      .map((block) => block.raw)
      .join("")
      .replace(/\s/g, ""),
  ).toBe(reported.replace(/\s/g, ""));
});

it("reads a growing hostile text in time that grows with it", { timeout: 60_000 }, () => {
  for (const name of [
    "inline: open links",
    "block: items",
    "inline: mixed emphasis",
    "block: quotes",
  ]) {
    const whole = text(name, 32_768);
    let known: Parsed | undefined;
    const ms = cpuMs(() => {
      for (let end = 0; end < whole.length; end += 256)
        known = parseOn(known, whole.slice(0, end), 5);
    });
    expect(ms, name).toBeLessThan(4_000);
  }
});

it("shows text as it is beyond the limits", () => {
  expect(parse("x".repeat(TEXT_MAX_CHARS + 1)).blocks[0]?.type).toBe("plain");
  const deepest = JSON.stringify(lex(`${"> ".repeat(100)}end`));
  expect(deepest.match(/"blockquote"/g)).toHaveLength(16);
  expect(deepest).toContain(`"plain","raw":"${"> ".repeat(84)}end"`);
});
