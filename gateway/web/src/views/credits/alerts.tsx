import { useAlerts, useBudgets } from "@/data/credits";
import { formatDateTime } from "@/lib/time";
import { t } from "@/words";

/** At most so many, the newest first. */
const SHOWN = 5;

/** Budgets and limits that were nearly or wholly used. Without any there is nothing. */
export function Alerts() {
  const { data } = useAlerts();
  const { data: budgets } = useBudgets();
  if (!data || data.alerts.length === 0) return null;
  const nameOf = (subject: string) =>
    budgets?.budgets.find((one) => one.id === subject)?.displayName || t("alerts.payAsYouGo");
  return (
    <section className="mt-10">
      <h2 className="text-lg font-semibold tracking-tight">{t("alerts.title")}</h2>
      <ul className="mt-3 text-sm">
        {data.alerts.slice(0, SHOWN).map((alert) => (
          <li
            key={`${alert.subject} ${alert.period} ${alert.percent} ${alert.createTime}`}
            className="flex flex-wrap items-baseline justify-between gap-x-3 border-b border-line py-2.5"
          >
            <span className={alert.percent >= 100 ? "text-danger" : ""}>
              {t("alerts.reached", {
                name: alert.displayName || nameOf(alert.subject),
                percent: alert.percent,
              })}
              {alert.period && (
                <span className="text-muted"> · {t(`credits.period.${alert.period}`)}</span>
              )}
            </span>
            <span className="text-xs text-muted">{formatDateTime(alert.createTime)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
