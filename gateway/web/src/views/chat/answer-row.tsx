import { ChevronRight, RotateCw } from "lucide-react";
import { memo, type ReactNode, useState } from "react";
import { Link } from "wouter";
import { Problem } from "@/api/problem";
import type { Message, Model } from "@/api/types";
import { useModels } from "@/data/models";
import type { Live } from "@/generation/live";
import { micro } from "@/lib/money";
import { formatDateTime, formatSeconds } from "@/lib/time";
import { Markdown } from "@/markdown/markdown";
import { PlainText } from "@/markdown/plain";
import { Button, buttonClass } from "@/ui/button";
import { cn } from "@/ui/cn";
import { IconButton } from "@/ui/icon-button";
import { ProblemPanel } from "@/ui/problem-panel";
import { creditsText, t } from "@/words";
import { AskAgain, useRetryLabel } from "./again";
import { AnswerMenu } from "./answer-menu";
import { CopyButton } from "./copy-button";
import type { Answer } from "./items";
import { SaveAsTemplate } from "./save-as-template";

/** Sends the question again. */
type Again = (background?: boolean) => void;

export const AnswerRow = memo(
  ({ answer, onAgain }: { answer: Answer; onAgain: Again | undefined }) => {
    const { text, reasoning, live, message } = answer;
    const { data: models } = useModels();
    const model = nameOf(models, answer.model);
    const writing = live !== undefined;
    return (
      <article aria-label={t("chat.answerOf", { model })} aria-busy={writing} className="group">
        {reasoning && <Thoughts text={reasoning} open={writing && !text} />}
        {text && <Markdown text={text} writing={live?.phase === "writing"} />}
        {live && <Progress live={live} hasText={text !== ""} />}
        {message?.askedModel && message.text && (
          <Quiet>
            {t("chat.answeredBy", { model, asked: nameOf(models, message.askedModel) })}
          </Quiet>
        )}
        {message && <Ending message={message} onAgain={onAgain} />}
        {message && <Footer message={message} model={model} onAgain={onAgain} />}
      </article>
    );
  },
);

function nameOf(models: Model[] | undefined, id: string): string {
  return models?.find((one) => one.id === id)?.displayName ?? id;
}

function Thoughts({ text, open }: { text: string; open: boolean }) {
  return (
    <details open={open} className="mb-3 text-sm [&[open]_svg]:rotate-90">
      <summary className="flex w-fit pointer-coarse:min-h-10 cursor-pointer list-none items-center gap-1 rounded-md text-muted hover:text-text">
        <ChevronRight aria-hidden className="size-3.5 transition-transform" />
        {t("chat.thought")}
      </summary>
      <div className="mt-2 max-h-72 overflow-y-auto border-s-2 border-line ps-3.5 leading-6 text-soft">
        <PlainText text={text} />
      </div>
    </details>
  );
}

/** The state of an answer while no new text comes. */
function Progress({ live, hasText }: { live: Live; hasText: boolean }) {
  if (live.phase === "waiting") {
    if (!live.retryTime) return <Quiet>{t("chat.queued")}</Quiet>;
    const time = new Date(live.retryTime).toLocaleTimeString();
    return <Quiet>{t("chat.waiting", { time })}</Quiet>;
  }
  if (live.phase === "reconnecting" || live.phase === "resending") {
    return <Quiet>{t(`chat.${live.phase}`)}</Quiet>;
  }
  if (hasText) return null;
  return (
    <p className="flex h-6 items-center gap-2 text-sm text-muted">
      <span aria-hidden className="flex gap-1">
        {["0ms", "160ms", "320ms"].map((animationDelay) => (
          <span
            key={animationDelay}
            className="size-1.5 animate-[pulse-dot_1s_infinite] rounded-full bg-accent"
            style={{ animationDelay }}
          />
        ))}
      </span>
      <span className="sr-only">{t("chat.thinking")}</span>
    </p>
  );
}

function Quiet({ children }: { children: ReactNode }) {
  return <p className="mt-1 text-sm text-muted">{children}</p>;
}

/** How an answer ended, unless it ended well. */
function Ending({ message, onAgain }: { message: Message; onAgain: Again | undefined }) {
  if (message.state === "FAILED") return <Failed message={message} onAgain={onAgain} />;
  if (message.state === "CANCELLED" || message.stopReason === "CANCELLED") {
    return <Quiet>{t(message.text ? "chat.stopped" : "chat.stoppedEmpty")}</Quiet>;
  }
  if (message.stopReason === "LENGTH") return <Quiet>{t("chat.length")}</Quiet>;
  if (message.stopReason === "FILTER") return <Quiet>{t("chat.filter")}</Quiet>;
  return null;
}

function Failed({ message, onAgain }: { message: Message; onAgain: Again | undefined }) {
  const retryLabel = useRetryLabel(message);
  const { error } = message;
  const problem = new Problem({ ...error, reason: error?.reason || "INTERNAL_ERROR" });
  return (
    <ProblemPanel
      title={t(message.text ? "chat.failedPart" : "chat.failedAnswer")}
      problem={problem}
      className="mt-1"
      retryLabel={retryLabel}
      {...(onAgain ? { onRetry: () => onAgain() } : {})}
    >
      {problem.retryable && onAgain && (
        <Button size="small" onClick={() => onAgain(true)}>
          {t("chat.inBackground")}
        </Button>
      )}
      {problem.status === 402 && (
        <Link href="/pricing" className={buttonClass("primary", "small")}>
          {t("composer.noCreditsAction")}
        </Link>
      )}
    </ProblemPanel>
  );
}

/** Buttons for an answer, and its price. */
function Footer({
  message,
  model,
  onAgain,
}: {
  message: Message;
  model: string;
  onAgain: Again | undefined;
}) {
  const [asking, setAsking] = useState(false);
  if (message.state === "RUNNING") return null;
  const charged = micro(message.creditsUsed);
  const facts = [
    charged > 0n || message.state === "DONE" ? creditsText(charged) : t("chat.notCharged"),
    message.text && message.durationMs > 0 ? formatSeconds(message.durationMs) : "",
  ].filter(Boolean);
  const row = (
    <footer className="mt-1.5 -ml-1.5 flex min-h-7 flex-wrap items-center gap-x-1 text-[13px] text-muted">
      {message.text && <CopyButton text={message.text} label={t("chat.copyAnswer")} />}
      {message.text && <AnswerMenu text={message.text} />}
      {message.text && <SaveAsTemplate text={message.text} />}
      {onAgain && message.state !== "FAILED" && (
        <IconButton
          label={t("chat.again")}
          small
          aria-expanded={asking}
          onClick={() => setAsking(!asking)}
        >
          <RotateCw />
        </IconButton>
      )}
      <span className="ml-1.5" title={formatDateTime(message.createTime)}>
        {facts.join(" · ")}
      </span>
      <span
        className={cn(
          "ml-1.5 transition-opacity group-hover:opacity-100 pointer-fine:opacity-0",
          "group-focus-within:opacity-100",
        )}
      >
        {model}
      </span>
    </footer>
  );
  return (
    <>
      {row}
      {asking && onAgain && (
        <AskAgain message={message} onAgain={onAgain} onClose={() => setAsking(false)} />
      )}
    </>
  );
}
