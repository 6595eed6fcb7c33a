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

/** Where a text that goes on may still be read in another way: at its last block. */
function firstOpen(blocks: Token[]): number {
  const last = blocks.findLastIndex((block) => block.type !== "space");
  // A formula that is not closed turns out to be part of the paragraph above.
  return Math.max(blocks[last]?.type === "math" ? last - 1 : last, 0);
}
