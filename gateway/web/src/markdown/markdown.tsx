import type { Token } from "marked";
import { memo, useMemo } from "react";
import { cn } from "@/ui/cn";
import { FootnoteLabels } from "./footnotes";
import { useBlocks } from "./read";
import { Blocks } from "./tokens";

/** An answer's text. While it is written, only its last block is read again, and open marks are shown closed. */
export const Markdown = memo(({ text, writing }: { text: string; writing: boolean }) => {
  const blocks = useBlocks(text, writing);
  const labels = useMemo(() => labelsOf(blocks), [blocks]);
  return (
    <div className={cn("prose", writing && "writing")}>
      <FootnoteLabels labels={labels}>
        <Blocks tokens={blocks} />
      </FootnoteLabels>
    </div>
  );
});

/** The labels as one string, which React can compare. */
function labelsOf(blocks: Token[]): string {
  return blocks
    .filter((block) => block.type === "footnote")
    .map((block) => (block as unknown as { label: string }).label)
    .join(" ");
}
