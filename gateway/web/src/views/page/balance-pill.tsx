import { Link } from "wouter";
import { useBalance } from "@/data/credits";
import { formatCredits, micro } from "@/lib/money";
import { cn } from "@/ui/cn";
import { t } from "@/words";

/** The available balance, a link to its history. */
export function BalancePill() {
  const { data } = useBalance();
  if (!data) return null;
  const available = micro(data.available);
  return (
    <Link
      href="/credits"
      className={cn(
        "flex h-8 shrink-0 pointer-coarse:h-10 items-center gap-1.5 rounded-full border border-line-strong px-3 text-[13px] tabular-nums",
        "transition-colors hover:bg-hover",
        available <= 0n && "border-warn/50 bg-warn-soft",
      )}
    >
      <span className="sr-only">{t("credits.balance")}</span>{" "}
      <span data-testid="balance" className="font-semibold">
        {formatCredits(available)}
      </span>{" "}
      <span className="text-muted max-sm:sr-only">
        {t("credits.word", { count: available === 1_000_000n ? 1 : 2 })}
      </span>
    </Link>
  );
}
