import { cn } from "./cn";

/** A grey bar in place of text that is loading. It shows up after 150 ms, so that it does not flicker. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn("late h-4 rounded-md bg-hover", className)} />;
}
