import { Link } from "wouter";
import { type ImportItem, useImportItems } from "@/data/transfer";
import { ListEnd } from "@/ui/list-end";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";

/** The outcome of an import: the chats that came, those that did not, and the reasons. */
export function ImportItems({ id }: { id: string }) {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useImportItems(
    id,
    true,
  );
  if (error && !data) {
    return (
      <ProblemPanel
        title={t("transfer.failed")}
        problem={error}
        onRetry={() => void refetch()}
        className="mt-3"
      />
    );
  }
  if (!data) return <Skeleton className="mt-3 h-16" />;
  const items = data.pages.flatMap((page) => page.items);
  if (items.length === 0) return <p className="mt-3 text-soft">{t("transfer.nothing")}</p>;
  return (
    <>
      <ul aria-label={t("transfer.chats")} className="mt-3 max-h-96 overflow-y-auto" tabIndex={-1}>
        {items.map((item, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list only grows, and sources may repeat
          <li key={i} className="border-t border-line py-2">
            <Title item={item} />
            {words(item).map((word) => (
              <p key={word} className="text-xs text-muted">
                {word}
              </p>
            ))}
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

function Title({ item }: { item: ImportItem }) {
  const title = <bdi>{item.title || item.source || t("chats.untitled")}</bdi>;
  if (!item.chat) return <p className="truncate">{title}</p>;
  return (
    <Link href={`/chat/${item.chat}`} className="block truncate rounded hover:underline">
      {title}
    </Link>
  );
}

const REASONS = [
  "NOT_A_CHAT",
  "EMPTY",
  "TOO_LARGE",
  "TOO_MANY_MESSAGES",
  "CHATS_FULL",
  "STORAGE_FULL",
  "CUT_OFF",
  "PROJECTS_FULL",
  "ALREADY_THERE",
] as const;

const COUNTS = ["attachments", "hidden", "unknown", "split", "mended"] as const;

function words(item: ImportItem): string[] {
  const reason = REASONS.find((one) => one === item.reason);
  const counts = COUNTS.filter((name) => item[name] > 0);
  return [
    ...(reason ? [t(`transfer.reason.${reason}`)] : []),
    ...counts.map((name) => t(`transfer.note.${name}`, { count: item[name] })),
  ];
}
