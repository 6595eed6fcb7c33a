import { CircleCheck, CircleX, Clock } from "lucide-react";
import type { ReactNode } from "react";
import { Link, useSearch } from "wouter";
import { useBalance } from "@/data/credits";
import { useBooking, usePayment } from "@/data/payments";
import { micro } from "@/lib/money";
import { buttonClass } from "@/ui/button";
import { ProblemPanel } from "@/ui/problem-panel";
import { Spinner } from "@/ui/spinner";
import { Page } from "@/views/page/page";
import { creditsText, t } from "@/words";

/** Stripe sends people back to this page, after they paid or did not pay. */
export default function ResultPage({ result }: { result: "success" | "cancel" }) {
  const payment = new URLSearchParams(useSearch()).get("payment") ?? "";
  return (
    <Page title={t(`payments.${result}`)}>
      {result === "success" ? <Paid id={payment} /> : <NotPaid id={payment} />}
    </Page>
  );
}

function Paid({ id }: { id: string }) {
  const { data: payment, error, refetch, dataUpdatedAt } = usePayment(id, "PAID");
  const { data: balance } = useBalance();
  const paid = payment?.state === "PAID";
  useBooking(paid, dataUpdatedAt);
  if (error && !payment) {
    return (
      <ProblemPanel
        title={t("payments.success")}
        problem={error}
        onRetry={() => void refetch()}
        className="mt-6"
      />
    );
  }
  if (payment === null) return <Card icon={<CircleX />} title={t("payments.unknown")} />;
  if (!payment || !paid) {
    return <Card icon={<Spinner className="size-8" />} title={t("payments.waiting")} />;
  }
  return (
    <Card
      icon={<CircleCheck className="text-good" />}
      title={t("payments.done", { amount: creditsText(micro(payment.credits)) })}
      text={balance && t("payments.balance", { amount: creditsText(micro(balance.available)) })}
    >
      <Link href="/" className={buttonClass("primary")}>
        {t("nav.newChat")}
      </Link>
      {payment.receiptUrl && (
        <a
          href={payment.receiptUrl}
          target="_blank"
          rel="noreferrer"
          className={buttonClass("outline")}
        >
          {t("payments.receipt")}
        </a>
      )}
    </Card>
  );
}

function NotPaid({ id }: { id: string }) {
  const { data: payment } = usePayment(id);
  return (
    <Card icon={<Clock className="text-muted" />} title={t("payments.cancelText")}>
      {payment?.state === "OPEN" && payment.url && (
        <a href={payment.url} className={buttonClass("primary")}>
          {t("payments.goOn")}
        </a>
      )}
      <Link href="/pricing" className={buttonClass("outline")}>
        {t("payments.back")}
      </Link>
    </Card>
  );
}

function Card({
  icon,
  title,
  text,
  children,
}: {
  icon: ReactNode;
  title: string;
  text?: string | undefined;
  children?: ReactNode;
}) {
  return (
    <section
      aria-live="polite"
      className="mt-8 flex flex-col items-center rounded-2xl border border-line bg-raised px-6 py-12 text-center"
    >
      <span className="[&>svg]:size-9">{icon}</span>
      <p className="mt-4 text-lg font-medium">{title}</p>
      {text && <p className="mt-1 text-sm text-soft">{text}</p>}
      {children && <div className="mt-6 flex flex-wrap justify-center gap-3">{children}</div>}
    </section>
  );
}
