// Messages that are on their way, kept for this tab over a reload or a log-in. A message that is sent again has the
// same key, so nothing is lost and nothing arrives twice.
import { recallInTab, rememberInTab } from "@/lib/storage";
import type { Live, Start } from "./live";

/** An older message goes back to the composer, because its author may no longer want to send it. In milliseconds. */
const FRESH_MS = 15 * 60_000;

const KEY = "pending";

interface Pending extends Start {
  /** The chat that was made for it, when it is a first message. */
  made?: string;
  /** When it was sent, in milliseconds since 1970. */
  time: number;
}

function all(): Record<string, Pending> {
  try {
    return JSON.parse(recallInTab(KEY) ?? "{}") as Record<string, Pending>;
  } catch {
    return {};
  }
}

export function pendingOf(chat: string): Pending | undefined {
  return all()[chat];
}

export function isFresh(pending: Pending): boolean {
  return Date.now() - pending.time < FRESH_MS;
}

export function keepPending(chat: string, live: Live, made = ""): void {
  const { key, question, background, parent, model } = live;
  const time = pendingOf(chat)?.time ?? Date.now();
  const pending = { key, question, background, parent, model, time, ...(made ? { made } : {}) };
  rememberInTab(KEY, JSON.stringify({ ...all(), [chat]: pending }));
}

export function dropPending(chat: string): void {
  const { [chat]: dropped, ...rest } = all();
  if (dropped) rememberInTab(KEY, Object.keys(rest).length > 0 ? JSON.stringify(rest) : null);
}

export function forgetPending(): void {
  rememberInTab(KEY, null);
}
