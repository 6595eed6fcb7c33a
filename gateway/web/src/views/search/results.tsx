import { Archive, MessageSquare, Quote } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { Link } from "wouter";
import type { SearchHit } from "@/api/types";
import { titleOf } from "@/data/chats";
import type { useSearchHits } from "@/data/search";
import { formatDate } from "@/lib/time";
import { ListEnd } from "@/ui/list-end";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";
import { Marked } from "./marked";
import { hitPath } from "./path";

/** The hits of a search, as far as they were asked for. */
export function Results({
  hits,
  none,
}: {
  hits: ReturnType<typeof useSearchHits>;
  none: ReactNode;
}) {
  const { data, error, refetch, hasNextPage, isFetching, isPlaceholderData, fetchNextPage } = hits;
  const list = data?.pages.flatMap((page) => page.hits) ?? [];
  // A page may have no hits where others follow.
  const goOn = list.length === 0 && hasNextPage && !isFetching && !error;
  useEffect(() => {
    if (goOn) void fetchNextPage();
  }, [goOn, fetchNextPage]);

  if (error) {
    return (
      <ProblemPanel
        title={t("search.failed")}
        problem={error}
        onRetry={() => void refetch()}
        className="mt-8"
      />
    );
  }
  if (!data || (list.length === 0 && (hasNextPage || isFetching))) return <Waiting />;
  return (
    <>
      <p role="status" className="sr-only">
        {list.length === 0 ? t("search.none") : t("search.found", { count: list.length })}
      </p>
      {list.length === 0 ? (
        none
      ) : (
        <>
          <ul className="mt-6" aria-busy={isPlaceholderData}>
            {list.map((hit) => (
              <Hit key={hit.message || hit.chat} hit={hit} />
            ))}
          </ul>
          <ListEnd hasMore={hasNextPage} busy={isFetching} onMore={() => void fetchNextPage()} />
        </>
      )}
    </>
  );
}

function Hit({ hit }: { hit: SearchHit }) {
  const Icon = hit.archived ? Archive : hit.message ? Quote : MessageSquare;
  return (
    <li className="border-b border-line">
      <Link
        href={hitPath(hit)}
        className="-mx-2 flex gap-3 rounded-md px-2 py-3 text-sm hover:bg-hover"
      >
        <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline justify-between gap-3">
            <span className="min-w-0 truncate font-medium">
              {hit.message ? (
                <bdi>{titleOf({ title: hit.chatTitle })}</bdi>
              ) : (
                <Marked snippet={hit.snippet} />
              )}
            </span>
            <span className="shrink-0 text-xs text-muted">{formatDate(hit.createTime)}</span>
          </span>
          {hit.message && (
            <span className="mt-1 line-clamp-3 wrap-anywhere text-soft">
              <span className="sr-only">{t(hit.question ? "search.you" : "search.answer")} </span>
              <Marked snippet={hit.snippet} />
            </span>
          )}
        </span>
      </Link>
    </li>
  );
}

function Waiting() {
  return (
    <div className="mt-8 flex flex-col gap-3">
      <Skeleton className="w-2/5" />
      <Skeleton className="w-full" />
      <Skeleton className="w-11/12" />
      <Skeleton className="mt-3 w-1/3" />
      <Skeleton className="w-full" />
    </div>
  );
}
