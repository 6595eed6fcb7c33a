import { memo, useMemo, useState } from "react";
import { CodeBlock } from "@/markdown/code-block";
import { fencesOf } from "@/markdown/fences";
import { plainBlocks } from "@/markdown/plain";
import { breakable } from "@/markdown/words";
import { cn } from "@/ui/cn";
import { t } from "@/words";
import { CopyButton } from "./copy-button";
import { SaveAsTemplate } from "./save-as-template";

/** A question with more characters or lines is folded, so that a pasted file does not hide the chat. */
const FOLD_CHARACTERS = 1500;
const FOLD_LINES = 16;

/** `whole`: a long question is not folded. */
export const QuestionRow = memo(({ text, whole = false }: { text: string; whole?: boolean }) => {
  const lineEnd = useMemo(() => endOfLine(text, FOLD_LINES), [text]);
  const long = text.length > FOLD_CHARACTERS || lineEnd < text.length;
  const [folded, setFolded] = useState(!whole);
  const shown = long && folded ? text.slice(0, Math.min(lineEnd, FOLD_CHARACTERS)) : text;
  return (
    <article aria-label={t("chat.messageOf")} className="group flex justify-end gap-1">
      <CopyButton
        text={text}
        label={t("chat.copyMessage")}
        className="mt-1.5 opacity-0 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:hidden"
      />
      <SaveAsTemplate
        text={text}
        className="mt-1.5 opacity-0 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:hidden"
      />
      <div className="max-w-[85%] min-w-0 rounded-2xl rounded-br-[5px] bg-own px-4 py-2.5">
        <div className={cn("relative", long && folded && "max-h-72 overflow-hidden")}>
          <QuestionText text={shown} />
          {long && folded && (
            <div
              aria-hidden
              className="pointer-events-none absolute inset-x-0 bottom-0 h-10 bg-linear-to-t from-own to-transparent"
            />
          )}
        </div>
        {long && !whole && (
          <button
            type="button"
            aria-expanded={!folded}
            onClick={() => setFolded(!folded)}
            className="mt-1 text-sm font-medium text-accent hover:underline pointer-coarse:min-h-10 pointer-coarse:pr-6"
          >
            {t(folded ? "common.more" : "common.less")}
          </button>
        )}
      </div>
    </article>
  );
});

/** A question is shown as it was written. Only its fenced code is set as code. */
function QuestionText({ text }: { text: string }) {
  return fencesOf(text).map((part, index) =>
    part.isCode ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: a part's place is its name.
      <div key={index} className="prose my-2 min-w-0 [&_figure]:mb-0">
        <CodeBlock code={part.text} language={part.language} />
      </div>
    ) : (
      plainBlocks(part.text).map((block, at) => (
        <p
          // biome-ignore lint/suspicious/noArrayIndexKey: a part's place is its name.
          key={`${index}.${at}`}
          dir="auto"
          className="min-h-6 text-[15px] leading-6 wrap-anywhere whitespace-pre-wrap"
        >
          {breakable(block)}
        </p>
      ))
    ),
  );
}

/** The end of the line with this number, or of the text. */
function endOfLine(text: string, line: number): number {
  let at = -1;
  for (let n = 0; n < line; n++) {
    at = text.indexOf("\n", at + 1);
    if (at < 0) return text.length;
  }
  return at;
}
