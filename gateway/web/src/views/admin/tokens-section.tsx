import type { TokenFactor } from "@/api/types";
import { useTokenFactors } from "@/data/token-factors";
import { formatDateTime } from "@/lib/time";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";

/** How the tokens of each family of models differ from ours. */
export function TokensSection() {
  const { data, error, refetch } = useTokenFactors();
  if (error && !data) {
    return (
      <ProblemPanel
        title={t("admin.tokens.failed")}
        problem={error}
        onRetry={() => void refetch()}
        className="mt-5"
      />
    );
  }
  if (!data) return <Skeleton className="my-6 h-24" />;
  return (
    <>
      <p className="mt-5 text-sm text-soft">{t("admin.tokens.about")}</p>
      {data.factors.length === 0 && (
        <p className="py-8 text-center text-sm text-muted">{t("admin.tokens.none")}</p>
      )}
      <ul className="mt-3">
        {data.factors.map((one) => (
          <Row key={one.family} one={one} />
        ))}
      </ul>
    </>
  );
}

function Row({ one }: { one: TokenFactor }) {
  return (
    <li className="flex flex-wrap items-baseline gap-x-4 gap-y-1 border-b border-line py-2.5 text-sm">
      <span className="min-w-0 flex-1 font-medium wrap-anywhere">{one.family}</span>
      <span className="tabular-nums">
        {t("admin.tokens.factor", { factor: one.factor.toFixed(2) })}
      </span>
      <span className="text-soft tabular-nums">
        {t("admin.tokens.margin", { percent: Math.round((one.margin - 1) * 100) })}
      </span>
      <span className="w-full text-xs text-muted">
        {t("admin.tokens.learned", {
          count: Number(one.prompts),
          time: formatDateTime(one.updateTime),
        })}
      </span>
    </li>
  );
}
