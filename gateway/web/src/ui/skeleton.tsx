import { cn } from "./cn";

/** A grey bar where text will be; shows up only when loading takes longer than 150 ms. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn("late h-4 rounded-md bg-hover", className)} />;
}
