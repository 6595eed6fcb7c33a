import type { Plan } from "@/api/types";
import { usePlans, useSubscribe, useSubscriptions } from "@/data/plans";
import { formatMoney, micro } from "@/lib/money";
import { Button } from "@/ui/button";
import { ProblemPanel } from "@/ui/problem-panel";
import { creditsText, t } from "@/words";

/** Plans for sale. Without any there is nothing. */
export function Plans({ visitor }: { visitor: boolean }) {
  const { data } = usePlans();
  const { data: mine } = useSubscriptions(!visitor);
  if (!data || data.plans.length === 0) return null;
  const has = (plan: Plan) =>
    mine?.subscriptions.some((one) => one.plan === plan.id && one.state !== "ENDED") ?? false;
  return (
    <section className="mt-10">
      <h2 className="text-lg font-semibold tracking-tight">{t("plans.title")}</h2>
      <p className="mt-1 text-sm text-soft">{t("plans.lead")}</p>
      <ul className="mt-4 grid gap-4 sm:grid-cols-[repeat(auto-fill,minmax(240px,1fr))]">
        {data.plans.map((plan) => (
          <li key={plan.id} className="flex flex-col rounded-2xl border border-line bg-raised p-6">
            <h3 className="font-medium">{plan.displayName}</h3>
            <p className="mt-3 text-3xl font-semibold tracking-tight">
              {plan.price && formatMoney(plan.price.currency, plan.price.minorUnits)}
              <span className="text-sm font-normal text-soft">
                {t(plan.interval === "YEAR" ? "plans.aYear" : "plans.aMonth")}
              </span>
            </p>
            <p className="mt-1 text-sm font-medium text-accent">
              {t(plan.interval === "YEAR" ? "plans.creditsYear" : "plans.creditsMonth", {
                amount: creditsText(micro(plan.credits)),
              })}
            </p>
            <p className="mt-3 mb-5 text-sm text-soft">{plan.description}</p>
            {!visitor && data.purchasable && (
              <div className="mt-auto">
                {has(plan) ? (
                  <p className="text-sm text-good">{t("plans.yours")}</p>
                ) : (
                  <Subscribe plan={plan} />
                )}
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Subscribe({ plan }: { plan: Plan }) {
  const { mutate, isPending, isSuccess, error } = useSubscribe();
  return (
    <>
      <Button
        className="w-full"
        aria-label={`${t("plans.subscribe")}: ${plan.displayName}`}
        disabled={isPending || isSuccess}
        onClick={() => mutate(plan.id)}
      >
        {t(isPending || isSuccess ? "pricing.buying" : "plans.subscribe")}
      </Button>
      {error && <ProblemPanel title={t("pricing.notOpened")} problem={error} className="mt-3" />}
    </>
  );
}
