import { NEW_CHAT } from "@/generation/running";
import { cn } from "@/ui/cn";
import { t } from "@/words";
import { useNext } from "./price-before";

const RADIUS = 6.5;
const ROUND = 2 * Math.PI * RADIUS;

/** How much of the model's window the next message fills. */
export function Gauge({ chat, text }: { chat: string; text: string }) {
  const estimate = useNext(chat === NEW_CHAT ? undefined : chat, text);
  if (!estimate) return null;
  const { promptTokens, windowTokens, cutMessages, messages } = estimate;
  const part = Math.min(promptTokens / windowTokens, 1);
  const [used, all] = [promptTokens.toLocaleString("en"), windowTokens.toLocaleString("en")];
  const said = [
    t("composer.gauge", { used, all }),
    messages === 0 && t("composer.gaugeFull"),
    messages > 0 && cutMessages > 0 && t("composer.gaugeCut", { count: cutMessages }),
  ]
    .filter(Boolean)
    .join(" ");
  return (
    <span
      data-tip={said}
      className={cn(
        "flex size-6 shrink-0 items-center justify-center text-soft",
        (messages === 0 || cutMessages > 0) && "text-warn",
      )}
    >
      <meter
        aria-label={t("composer.window")}
        max={windowTokens}
        value={Math.min(promptTokens, windowTokens)}
        aria-valuetext={said}
        className="sr-only"
      />
      <svg aria-hidden="true" viewBox="0 0 16 16" className="size-4 -rotate-90" fill="none">
        <circle cx="8" cy="8" r={RADIUS} strokeWidth="2.5" className="stroke-line-strong" />
        <circle
          cx="8"
          cy="8"
          r={RADIUS}
          strokeWidth="2.5"
          stroke="currentColor"
          strokeDasharray={`${part * ROUND} ${ROUND}`}
        />
      </svg>
    </span>
  );
}
