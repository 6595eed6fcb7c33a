import { CircleAlert, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { toProblem } from "@/api/problem";
import { problemText, t } from "@/words";
import { Button } from "./button";
import { cn } from "./cn";

/** Shows a failure with a button to retry, and the id by which the operator finds it in the logs. */
export function ProblemPanel({
  title,
  problem,
  onRetry,
  retryLabel = t("common.retry"),
  className,
  children,
}: {
  title: string;
  /** The error of a query or a call. */
  problem: Error | null;
  onRetry?: () => void;
  retryLabel?: string;
  className?: string;
  children?: ReactNode;
}) {
  const known = toProblem(problem);
  return (
    <div
      role="alert"
      className={cn("rounded-xl border border-danger/30 bg-danger-soft p-4 text-sm", className)}
    >
      <div className="flex gap-3">
        <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-danger" />
        <div className="min-w-0 flex-1">
          <p className="font-medium">{title}</p>
          <p className="mt-0.5 text-soft">{problemText(known)}</p>
          {known.requestId && (
            <p className="mt-1.5 font-mono text-[11px] break-all text-soft select-all">
              {t("common.requestId", { id: known.requestId })}
            </p>
          )}
          {(onRetry || children) && (
            <div className="mt-3 flex flex-wrap gap-2">
              {onRetry && (
                <Button size="small" onClick={onRetry}>
                  <RotateCw aria-hidden className="size-3.5" />
                  {retryLabel}
                </Button>
              )}
              {children}
            </div>
          )}
        </div>
      </div>
    </div>
  );
}
