import { Check, Copy } from "lucide-react";
import { memo, useState } from "react";
import { useCopy } from "@/lib/clipboard";
import { cn } from "@/ui/cn";
import { IconButton } from "@/ui/icon-button";
import { t } from "@/words";

/** A longer question is folded, in characters and in lines: a pasted file should not hide the talk. */
const FOLD_CHARACTERS = 1500;
const FOLD_LINES = 16;

export const QuestionRow = memo(({ text }: { text: string }) => {
  const long = text.length > FOLD_CHARACTERS || text.split("\n").length > FOLD_LINES;
  const [folded, setFolded] = useState(true);
  const { copied, copy } = useCopy();
  return (
    <article aria-label={t("chat.messageOf")} className="group flex justify-end gap-1">
      <IconButton
        label={t(copied ? "common.copied" : "chat.copyMessage")}
        small
        onClick={() => copy(text)}
        className="mt-1.5 opacity-0 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:hidden"
      >
        {copied ? <Check className="text-good" /> : <Copy />}
      </IconButton>
      <div className="max-w-[85%] rounded-2xl rounded-br-[5px] bg-own px-4 py-2.5">
        <p
          className={cn(
            "text-[15px] leading-6 wrap-anywhere whitespace-pre-wrap",
            long && folded && "line-clamp-12",
          )}
        >
          {text}
        </p>
        {long && (
          <button
            type="button"
            aria-expanded={!folded}
            onClick={() => setFolded(!folded)}
            className="mt-1 text-sm font-medium text-accent hover:underline"
          >
            {t(folded ? "common.more" : "common.less")}
          </button>
        )}
      </div>
    </article>
  );
});
