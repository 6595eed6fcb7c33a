// Parts of GitHub's Markdown that marked lacks: footnotes, and sections that open (<details>).
import type { Lexer, Token, TokenizerAndRendererExtension, Tokens } from "marked";
import { LOOK_AHEAD_CHARS } from "./limits";

export interface DetailsToken extends Tokens.Generic {
  type: "details";
  /** Set by the tag, or while the section is not closed yet. */
  open: boolean;
  summary: Token[];
  tokens: Token[];
}

export interface FootnoteToken extends Tokens.Generic {
  type: "footnote";
  label: string;
  tokens: Token[];
}

export interface FootnoteRefToken extends Tokens.Generic {
  type: "footnoteRef";
  label: string;
  text: string;
}

const DETAILS = /^ {0,3}<details(\s+open(?:="[^"\n]{0,20}")?)?\s*>[ \t]*\n?/i;
const SUMMARY = /^\s*<summary>([^\n]{0,1000}?)<\/summary>[ \t]*\n?/i;
const EITHER_END = /<(\/?)details\b[^>\n]{0,100}>/gi;

/** The end of the section around `from`, or the end of the text when the section is not closed. */
function endOfDetails(src: string, from: number): { inner: number; outer: number } {
  let depth = 1;
  EITHER_END.lastIndex = from;
  for (let mark = EITHER_END.exec(src); mark; mark = EITHER_END.exec(src)) {
    depth += mark[1] ? -1 : 1;
    if (depth > 0) continue;
    const rest = /[ \t]*\n?/y;
    rest.lastIndex = EITHER_END.lastIndex;
    return { inner: mark.index, outer: rest.exec(src) ? rest.lastIndex : EITHER_END.lastIndex };
  }
  return { inner: src.length, outer: src.length };
}

export const details: TokenizerAndRendererExtension = {
  name: "details",
  level: "block",
  start: (src) => src.slice(0, LOOK_AHEAD_CHARS).match(/\n {0,3}<details[\s>]/i)?.index,
  tokenizer(this: { lexer: Lexer }, src): DetailsToken | undefined {
    const head = DETAILS.exec(src.slice(0, 200));
    if (!head) return undefined;
    const { inner, outer } = endOfDetails(src, head[0].length);
    const content = src.slice(head[0].length, inner);
    const summary = SUMMARY.exec(content);
    const top = this.lexer.state.top;
    this.lexer.state.top = true;
    const tokens = this.lexer.blockTokens(content.slice(summary?.[0].length ?? 0), []);
    this.lexer.state.top = top;
    return {
      type: "details",
      raw: src.slice(0, outer),
      open: head[1] !== undefined || inner === outer,
      summary: summary ? this.lexer.inline(summary[1] ?? "") : [],
      tokens,
    };
  },
};

const FOOTNOTE = /^\[\^([^\s[\]]{1,40})\]:[ \t]*([^\n]*(?:\n(?: {2,}|\t)[^\n]+){0,40})(?:\n|$)/;

export const footnote: TokenizerAndRendererExtension = {
  name: "footnote",
  level: "block",
  start: (src) => src.slice(0, LOOK_AHEAD_CHARS).match(/\n\[\^[^\s[\]]{1,40}\]:/)?.index,
  tokenizer(this: { lexer: Lexer }, src): FootnoteToken | undefined {
    const near = src.slice(0, LOOK_AHEAD_CHARS);
    const match = FOOTNOTE.exec(near);
    if (!match || (match[0].length === near.length && near.length < src.length)) return undefined;
    const text = (match[2] ?? "").replace(/^(?: {1,4}|\t)/gm, "");
    const tokens = this.lexer.inline(text);
    return { type: "footnote", raw: match[0], label: match[1] ?? "", tokens };
  },
};

export const footnoteRef: TokenizerAndRendererExtension = {
  name: "footnoteRef",
  level: "inline",
  start: (src) => src.match(/\[\^/)?.index,
  tokenizer(src): FootnoteRefToken | undefined {
    const match = /^\[\^([^\s[\]]{1,40})\]/.exec(src);
    return match
      ? { type: "footnoteRef", raw: match[0], text: match[0], label: match[1] ?? "" }
      : undefined;
  },
};
