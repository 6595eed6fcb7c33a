import type { DeadLetter } from "@/api/types";
import { useDeadLetters, useQueue, useRequeue } from "@/data/queue";
import { formatDateTime, formatSeconds } from "@/lib/time";
import { Button } from "@/ui/button";
import { ListEnd } from "@/ui/list-end";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";

const STATES = ["QUEUED", "RUNNING", "WAITING", "DEAD"] as const;

export function QueueSection() {
  const { data: queue, error, refetch } = useQueue();
  if (error && !queue) {
    return (
      <ProblemPanel
        title={t("admin.queue.failed")}
        problem={error}
        onRetry={() => void refetch()}
        className="mt-5"
      />
    );
  }
  if (!queue) return <Skeleton className="my-6 h-24" />;
  return (
    <>
      <dl className="mt-5 grid grid-cols-2 gap-3 sm:grid-cols-4">
        {STATES.map((state) => (
          <div key={state} className="rounded-xl border border-line px-4 py-3">
            <dt className="text-xs text-muted">{t(`admin.queue.states.${state}`)}</dt>
            <dd className="mt-0.5 text-xl font-medium tabular-nums">
              {queue.depthByState?.[state] ?? "0"}
            </dd>
          </div>
        ))}
      </dl>
      <p className="mt-3 text-sm text-soft">
        {Number(queue.oldestAgeMs) > 0
          ? t("admin.queue.oldest", { age: formatSeconds(Number(queue.oldestAgeMs)) })
          : t("admin.queue.empty")}
      </p>
      <h2 className="mt-7 text-[15px] font-medium">{t("admin.queue.replicas")}</h2>
      <ul className="mt-1 text-sm">
        {queue.workers.map((worker) => (
          <li
            key={worker.bootId}
            className="flex flex-wrap items-center gap-x-4 border-b border-line py-2.5"
          >
            <span className="min-w-0 flex-1 truncate font-mono text-[13px]">{worker.endpoint}</span>
            <span className="text-soft">{t("admin.queue.running", { count: worker.running })}</span>
            <span className="text-xs text-muted">{formatDateTime(worker.lastTime)}</span>
          </li>
        ))}
      </ul>
      <DeadLetters />
    </>
  );
}

function DeadLetters() {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useDeadLetters();
  const requeue = useRequeue();
  const letters = data?.pages.flatMap((page) => page.deadLetters) ?? [];
  return (
    <>
      <h2 className="mt-7 text-[15px] font-medium">{t("admin.queue.dead")}</h2>
      <p className="mt-0.5 text-sm text-soft">{t("admin.queue.deadText")}</p>
      {error && !data && (
        <ProblemPanel
          title={t("admin.queue.failed")}
          problem={error}
          onRetry={() => void refetch()}
          className="mt-3"
        />
      )}
      {data && letters.length === 0 && (
        <p className="py-8 text-center text-sm text-muted">{t("admin.queue.noDead")}</p>
      )}
      <ul className="mt-2">
        {letters.map((letter) => (
          <Letter
            key={letter.generation}
            letter={letter}
            onRequeue={() => requeue.mutate(letter.generation)}
          />
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

function Letter({ letter, onRequeue }: { letter: DeadLetter; onRequeue: () => void }) {
  return (
    <li className="border-b border-line py-3 text-sm">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <p dir="auto" className="line-clamp-2 min-w-0 flex-1 wrap-anywhere">
          {letter.input}
        </p>
        <Button size="small" onClick={onRequeue}>
          {t("admin.queue.requeue")}
        </Button>
      </div>
      <p className="mt-1 text-xs text-muted">
        {[letter.model, formatDateTime(letter.deadTime), letter.user].join(" · ")}
      </p>
      <details className="mt-1">
        <summary className="w-fit cursor-pointer rounded text-xs text-soft pointer-coarse:min-h-10">
          {t("admin.queue.failures", { count: letter.failures.length })}
        </summary>
        <ol className="mt-1 list-inside list-decimal text-xs text-soft">
          {letter.failures.map((failure) => (
            <li key={`${failure.attempt}-${failure.time}`}>
              {[failure.reason, failure.provider, failure.message].filter(Boolean).join(" · ")}
            </li>
          ))}
        </ol>
      </details>
    </li>
  );
}
