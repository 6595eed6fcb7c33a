// Reads Markdown (GFM) into tokens. A text that grows is read from its last block only, so that a long answer costs no
// more per token than a short one.
import { Marked, type MarkedToken, type Token } from "marked";
import {
  type DetailsToken,
  details,
  type FootnoteRefToken,
  type FootnoteToken,
  footnote,
  footnoteRef,
} from "./extras";
import { CarefulLexer, TooSlow } from "./lexer";
import { TEXT_MAX_CHARS } from "./limits";
import { type MathToken, mathBlock, mathInline } from "./math";

/** Text that is shown as it is. */
interface PlainToken {
  type: "plain";
  raw: string;
  text: string;
}

/** A part of a paragraph that is too long to be laid out as one. */
interface PieceToken {
  type: "piece";
  raw: string;
  tokens: Token[];
}

export type Part =
  | MarkedToken
  | MathToken
  | DetailsToken
  | FootnoteToken
  | FootnoteRefToken
  | PlainToken
  | PieceToken;

export interface Parsed {
  text: string;
  blocks: Token[];
  /** A definition was seen, which may change the text above it. */
  hasDefinition: boolean;
  /** Set when the end of the text took too long. It is read again when the text has this many characters. */
  againAt?: number;
}

const { defaults } = new Marked<string, string>({ gfm: true }).use({
  extensions: [mathBlock, details, footnote, mathInline, footnoteRef],
});

/** A definition changes links above it, so a text with one is always read from the start. */
const DEFINITION = /^ {0,3}\[(?!\^)[^\]\n]{1,1000}\]:/m;

function plain(text: string): Token {
  return { type: "plain", raw: text, text } satisfies PlainToken;
}

/** Throws TooSlow when reading takes longer than `ms`. */
export function lex(text: string, ms = Number.POSITIVE_INFINITY): Token[] {
  if (text.length > TEXT_MAX_CHARS) return [plain(text)];
  try {
    return new CarefulLexer(defaults).lexWithin(text, ms);
  } catch (thrown) {
    // When a rule of marked fails, the text is shown as it is.
    if (thrown instanceof TooSlow) throw thrown;
    return [plain(text)];
  }
}

/** Blocks are found again by their length, so the text must have the one kind of line end that the lexer knows. */
function withLines(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

export function parse(given: string): Parsed {
  const text = withLines(given);
  return { text, blocks: lex(text), hasDefinition: DEFINITION.test(text) };
}

/** As parse(), but keeps the blocks that are known. When `ms` are over, the end of the text stays plain for now. */
export function parseOn(known: Parsed | undefined, given: string, ms?: number): Parsed {
  const text = withLines(given);
  const goesOn = known !== undefined && text.startsWith(known.text);
  const lastLine = goesOn ? known.text.lastIndexOf("\n") + 1 : 0;
  const hasDefinition =
    (goesOn && known.hasDefinition) || DEFINITION.test(lastLine > 0 ? text.slice(lastLine) : text);
  const kept = goesOn && !hasDefinition ? known.blocks.slice(0, firstOpen(known.blocks)) : [];
  const rest = text.slice(kept.reduce((sum, block) => sum + block.raw.length, 0));
  const facts = { text, hasDefinition };
  if (goesOn && known.againAt && text.length < known.againAt) {
    return { ...facts, blocks: [...kept, plain(rest)], againAt: known.againAt };
  }
  try {
    return { ...facts, blocks: [...kept, ...lex(rest, ms)] };
  } catch (thrown) {
    if (!(thrown instanceof TooSlow)) throw thrown;
    return { ...facts, blocks: [...kept, plain(rest)], againAt: text.length * 1.5 };
  }
}

/** The first block that more text can still change: the last one, or one above it. */
function firstOpen(blocks: Token[]): number {
  const lastBefore = (end: number) =>
    blocks.findLastIndex((block, i) => i < end && block.type !== "space");
  let open = lastBefore(blocks.length);
  // Digits may become the next number of the list above.
  if (/^\s*\d{1,9}$/.test(blocks[open]?.raw ?? "")) open = lastBefore(open);
  // An open formula may become part of the paragraph above, and text above an underline becomes a heading.
  while (open > 0 && isText(blocks[open]!) && isText(blocks[open - 1]!)) open--;
  return Math.max(open, 0);
}

function isText(block: Token): boolean {
  const indented = block.type === "code" && block.codeBlockStyle === "indented";
  return block.type === "paragraph" || block.type === "math" || indented;
}
