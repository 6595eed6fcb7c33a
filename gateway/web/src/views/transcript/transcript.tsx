import { memo } from "react";
import type { Message } from "@/api/types";
import { Markdown } from "@/markdown/markdown";
import { Boundary } from "@/ui/boundary";
import { QuestionText } from "@/views/chat/question-text";
import { t } from "@/words";

/** The messages of a chat to be read and printed: all of them stand in the document, and none can be answered. */
export function Transcript({
  messages,
  modelName,
}: {
  messages: Pick<Message, "role" | "text" | "model">[];
  modelName: (model: string) => string;
}) {
  return messages.map(({ role, text, model }, index) => (
    <Row
      // biome-ignore lint/suspicious/noArrayIndexKey: a message's place is its name here.
      key={index}
      isQuestion={role === "USER"}
      text={text}
      model={modelName(model)}
    />
  ));
}

const Row = memo(
  ({ isQuestion, text, model }: { isQuestion: boolean; text: string; model: string }) => (
    <div className="row px-4 py-3.5">
      <Boundary part="message" text={text} resetKey={text}>
        {isQuestion ? <Question text={text} /> : <Answer text={text} model={model} />}
      </Boundary>
    </div>
  ),
);

function Question({ text }: { text: string }) {
  return (
    <article aria-label={t("shared.question")} className="flex justify-end">
      <div className="max-w-[85%] min-w-0 rounded-2xl rounded-br-[5px] bg-own px-4 py-2.5">
        <QuestionText text={text} />
      </div>
    </article>
  );
}

function Answer({ text, model }: { text: string; model: string }) {
  return (
    <article aria-label={t("chat.answerOf", { model })}>
      <Markdown text={text} writing={false} />
      {model && <p className="mt-1 text-xs text-muted">{model}</p>}
    </article>
  );
}
