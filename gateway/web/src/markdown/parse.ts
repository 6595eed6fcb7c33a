// Markdown (GFM) to tokens. A text that grows is read on from its last block, so that a long answer costs no more per
// token than a short one.
import { Marked, type MarkedToken, type Token } from "marked";
import { type MathToken, mathBlock, mathInline } from "./math";

export type Part = MarkedToken | MathToken;

export interface Parsed {
  text: string;
  blocks: Token[];
}

const marked = new Marked({ gfm: true }).use({ extensions: [mathBlock, mathInline] });

/** A link that is defined below changes what stands above it: such a text is always read from the start. */
const DEFINITION = /^ {0,3}\[[^\]\n]+\]:/m;

export function parse(text: string): Parsed {
  return { text, blocks: marked.lexer(text) };
}

/** As parse(text), and with what is already known of its beginning. */
export function parseOn(known: Parsed | undefined, text: string): Parsed {
  if (!known || !text.startsWith(known.text) || DEFINITION.test(text)) return parse(text);
  const kept = known.blocks.slice(0, firstOpen(known.blocks));
  const length = kept.reduce((sum, block) => sum + block.raw.length, 0);
  return { text, blocks: [...kept, ...marked.lexer(text.slice(length))] };
}

/** Where a text that goes on may still be read in another way: at its last block, or above it. */
function firstOpen(blocks: Token[]): number {
  const lastBefore = (end: number) =>
    blocks.findLastIndex((block, i) => i < end && block.type !== "space");
  let open = lastBefore(blocks.length);
  // Digits turn out to be the next number of the list above.
  if (/^\s*\d{1,9}$/.test(blocks[open]?.raw ?? "")) open = lastBefore(open);
  // A formula that is not closed turns out to be part of the paragraph, and what stands on an underline a heading.
  while (open > 0 && isText(blocks[open]!) && isText(blocks[open - 1]!)) open--;
  return Math.max(open, 0);
}

function isText(block: Token): boolean {
  const indented = block.type === "code" && block.codeBlockStyle === "indented";
  return block.type === "paragraph" || block.type === "math" || indented;
}
