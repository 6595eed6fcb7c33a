import { memo, useMemo, useState } from "react";
import { cn } from "@/ui/cn";
import { t } from "@/words";
import { CopyButton } from "./copy-button";
import { QuestionText } from "./question-text";
import { SaveAsTemplate } from "./save-as-template";

/** A question with more characters or lines is folded, so that a pasted file does not hide the chat. */
const FOLD_CHARACTERS = 1500;
const FOLD_LINES = 16;

export const QuestionRow = memo(({ text }: { text: string }) => {
  const lineEnd = useMemo(() => endOfLine(text, FOLD_LINES), [text]);
  const long = text.length > FOLD_CHARACTERS || lineEnd < text.length;
  const [folded, setFolded] = useState(true);
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
        {long && (
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

/** The end of the line with this number, or of the text. */
function endOfLine(text: string, line: number): number {
  let at = -1;
  for (let n = 0; n < line; n++) {
    at = text.indexOf("\n", at + 1);
    if (at < 0) return text.length;
  }
  return at;
}
