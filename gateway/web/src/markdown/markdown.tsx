import type { Token } from "marked";
import { memo, useMemo, useRef } from "react";
import type remend from "remend";
import { cn } from "@/ui/cn";
import { lazyPart } from "./lazy";
import { type Parsed, parse, parseOn } from "./parse";
import { Blocks } from "./tokens";

const useRemend = lazyPart(() => import("remend"));

/** An answer's text. While it is written only its last block is read again, and what is not closed yet is closed. */
export const Markdown = memo(({ text, writing }: { text: string; writing: boolean }) => {
  const known = useRef<Parsed>(undefined);
  const close = useRemend(writing)?.default;
  const blocks = useMemo(() => {
    known.current = parseOn(known.current, text);
    return close ? closeLast(known.current.blocks, close) : known.current.blocks;
  }, [text, close]);
  return (
    <div className={cn("prose", writing && "writing")}>
      {blocks.map((block, index) => (
        // Blocks are only ever added at the end: their place is their name.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Block key={index} block={block} />
      ))}
    </div>
  );
});

/** Read again from the same text, a block is another object and still the same. */
const Block = memo(
  ({ block }: { block: Token }) => <Blocks tokens={[block]} />,
  (before, after) => before.block.raw === after.block.raw,
);

/** Half a "**bold" is shown bold, and not with two stars that vanish later. */
function closeLast(blocks: Token[], close: typeof remend): Token[] {
  const last = blocks.at(-1);
  if (!last || last.type === "space" || last.type === "code" || last.type === "math") return blocks;
  const closed = close(last.raw, { linkMode: "text-only" });
  return closed === last.raw ? blocks : [...blocks.slice(0, -1), ...parse(closed).blocks];
}
