import { Command } from "cmdk";
import { MessageSquare, Quote, Search } from "lucide-react";
import type { ReactNode } from "react";
import { useLocation } from "wouter";
import type { SearchHit } from "@/api/types";
import { titleOf } from "@/data/chats";
import { useSearchHits, useSettled } from "@/data/search";
import { closeWindow } from "@/ui/open-window";
import { Marked } from "@/views/search/marked";
import { hitPath, searchPath } from "@/views/search/path";
import { t } from "@/words";

/** The most messages that the palette shows. */
const MESSAGES_MAX = 8;

/** The server's hits while the reader types. */
export function useFound(query: string) {
  const q = useSettled(query);
  const { data, error, isFetching, isPlaceholderData } = useSearchHits(q, {}, MESSAGES_MAX);
  const hits = q.trim() && query.trim() ? (data?.pages[0]?.hits ?? []) : [];
  return {
    titles: hits.filter(({ message }) => message === ""),
    messages: hits.filter(({ message }) => message !== ""),
    error: query.trim() ? error : null,
    busy: query.trim() !== "" && (q !== query || (isFetching && (!data || isPlaceholderData))),
  };
}

/** Chats whose titles the server found. */
export function FoundTitle({ hit }: { hit: SearchHit }) {
  return (
    <FoundItem value={hit.chat} path={hitPath(hit)} icon={<MessageSquare />}>
      <span className="truncate">
        <Marked snippet={hit.snippet} />
      </span>
    </FoundItem>
  );
}

export function FoundMessages({ hits, query }: { hits: SearchHit[]; query: string }) {
  return (
    <Command.Group heading={t("commands.messages")}>
      {hits.map((hit) => (
        <FoundItem key={hit.message} value={hit.message} path={hitPath(hit)} icon={<Quote />}>
          <span className="line-clamp-2 wrap-anywhere">
            <Marked snippet={hit.snippet} />
          </span>
          <span className="truncate text-xs text-muted">
            <bdi>{titleOf({ title: hit.chatTitle })}</bdi>
          </span>
        </FoundItem>
      ))}
      <FoundItem value="all-results" path={searchPath(query)} icon={<Search />}>
        {t("commands.all")}
      </FoundItem>
    </Command.Group>
  );
}

function FoundItem({
  value,
  path,
  icon,
  children,
}: {
  value: string;
  path: string;
  icon: ReactNode;
  children: ReactNode;
}) {
  const [, navigate] = useLocation();
  return (
    <Command.Item
      value={value}
      onSelect={() => {
        closeWindow();
        navigate(path);
      }}
      className="flex min-h-9 items-start gap-3 rounded-md px-2.5 py-2 text-sm data-[selected=true]:bg-hover pointer-coarse:min-h-10 [&>svg]:mt-0.5 [&>svg]:size-4 [&>svg]:shrink-0 [&>svg]:text-muted"
    >
      {icon}
      <span className="flex min-w-0 flex-1 flex-col gap-0.5">{children}</span>
    </Command.Item>
  );
}
