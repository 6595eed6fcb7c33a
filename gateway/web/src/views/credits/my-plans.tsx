import type { Subscription } from "@/api/types";
import { useChangeSubscription, usePlanBalances, usePlans, useSubscriptions } from "@/data/plans";
import { micro } from "@/lib/money";
import { formatDate } from "@/lib/time";
import { Button } from "@/ui/button";
import { ProblemPanel } from "@/ui/problem-panel";
import { creditsText, t } from "@/words";

/** The caller's plans: what is left, when they are renewed, and their end. Without any there is nothing. */
export function MyPlans() {
  const { data } = useSubscriptions();
  const change = useChangeSubscription();
  if (!data || data.subscriptions.length === 0) return null;
  return (
    <section className="mt-10">
      <h2 className="text-lg font-semibold tracking-tight">{t("plans.mine")}</h2>
      <ul className="mt-3 text-sm">
        {data.subscriptions.map((one) => (
          <Row
            key={one.id}
            subscription={one}
            busy={change.isPending}
            onChange={(resume) => change.mutate({ id: one.id, resume })}
          />
        ))}
      </ul>
      {change.error && (
        <ProblemPanel title={t("plans.notChanged")} problem={change.error} className="mt-3" />
      )}
    </section>
  );
}

function Row({
  subscription,
  busy,
  onChange,
}: {
  subscription: Subscription;
  busy: boolean;
  onChange: (resume: boolean) => void;
}) {
  const { data: plans } = usePlans();
  const { data: balances } = usePlanBalances();
  const { plan, state, cancels } = subscription;
  const left = balances?.plans.find((one) => one.plan === plan);
  const ended = state === "ENDED";
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 border-b border-line py-3">
      <div className="min-w-0">
        <p className="font-medium">
          {plans?.plans.find((one) => one.id === plan)?.displayName ?? plan}
        </p>
        <p className="text-muted">
          {[
            left && !ended && t("plans.left", { amount: creditsText(micro(left.available)) }),
            when(subscription),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      {!ended && (
        <Button
          size="small"
          look={cancels ? "outline" : "danger"}
          disabled={busy}
          onClick={() => onChange(cancels)}
        >
          {t(cancels ? "plans.resume" : "plans.cancel")}
        </Button>
      )}
    </li>
  );
}

function when({ state, cancels, periodEndTime, endTime }: Subscription): string {
  if (state === "ENDED") return t("plans.ended", { date: formatDate(endTime) });
  if (state === "PAST_DUE") return t("plans.pastDue");
  if (state === "UNPAID") return t("plans.unpaid");
  return t(cancels ? "plans.ends" : "plans.renews", { date: formatDate(periodEndTime) });
}
