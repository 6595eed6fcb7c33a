// Where words come from. One language is loaded; choosing another will load its file and render anew.
import i18next from "i18next";
import type { Problem } from "@/api/problem";
import { formatCredits } from "@/lib/money";
import { en } from "./en";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

i18next.init({
  lng: "en",
  resources: { en: { translation: en } },
  initAsync: false,
  // React escapes what it renders.
  interpolation: { escapeValue: false },
});

export const t = i18next.t.bind(i18next) as typeof i18next.t;

/** What a problem says to people: our words where there are some, else the server's. */
export function problemText(problem: Problem): string {
  const key = `problem.${problem.reason}`;
  if (i18next.exists(key)) return t(key as "problem.UNREACHABLE");
  return problem.message;
}

/** "2 credits", "1 credit", "free" for nothing when the amount is a price. */
export function creditsText(amount: bigint): string {
  const one = amount === 1_000_000n || amount === -1_000_000n;
  return t("credits.unit", { count: one ? 1 : 2, amount: formatCredits(amount) });
}
