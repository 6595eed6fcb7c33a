import { Archive } from "lucide-react";
import { Link } from "wouter";
import { titleOf, useChatActions, useChats } from "@/data/chats";
import { formatDate } from "@/lib/time";
import { Button } from "@/ui/button";
import { ListEnd } from "@/ui/list-end";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";

export function ArchivedSection() {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useChats(true);
  const { update, remove } = useChatActions();
  if (error && !data) {
    return (
      <ProblemPanel
        title={t("chats.failed")}
        problem={error}
        onRetry={() => void refetch()}
        className="mt-5"
      />
    );
  }
  if (!data) return <Skeleton className="my-6 h-24" />;
  const chats = data.pages.flatMap((page) => page.chats);
  if (chats.length === 0) {
    return (
      <div className="flex flex-col items-center gap-3 py-16 text-sm text-soft">
        <Archive aria-hidden className="size-6 text-muted" />
        {t("settings.archivedNone")}
      </div>
    );
  }
  return (
    <>
      <p className="mt-5 text-sm text-soft">{t("settings.archivedText")}</p>
      <ul className="mt-2">
        {chats.map((chat) => (
          <li
            key={chat.id}
            className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line py-2.5 text-sm"
          >
            <Link
              href={`/chat/${chat.id}`}
              className="min-w-0 flex-1 truncate rounded hover:underline"
            >
              <bdi>{titleOf(chat)}</bdi>
            </Link>
            <span className="text-xs text-muted">{formatDate(chat.updateTime)}</span>
            <Button look="quiet" size="small" onClick={() => update(chat, { archived: false })}>
              {t("chats.unarchive")}
            </Button>
            <Button look="danger" size="small" onClick={() => remove(chat)}>
              {t("common.delete")}
            </Button>
          </li>
        ))}
      </ul>
      <ListEnd
        hasMore={hasNextPage}
        busy={isFetchingNextPage}
        onMore={() => void fetchNextPage()}
      />
    </>
  );
}
