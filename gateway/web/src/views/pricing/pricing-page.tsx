import { Info } from "lucide-react";
import { Link } from "wouter";
import type { Package } from "@/api/types";
import { pricesOf, useModels } from "@/data/models";
import { useBuy, usePackages } from "@/data/payments";
import { session } from "@/data/session";
import { formatCredits, formatMoney, micro } from "@/lib/money";
import { useStore } from "@/lib/store";
import { Button, buttonClass } from "@/ui/button";
import { CELL } from "@/ui/cell";
import { cn } from "@/ui/cn";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { priceDetails } from "@/views/model/choice";
import { Page } from "@/views/page/page";
import { PaymentHistory } from "@/views/payments/history";
import { creditsText, t } from "@/words";
import { Plans } from "./plans";

export default function PricingPage() {
  const visitor = useStore(session) === "out";
  return (
    <Page title={t("pricing.title")} lead={t("pricing.lead")}>
      <Packages visitor={visitor} />
      <Plans visitor={visitor} />
      {visitor ? (
        <p className="mt-8">
          <Link href="/signup" className={buttonClass("primary")}>
            {t("pricing.signUp")}
          </Link>
        </p>
      ) : (
        <>
          <PaymentHistory />
          <ModelPrices />
        </>
      )}
    </Page>
  );
}

function Packages({ visitor }: { visitor: boolean }) {
  const { data, error, refetch } = usePackages();
  if (error && !data) {
    return (
      <ProblemPanel
        title={t("pricing.title")}
        problem={error}
        onRetry={() => void refetch()}
        className="mt-6"
      />
    );
  }
  if (!data) return <Skeleton className="mt-8 h-56" />;
  if (data.packages.length === 0) return <p className="mt-8 text-soft">{t("pricing.none")}</p>;
  return (
    <>
      <ul className="mt-8 grid gap-4 sm:grid-cols-[repeat(auto-fit,minmax(220px,1fr))]">
        {data.packages.map((one) => (
          <Offer
            key={one.id}
            offer={one}
            visitor={visitor}
            purchasable={data.purchasable && !visitor}
          />
        ))}
      </ul>
      {(!data.purchasable || data.testMode) && (
        <p className="mt-4 flex gap-2.5 text-sm text-soft">
          <Info aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
          {t(data.purchasable ? "pricing.testMode" : "pricing.unavailable")}
        </p>
      )}
    </>
  );
}

function Offer({
  offer,
  visitor,
  purchasable,
}: {
  offer: Package;
  visitor: boolean;
  purchasable: boolean;
}) {
  const credits = micro(offer.credits);
  return (
    <li
      className={cn(
        "relative flex flex-col rounded-2xl border bg-raised p-6",
        offer.highlighted ? "border-accent" : "border-line",
      )}
    >
      {offer.highlighted && (
        <span className="absolute -top-2.5 left-5 rounded-full bg-accent px-2.5 py-0.5 text-[11px] font-semibold text-on-accent">
          {t("pricing.popular")}
        </span>
      )}
      <h2 className="font-medium">{offer.displayName}</h2>
      <p className="mt-3 text-3xl font-semibold tracking-tight">
        {offer.price && formatMoney(offer.price.currency, offer.price.minorUnits)}
      </p>
      <p className="mt-1 text-sm font-medium text-accent">{creditsText(credits)}</p>
      {!visitor && <About credits={credits} />}
      <p className="mt-3 mb-5 text-sm text-soft">{offer.description}</p>
      {purchasable && <Buy offer={offer} />}
    </li>
  );
}

function Buy({ offer }: { offer: Package }) {
  const { mutate, isPending, isSuccess, error } = useBuy();
  return (
    <div className="mt-auto">
      <Button
        look={offer.highlighted ? "primary" : "outline"}
        className="w-full"
        aria-label={`${t("pricing.buy")}: ${offer.displayName}`}
        disabled={isPending || isSuccess}
        onClick={() => mutate(offer.id)}
      >
        {t(isPending || isSuccess ? "pricing.buying" : "pricing.buy")}
      </Button>
      {error && <ProblemPanel title={t("pricing.notOpened")} problem={error} className="mt-3" />}
    </div>
  );
}

/** The worth of the credits, in messages to the first model with a price by the message. */
function About({ credits }: { credits: bigint }) {
  const { data: models } = useModels();
  const model = models?.find((one) => pricesOf(one).perMessage > 0n);
  if (!model) return null;
  const messages = (credits / pricesOf(model).perMessage).toLocaleString("en");
  return (
    <p className="mt-0.5 text-xs text-muted">
      {t("pricing.about", { messages, model: model.displayName })}
    </p>
  );
}

/** A part of the price that is zero reads as a dash. */
function rate(amount: bigint): string {
  return amount === 0n ? "–" : formatCredits(amount);
}

function ModelPrices() {
  const { data: models } = useModels();
  if (!models || models.length === 0) return null;
  const byToken = models.some((model) => {
    const { input, output } = pricesOf(model);
    return input > 0n || output > 0n;
  });
  return (
    <section className="mt-12">
      <h2 className="text-lg font-semibold tracking-tight">{t("pricing.models")}</h2>
      <p className="mt-1 text-sm text-soft">{t("pricing.modelsText")}</p>
      <div className="overflow-x-auto">
        <table className="mt-3 w-full text-sm">
          <thead>
            <tr className="text-xs text-muted">
              <th className={cn(CELL, "text-left font-medium")}>{t("pricing.model")}</th>
              <th className={cn(CELL, "text-right font-medium")}>{t("pricing.message")}</th>
              {byToken && (
                <>
                  <th className={cn(CELL, "text-right font-medium")}>{t("pricing.input")}</th>
                  <th className={cn(CELL, "text-right font-medium")}>{t("pricing.output")}</th>
                </>
              )}
            </tr>
          </thead>
          <tbody className="tabular-nums">
            {models.map((model) => {
              const { perMessage, input, output } = pricesOf(model);
              const details = priceDetails(model);
              return (
                <tr key={model.id}>
                  <td className={CELL}>
                    {model.displayName}
                    <span className="block text-xs text-muted">{model.description}</span>
                    {details.map((detail) => (
                      <span key={detail} className="block text-xs text-soft">
                        {detail}
                      </span>
                    ))}
                  </td>
                  <td className={cn(CELL, "text-right")}>{rate(perMessage)}</td>
                  {byToken && (
                    <>
                      <td className={cn(CELL, "text-right")}>{rate(input)}</td>
                      <td className={cn(CELL, "text-right")}>{rate(output)}</td>
                    </>
                  )}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
