import { MessageSquareDashed } from "lucide-react";
import { Link } from "wouter";
import { toProblem } from "@/api/problem";
import { NEW_CHAT } from "@/generation/running";
import { buttonClass } from "@/ui/button";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";
import { MessageList } from "./message-list";
import { useAttach, useChat, useMessages } from "./queries";

type Ask = (text: string, parent?: string) => void;

export default function Conversation({ chat, onAsk }: { chat: string; onAsk: Ask }) {
  if (chat === NEW_CHAT) return <MessageList chat={chat} messages={[]} onAsk={onAsk} />;
  return <StoredConversation chat={chat} onAsk={onAsk} />;
}

function StoredConversation({ chat, onAsk }: { chat: string; onAsk: Ask }) {
  const { data: messages, error, refetch } = useMessages(chat);
  const missing = useChat(chat).error ?? error;
  useAttach(chat);

  if (messages) return <MessageList chat={chat} messages={messages} onAsk={onAsk} />;
  if (!missing) return <Waiting />;
  if (toProblem(missing).status === 404) return <Gone />;
  return (
    <div className="mx-auto w-full max-w-[760px] flex-1 p-4 pt-12">
      <ProblemPanel
        title={t("chat.failed")}
        problem={toProblem(missing)}
        onRetry={() => void refetch()}
      />
    </div>
  );
}

function Gone() {
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-4 p-6 text-center">
      <MessageSquareDashed aria-hidden className="size-8 text-muted" />
      <p className="text-soft">{t("chat.gone")}</p>
      <Link href="/" className={buttonClass("outline")}>
        {t("chat.goneAction")}
      </Link>
    </div>
  );
}

function Waiting() {
  return (
    <div className="mx-auto flex w-full max-w-[760px] flex-1 flex-col gap-3 p-4 pt-12">
      <Skeleton className="mb-4 h-10 w-2/5 self-end rounded-2xl" />
      <Skeleton className="w-full" />
      <Skeleton className="w-11/12" />
      <Skeleton className="w-3/5" />
    </div>
  );
}
