import { Printer } from "lucide-react";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { toProblem } from "@/api/problem";
import type { Message } from "@/api/types";
import { titleOf, useChat } from "@/data/chats";
import { loadOlder, useTalk } from "@/data/messages";
import { useModels } from "@/data/models";
import { formatDateTime } from "@/lib/time";
import { DrawnWhole } from "@/markdown/around";
import { Button, buttonClass } from "@/ui/button";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { Title } from "@/ui/title";
import { NotFound } from "@/views/page/not-found";
import { Transcript } from "@/views/transcript/transcript";
import { t } from "@/words";
import { usePrint } from "./use-print";

/** A whole chat on one long page. It prints itself once all of it is loaded and drawn. */
export default function PrintPage({ chat }: { chat: string }) {
  const { data, error } = useChat(chat);
  const talk = useTalk(chat);
  const problem = error ?? talk.error;
  const status = problem && !talk.data ? toProblem(problem).status : 0;
  if (status === 404 || status === 400) {
    return (
      <main id="main" className="flex h-full flex-col">
        <NotFound what="chat" />
      </main>
    );
  }
  return (
    <div className="flex h-full flex-col">
      {problem && !talk.data ? (
        <main id="main" className="mx-auto w-full max-w-[760px] p-4 pt-12">
          <ProblemPanel
            title={t("chat.failed")}
            problem={problem}
            onRetry={() => void talk.refetch()}
          />
        </main>
      ) : data && talk.data ? (
        <Paper
          chat={chat}
          title={titleOf(data)}
          messages={talk.data.messages}
          older={talk.data.older}
        />
      ) : (
        <main id="main" className="mx-auto w-full max-w-[760px] p-4 pt-12">
          <h1 className="sr-only">{t("print.action")}</h1>
          <Skeleton className="h-40 w-full" />
        </main>
      )}
    </div>
  );
}

function Paper({
  chat,
  title,
  messages,
  older,
}: {
  chat: string;
  title: string;
  messages: Message[];
  older: string;
}) {
  const { data: models } = useModels();
  const failed = useAll(chat, older);
  const shown = useGrowing(older ? 0 : messages.length);
  const isWhole = older === "" && shown === messages.length;
  const print = usePrint(isWhole);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page opens.
  useEffect(() => print.begin(), []);
  return (
    <>
      <Title>{title}</Title>
      <div className="no-print flex flex-wrap items-center gap-2 border-b border-line px-4 py-2.5 text-sm">
        <p role="status" className="mr-auto">
          {statusText(older, shown, messages.length)}
        </p>
        <Button disabled={!isWhole || print.isBusy} onClick={print.begin}>
          <Printer aria-hidden className="size-4" />
          {t("print.action")}
        </Button>
        <Link href={`/chat/${chat}`} className={buttonClass("outline")}>
          {t("print.back")}
        </Link>
      </div>
      <main
        id="main"
        data-pane
        tabIndex={0}
        className="min-h-0 flex-1 overflow-y-auto -outline-offset-2"
      >
        <div className="mx-auto w-full max-w-[760px] pt-6 pb-16">
          <h1 className="px-4 text-2xl font-semibold tracking-tight wrap-anywhere">{title}</h1>
          <p className="px-4 pt-1 pb-3 text-sm text-muted">
            {t("print.of", { date: formatDateTime(new Date().toISOString()) })}
          </p>
          {failed ? (
            <div className="p-4">
              <ProblemPanel title={t("chat.failed")} problem={null} onRetry={failed} />
            </div>
          ) : (
            <DrawnWhole value={true}>
              <Transcript
                messages={messages.slice(0, shown)}
                modelName={(id) => models?.find((one) => one.id === id)?.displayName ?? id}
              />
            </DrawnWhole>
          )}
        </div>
      </main>
    </>
  );
}

function statusText(older: string, shown: number, count: number): string {
  if (older) return t("print.loading", { count });
  return shown < count ? t("print.drawing", { done: shown, count }) : t("print.ready", { count });
}

/** Loads all messages. Returns a function to try again when the server does not answer. */
function useAll(chat: string, older: string): (() => void) | undefined {
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    if (!older || hasFailed) return;
    let isWanted = true;
    const load = async () => {
      // The first answer may be that of the page before, which is about to be forgotten: so it is asked again.
      while (isWanted) {
        const isDone = await loadOlder(chat);
        if (isWanted && !isDone) {
          setFailed(true);
          return;
        }
      }
    };
    void load();
    return () => {
      isWanted = false;
    };
  }, [chat, older, hasFailed]);
  return hasFailed && older ? () => setFailed(false) : undefined;
}

/** Messages that are added in one frame, so that the page can say how far it is. */
const AT_ONCE = 25;

function useGrowing(count: number): number {
  const [shown, setShown] = useState(0);
  useEffect(() => {
    if (shown >= count) return;
    const frame = requestAnimationFrame(() => setShown(Math.min(shown + AT_ONCE, count)));
    return () => cancelAnimationFrame(frame);
  }, [shown, count]);
  return Math.min(shown, count);
}
