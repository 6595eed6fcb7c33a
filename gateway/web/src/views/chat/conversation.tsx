import { useChat } from "@/data/chats";
import { useTalk } from "@/data/messages";
import type { Talk } from "@/data/talk";
import { NEW_CHAT } from "@/generation/running";
import { useAttach } from "@/generation/use-attach";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";
import { MessageList } from "./message-list";

type Ask = (text: string, parent?: string, background?: boolean) => void;

const NOTHING: Talk = { messages: [], older: "" };

export default function Conversation({ chat, onAsk }: { chat: string; onAsk: Ask }) {
  if (chat === NEW_CHAT) return <MessageList chat={chat} talk={NOTHING} onAsk={onAsk} />;
  return <StoredConversation chat={chat} onAsk={onAsk} />;
}

function StoredConversation({ chat, onAsk }: { chat: string; onAsk: Ask }) {
  const { data: talk, error, refetch } = useTalk(chat);
  const missing = useChat(chat).error ?? error;
  useAttach(chat);

  if (talk) return <MessageList chat={chat} talk={talk} onAsk={onAsk} />;
  if (!missing) return <Waiting />;
  return (
    <div className="mx-auto w-full max-w-[760px] flex-1 p-4 pt-12">
      <ProblemPanel title={t("chat.failed")} problem={missing} onRetry={() => void refetch()} />
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
