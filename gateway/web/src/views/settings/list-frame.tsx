import type { ReactNode } from "react";
import type { Problem } from "@/api/problem";
import { ListEnd } from "@/ui/list-end";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";

interface Pages<P> {
  data: { pages: P[] } | undefined;
  error: Error | Problem | null;
  refetch: () => unknown;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

/** A list of the settings in each of its states: it loads, it failed, it has nothing, or its rows page by page. */
export function ListFrame<P, R>({
  query,
  rowsOf,
  failed,
  icon,
  none,
  above,
  children,
}: {
  query: Pages<P>;
  rowsOf: (page: P) => R[];
  failed: string;
  icon: ReactNode;
  none: string;
  above: ReactNode;
  children: (row: R) => ReactNode;
}) {
  const { data, error } = query;
  if (error && !data) {
    return (
      <ProblemPanel
        title={failed}
        problem={error}
        onRetry={() => void query.refetch()}
        className="mt-5"
      />
    );
  }
  if (!data) return <Skeleton className="my-6 h-24" />;
  const rows = data.pages.flatMap(rowsOf);
  if (rows.length === 0) {
    return (
      <div className="flex flex-col items-center gap-3 py-16 text-center text-sm text-soft">
        {icon}
        {none}
      </div>
    );
  }
  return (
    <>
      {above}
      <ul className="mt-2">{rows.map(children)}</ul>
      <ListEnd
        hasMore={query.hasNextPage}
        busy={query.isFetchingNextPage}
        onMore={() => void query.fetchNextPage()}
      />
    </>
  );
}
