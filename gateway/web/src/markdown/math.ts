// Formulas between \( \), \[ \], $$ $$ and, where it cannot be money, $ $.
import type { TokenizerAndRendererExtension, Tokens } from "marked";

export interface MathToken extends Tokens.Generic {
  type: "math";
  /** TeX. */
  text: string;
  display: boolean;
}

/** Ends at its mark, or for now at the end of the text: TeX that is still being written is not a list or a heading. */
const DOLLAR_BLOCK = /^ {0,3}\$\$((?:(?!\$\$|\n[ \t]*\n)[\s\S])+)(?:\$\$[ \t]*(?:\n|$)|$)/;
const BRACKET_BLOCK = /^ {0,3}\\\[((?:(?!\\\]|\n[ \t]*\n)[\s\S])+)(?:\\\][ \t]*(?:\n|$)|$)/;
const INLINE = /^(?:\\\(([^\n]+?)\\\)|\$\$([^\n]+?)\$\$|\\\[([^\n]+?)\\\])/;
/** No space inside the dollars and no digit after them: "$5 or $10" is money. */
const DOLLARS = /^\$(?![\s$])((?:[^$\n\\]|\\.)*?(?:[^\s$\\]|\\.))\$(?![\d$])/;
/** What only formulas have between dollars. */
const FORMULA = /[\\^_{}=<>+]|^[A-Za-z]$/;

function token(raw: string, text: string, display: boolean): MathToken {
  return { type: "math", raw, text: text.trim(), display };
}

export const mathBlock: TokenizerAndRendererExtension = {
  name: "mathBlock",
  level: "block",
  start: (src) => src.match(/(?:^|\n) {0,3}(?:\$\$|\\\[)/)?.index,
  tokenizer(src) {
    const match = DOLLAR_BLOCK.exec(src) ?? BRACKET_BLOCK.exec(src);
    return match ? token(match[0], match[1] ?? "", true) : undefined;
  },
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
