import { CodeBlock } from "@/markdown/code-block";
import { fencesOf } from "@/markdown/fences";
import { plainBlocks } from "@/markdown/plain";
import { breakable } from "@/markdown/words";

/** A question is shown as it was written. Only its fenced code is set as code. */
export function QuestionText({ text }: { text: string }) {
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
