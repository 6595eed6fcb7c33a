import { ListChecks } from "lucide-react";
import { Suspense, useEffect, useRef } from "react";
import { Link, useRoute } from "wouter";
import type { Chat } from "@/api/types";
import { titleOf, useChats } from "@/data/chats";
import { busyChats } from "@/generation/running";
import { useStore } from "@/lib/store";
import { type Age, ageOf } from "@/lib/time";
import { cn } from "@/ui/cn";
import { IconButton } from "@/ui/icon-button";
import { lazyView } from "@/ui/lazy-view";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { Spinner } from "@/ui/spinner";
import { dragOf, useDrop } from "@/views/projects/drag";
import { t } from "@/words";
import { ChatMenu } from "./chat-menu";
import { closeSheet } from "./layout";
import { beginSelection, selection } from "./selection";

const SelectionBar = lazyView(() => import("./selection-bar"));
const CheckRow = lazyView(() => import("./check-row"));

const AGES = ["today", "yesterday", "week", "month", "older"] as const;

export function ChatList() {
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useChats();
  const selecting = useStore(selection) !== undefined;
  const drop = useDrop("");
  if (isPending) return <Waiting />;
  if (!data) {
    return (
      <ProblemPanel
        title={t("chats.failed")}
        problem={error}
        onRetry={() => void refetch()}
        className="mx-2.5"
      />
    );
  }
  const chats = data.pages.flatMap((page) => page.chats);
  const groups = group(chats, new Date());
  const order = groups.flatMap(({ members }) => members.map(({ id }) => id));
  return (
    <div
      {...drop.handlers}
      className={cn("min-h-0 flex-1 overflow-y-auto px-2.5 pb-3", drop.over && "bg-hover")}
    >
      {chats.length === 0 && <p className="px-2 py-3 text-sm text-muted">{t("chats.none")}</p>}
      <Suspense fallback={null}>
        {selecting && <SelectionBar order={order} />}
        {groups.map(({ name, members }, at) => (
          <section key={name} aria-labelledby={`chats-${name}`} className="relative">
            <h2 id={`chats-${name}`} className="px-2 pt-3 pb-1 text-xs font-medium text-muted">
              {t(`chats.${name}`)}
            </h2>
            {at === 0 && !selecting && (
              <IconButton
                small
                label={t("select.begin")}
                onClick={() => beginSelection()}
                className="absolute top-1 right-1 pointer-coarse:top-0"
              >
                <ListChecks />
              </IconButton>
            )}
            <ul>
              {members.map((chat) =>
                selecting ? (
                  <CheckRow key={chat.id} chat={chat} order={order} />
                ) : (
                  <Row key={chat.id} chat={chat} />
                ),
              )}
            </ul>
          </section>
        ))}
      </Suspense>
      {hasNextPage && <More busy={isFetchingNextPage} onSeen={() => void fetchNextPage()} />}
    </div>
  );
}

interface Group {
  name: Age | "pinned";
  members: Chat[];
}

function group(chats: Chat[], now: Date): Group[] {
  const pinned = chats.filter((chat) => chat.pinned);
  const groups: Group[] = [{ name: "pinned", members: pinned }];
  for (const name of AGES) {
    const isMember = (chat: Chat) => !chat.pinned && ageOf(chat.updateTime, now) === name;
    groups.push({ name, members: chats.filter(isMember) });
  }
  return groups.filter(({ members }) => members.length > 0);
}

function Row({ chat }: { chat: Chat }) {
  const [here] = useRoute(`/chat/${chat.id}`);
  const busy = useStore(busyChats).has(chat.id) || chat.runningGeneration !== "";
  return (
    <li
      {...dragOf(chat)}
      className={cn(
        "group flex h-8.5 pointer-coarse:h-11 items-center rounded-md pr-1",
        here ? "bg-active" : "hover:bg-hover",
      )}
    >
      <Link
        href={`/chat/${chat.id}`}
        onClick={closeSheet}
        aria-current={here ? "page" : undefined}
        className={cn(
          "flex h-full min-w-0 flex-1 items-center gap-2 rounded-md px-2 text-sm",
          here && "font-medium",
        )}
      >
        <bdi className="truncate">{titleOf(chat)}</bdi>
        {chat.unread && !here && !busy && (
          <span
            role="img"
            aria-label={t("chats.unread")}
            className="size-1.5 shrink-0 rounded-full bg-accent"
          />
        )}
        {busy && (
          <span
            role="img"
            aria-label={t("chats.writing")}
            className="size-1.5 shrink-0 animate-[pulse-dot_1s_infinite] rounded-full bg-accent"
          />
        )}
      </Link>
      <ChatMenu chat={chat} />
    </li>
  );
}

/** Loads the next page when it comes into sight. */
function More({ busy, onSeen }: { busy: boolean; onSeen: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && onSeen());
    observer.observe(end.current!);
    return () => observer.disconnect();
  }, [onSeen]);
  return (
    <div ref={end} className="flex h-10 items-center justify-center">
      {busy && <Spinner className="text-muted" />}
    </div>
  );
}

function Waiting() {
  return (
    <div className="flex-1 space-y-4 px-4.5 pt-5">
      {["w-4/5", "w-3/5", "w-11/12", "w-1/2"].map((width) => (
        <Skeleton key={width} className={width} />
      ))}
    </div>
  );
}
