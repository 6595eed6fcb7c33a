// Formulas between \( \), \[ \] and $$ $$, and between $ $ where it cannot be money.
import type { TokenizerAndRendererExtension, Tokens } from "marked";
import { LOOK_AHEAD_CHARS } from "./limits";

export interface MathToken extends Tokens.Generic {
  type: "math";
  /** TeX. */
  text: string;
  display: boolean;
}

const OPEN_BLOCK = /^ {0,3}(\$\$|\\\[)/;
const BLOCK_START = /\n {0,3}(?:\$\$|\\\[)/;
const BLANK_LINE = /\n[ \t]*\n/;
const REST_OF_LINE = /^[ \t]*(?:\n|$)/;
const INLINE = /^(?:\\\(([^\n]+?)\\\)|\$\$([^\n]+?)\$\$|\\\[([^\n]+?)\\\])/;
/** No space inside the dollars and no digit after them: "$5 or $10" is money. */
const DOLLARS = /^\$(?![\s$])((?:[^$\n\\]|\\.)*?(?:[^\s$\\]|\\.))\$(?![\d$])/;
/** Signs that mark a formula between dollars. */
const FORMULA = /[\\^_{}=<>+]|^[A-Za-z]$/;

function token(raw: string, text: string, display: boolean): MathToken {
  return { type: "math", raw, text: text.trim(), display };
}

/** A block ends at its mark. While it is written it ends with the text, so that its lines are not read as a list. */
function readBlock(src: string): MathToken | undefined {
  const open = OPEN_BLOCK.exec(src);
  if (!open) return undefined;
  const from = open[0].length;
  const near = src.slice(from, from + LOOK_AHEAD_CHARS);
  const blank = near.search(BLANK_LINE);
  const body = blank < 0 ? near : near.slice(0, blank);
  const end = body.indexOf(open[1] === "$$" ? "$$" : "\\]");
  if (end === 0) return undefined;
  if (end > 0) {
    const rest = REST_OF_LINE.exec(src.slice(from + end + 2, from + end + 2 + LOOK_AHEAD_CHARS));
    return rest
      ? token(src.slice(0, from + end + 2) + rest[0], body.slice(0, end), true)
      : undefined;
  }
  const isOpen = blank < 0 && body.length > 0 && from + body.length === src.length;
  return isOpen ? token(src, body, true) : undefined;
}

export const mathBlock: TokenizerAndRendererExtension = {
  name: "mathBlock",
  level: "block",
  start: (src) => src.slice(0, LOOK_AHEAD_CHARS).match(BLOCK_START)?.index,
  tokenizer: readBlock,
};

export const mathInline: TokenizerAndRendererExtension = {
  name: "mathInline",
  level: "inline",
  start: (src) => src.match(/\$|\\[([]/)?.index,
  tokenizer(src) {
    const match = INLINE.exec(src);
    if (match) return token(match[0], match[1] ?? match[2] ?? match[3] ?? "", false);
    const dollars = DOLLARS.exec(src);
    if (!dollars || !FORMULA.test(dollars[1] ?? "")) return undefined;
    return token(dollars[0], dollars[1] ?? "", false);
  },
};
