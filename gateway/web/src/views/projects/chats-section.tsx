import { MessageSquarePlus } from "lucide-react";
import { Link, useLocation } from "wouter";
import type { Project } from "@/api/types";
import { titleOf, useMakeProjectChat, useProjectChats } from "@/data/chats";
import { formatDate } from "@/lib/time";
import { Button } from "@/ui/button";
import { ListEnd } from "@/ui/list-end";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { ChatMenu } from "@/views/sidebar/chat-menu";
import { t } from "@/words";
import { dragOf } from "./drag";
import { ProjectIcon } from "./project-icon";

export function ChatsSection({ project }: { project: Project }) {
  const [, navigate] = useLocation();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useProjectChats(
    project.id,
  );
  const make = useMakeProjectChat(project.id);
  const chats = data?.pages.flatMap((page) => page.chats) ?? [];
  return (
    <>
      <Button
        look="primary"
        className="mt-5"
        disabled={make.isPending}
        onClick={() =>
          make.mutate(undefined, { onSuccess: (chat) => navigate(`/chat/${chat.id}`) })
        }
      >
        <MessageSquarePlus aria-hidden className="size-4" />
        {t("projects.newChat")}
      </Button>
      {make.error && (
        <ProblemPanel title={t("projects.notMade")} problem={make.error} className="mt-4" />
      )}
      {error && !data && (
        <ProblemPanel
          title={t("chats.failed")}
          problem={error}
          onRetry={() => void refetch()}
          className="mt-5"
        />
      )}
      {!data && !error && <Skeleton className="my-6 h-24" />}
      {data && chats.length === 0 && (
        <div className="flex flex-col items-center gap-3 py-14 text-center text-sm text-soft">
          <ProjectIcon project={project} className="size-7 text-muted" />
          {t("projects.noChats")}
        </div>
      )}
      {chats.length > 0 && (
        <>
          <ul className="mt-4">
            {chats.map((chat) => (
              <li
                key={chat.id}
                {...dragOf(chat)}
                className="group flex items-center gap-3 border-b border-line py-1.5 text-sm"
              >
                <Link
                  href={`/chat/${chat.id}`}
                  className="min-w-0 flex-1 truncate rounded py-1.5 hover:underline"
                >
                  <bdi>{titleOf(chat)}</bdi>
                </Link>
                <span className="shrink-0 text-xs text-muted">{formatDate(chat.updateTime)}</span>
                <ChatMenu chat={chat} />
              </li>
            ))}
          </ul>
          <ListEnd
            hasMore={hasNextPage}
            busy={isFetchingNextPage}
            onMore={() => void fetchNextPage()}
          />
        </>
      )}
    </>
  );
}
