// Plain text in blocks. A browser takes seconds to lay out one element with a quarter of a megabyte.
import { memo } from "react";
import { PLAIN_BLOCK_CHARS } from "./limits";
import { breakable } from "./words";

export const PlainText = memo(({ text }: { text: string }) => (
  <div className="plain">
    <Parts text={text} />
  </div>
));

/** HTML outside code, shown as it was written. */
export const HtmlLines = memo(({ text }: { text: string }) => (
  <div className="plain html-lines">
    <Parts text={text} />
  </div>
));

/** With more parts than this each is laid out when it comes into sight. */
const PARTS_AT_ONCE = 4;

function Parts({ text }: { text: string }) {
  const blocks = plainBlocks(text);
  const className = blocks.length > PARTS_AT_ONCE ? "piece" : undefined;
  return blocks.map((block, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a block's place is its name.
    <Part key={index} text={block} className={className} />
  ));
}

const Part = memo(({ text, className }: { text: string; className: string | undefined }) => (
  <div dir="auto" className={className}>
    {breakable(text)}
  </div>
));

/** Cuts a text at the end of a line, or of a word where a line is long. */
export function plainBlocks(text: string): string[] {
  const blocks: string[] = [];
  for (let at = 0; at < text.length; ) {
    const near = text.slice(at, at + PLAIN_BLOCK_CHARS);
    const isLast = at + near.length >= text.length;
    const line = isLast ? near.length : near.lastIndexOf("\n");
    const word = line >= 0 ? line : near.lastIndexOf(" ");
    const end = word > 0 ? word : near.length;
    blocks.push(near.slice(0, end));
    at += end + (!isLast && near[end] === "\n" ? 1 : 0);
  }
  return blocks;
}
