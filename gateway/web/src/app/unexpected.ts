// When a handler throws, a note says so, in the words that a report needs. No click stays without an answer.

import { notify } from "@/lib/notify";
import { t } from "@/words";

/** The same fault is said once in this time, in milliseconds. */
const QUIET_MS = 10_000;

let last = { text: "", time: 0 };

export function sayWhatIsUnexpected(): void {
  window.addEventListener("error", ({ error }) => say(error));
  window.addEventListener("unhandledrejection", ({ reason }) => say(reason));
}

function say(thrown: unknown): void {
  // Without an Error it is the browser's own event, and an abort is wanted.
  if (!(thrown instanceof Error) || thrown.name === "AbortError") return;
  const text = t("common.unexpected", { reason: `${thrown.name}: ${thrown.message}` });
  if (text === last.text && Date.now() - last.time < QUIET_MS) return;
  last = { text, time: Date.now() };
  notify({ text, isError: true });
}
