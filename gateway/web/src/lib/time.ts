/** Groups in a list of chats, by the reader's calendar. */
export type Age = "today" | "yesterday" | "week" | "month" | "older";

const DAY_MS = 86_400_000;

export function ageOf(time: string | undefined, now: Date): Age {
  if (!time) return "older";
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const at = new Date(time).getTime();
  if (at >= midnight) return "today";
  if (at >= midnight - DAY_MS) return "yesterday";
  if (at >= midnight - 7 * DAY_MS) return "week";
  if (at >= midnight - 30 * DAY_MS) return "month";
  return "older";
}

export function formatDateTime(time: string | undefined, locale = "en"): string {
  if (!time) return "";
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(
    new Date(time),
  );
}

export function formatDate(time: string | undefined, locale = "en"): string {
  if (!time) return "";
  return new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(new Date(time));
}

/** A day of the API ("2026-11-21"), without a time zone. */
export function formatDay(day: string, locale = "en"): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(
    new Date(`${day}T00:00:00Z`),
  );
}

/** This month (UTC's) and those before it, the newest first: "2026-11", "November 2026". */
export function lastMonths(n: number, now: Date, locale = "en") {
  const format = new Intl.DateTimeFormat(locale, {
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  return Array.from({ length: n }, (_, back) => {
    const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1));
    return { value: first.toISOString().slice(0, 7), label: format.format(first) };
  });
}

/** "0.8 s", "12 s", "2 min 5 s". */
export function formatSeconds(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
