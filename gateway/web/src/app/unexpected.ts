// No click is without an answer: what a handler throws is said to the reader, with the words that a report needs.

import { notify } from "@/lib/notify";
import { t } from "@/words";

/** The same fault is not said again so soon, in milliseconds. */
const QUIET_MS = 10_000;

let last = { text: "", time: 0 };

export function sayWhatIsUnexpected(): void {
  window.addEventListener("error", ({ error }) => say(error));
  window.addEventListener("unhandledrejection", ({ reason }) => say(reason));
}

function say(thrown: unknown): void {
  // Without an error object it is a browser's own note, and an abort is what somebody wanted.
  if (!(thrown instanceof Error) || thrown.name === "AbortError") return;
  const text = t("common.unexpected", { reason: `${thrown.name}: ${thrown.message}` });
  if (text === last.text && Date.now() - last.time < QUIET_MS) return;
  last = { text, time: Date.now() };
  notify({ text, isError: true });
}
