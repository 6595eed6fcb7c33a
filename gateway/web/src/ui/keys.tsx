import { cn } from "./cn";

const APPLE = /Mac|iPhone|iPad/.test(navigator.platform);
const SYMBOLS: Record<string, string> = APPLE
  ? { Ctrl: "⌘", Shift: "⇧", Enter: "↵", Up: "↑" }
  : { Shift: "⇧", Enter: "↵", Up: "↑" };

/** "Ctrl+Shift+O" in the signs of this machine's keyboard. */
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
