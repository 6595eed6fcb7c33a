// The texts of the page. There is one language, English.
import i18next from "i18next";
import type { Problem } from "@/api/problem";
import { formatCredits } from "@/lib/money";
import { en } from "./en";
import type { pages } from "./en-pages";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en & typeof pages };
  }
}

i18next.init({
  lng: "en",
  resources: { en: { translation: en } },
  initAsync: false,
  // React escapes all that it renders.
  interpolation: { escapeValue: false },
});

let whole: Promise<unknown> | undefined;

/** The words of pages and windows. Rejected when the part is missing; the next call tries again. */
export function loadPageWords(): Promise<unknown> {
  whole ??= import("./en-pages").then(
    ({ pages }) => i18next.addResourceBundle("en", "translation", pages, true),
    (failure: unknown) => {
      whole = undefined;
      throw failure;
    },
  );
  return whole;
}

export const t = i18next.t.bind(i18next) as typeof i18next.t;

/** A problem in the page's words, or in the server's where the page has none. */
export function problemText(problem: Problem): string {
  const key = `problem.${problem.reason}`;
  if (i18next.exists(key)) return t(key as "problem.UNREACHABLE");
  return problem.message;
}

/** "2 credits", "1 credit". */
export function creditsText(amount: bigint): string {
  const one = amount === 1_000_000n || amount === -1_000_000n;
  return t("credits.unit", { count: one ? 1 : 2, amount: formatCredits(amount) });
}
