import { cn } from "./cn";

const APPLE = /Mac|iPhone|iPad/.test(navigator.platform);
const SYMBOLS: Record<string, string> = APPLE
  ? { Ctrl: "⌘", Shift: "⇧", Enter: "↵", Up: "↑" }
  : { Shift: "⇧", Enter: "↵", Up: "↑" };

/** "Ctrl+Shift+O" as it is printed on the keys of this machine. */
export function Keys({ keys, className }: { keys: string; className?: string }) {
  return (
    <span className={cn("inline-flex gap-1 text-[11px] tracking-wide", className)} aria-hidden>
      {keys.split("+").map((key) => (
        <kbd key={key} className="font-sans">
          {SYMBOLS[key] ?? key}
        </kbd>
      ))}
    </span>
  );
}
