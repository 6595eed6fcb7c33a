import { useModels } from "@/data/models";
import { useMonthUsage, useTokenUsage } from "@/data/usage";
import { formatCredits, micro } from "@/lib/money";
import { formatCount } from "@/lib/numbers";
import { t } from "@/words";

/** This month by model, with its tokens where they are known. Without use there is nothing. */
export function Month() {
  const { data: usage } = useMonthUsage();
  const { data: tokens } = useTokenUsage();
  const { data: models } = useModels();
  if (!usage || usage.models.length === 0) return null;
  const nameOf = (id: string) => models?.find((one) => one.id === id)?.displayName ?? id;
  return (
    <section className="mt-10">
      <h2 className="text-lg font-semibold tracking-tight">{t("credits.month")}</h2>
      <ul className="mt-3 text-sm">
        {usage.models.map(({ model, amount, charges }) => {
          const used = tokens?.models.find((one) => one.key === model)?.tokens;
          const input = [used?.input, used?.cachedInput, used?.cacheWrite, used?.imageInput]
            .map(micro)
            .reduce((all, one) => all + one, 0n);
          const output = micro(used?.output) + micro(used?.reasoning);
          return (
            <li
              key={model}
              className="flex items-baseline justify-between gap-3 border-b border-line py-2.5"
            >
              <span className="min-w-0">
                <span className="block truncate">{nameOf(model)}</span>
                <span className="block text-xs text-muted">
                  {[
                    t("credits.answers", { count: Number(charges) }),
                    used &&
                      t("tokens.inOut", {
                        input: formatCount(input.toString()),
                        output: formatCount(output.toString()),
                      }),
                    micro(used?.cachedInput) > 0n &&
                      t("tokens.cachedInput", { tokens: formatCount(used?.cachedInput) }),
                    micro(used?.reasoning) > 0n &&
                      t("tokens.reasoning", { tokens: formatCount(used?.reasoning) }),
                  ]
                    .filter(Boolean)
                    .join(" · ")}
                </span>
              </span>
              <span className="shrink-0 font-medium tabular-nums">
                {formatCredits(micro(amount))}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
