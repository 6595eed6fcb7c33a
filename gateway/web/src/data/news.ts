// Hears from the server what happens without this page's doing. Only a tab that is seen listens: browsers have six connections
// for all tabs of a server, and hidden tabs ask anew when they are seen again.
import { useEffect } from "react";
import { isSessionLost, Problem, problemOf, toProblem } from "@/api/problem";
import { backOffMs, pause } from "@/lib/back-off";
import { readSse } from "@/lib/sse";
import { refresh } from "./cache";
import { api } from "./client";
import { tellAlerts } from "./credits";
import { draftChanged } from "./drafts";
import { keys } from "./keys";
import { signedInAgain } from "./session";

/** Each type of event (docs/modules/events.md) makes some data stale. */
const STALE: Record<string, (payload: Record<string, string>) => void> = {
  "generation.ended": ({ chat = "" }) =>
    refresh(keys.chats, keys.chat(chat), keys.messages(chat), keys.balance),
  "chat.changed": ({ chat = "" }) => refresh(keys.chats, keys.chat(chat)),
  "draft.changed": ({ chat = "", version = "" }) => draftChanged(chat, version),
  "chats.changed": () => refresh(keys.chats),
  "budget.alert": () => void tellAlerts().catch(() => undefined),
};

/** A connection without a byte for so long is dead, for a heartbeat comes every 15 s. In milliseconds. */
const DEAD_MS = 45_000;

/** The server ends the stream of a session before the page knows that its own log-out has worked. In milliseconds. */
const LOGGING_OUT_MS = 3000;

export function useServerNews(): void {
  useEffect(() => {
    const control = new AbortController();
    listen(control.signal).catch(() => undefined); // It rejects when the page leaves.
    return () => control.abort();
  }, []);
}

async function listen(signal: AbortSignal): Promise<never> {
  let cursor = "";
  for (let tries = 0; ; tries++) {
    await seen(signal);
    try {
      for await (const event of connect(cursor, signal)) {
        if (event.event === "error") throw new Problem(JSON.parse(event.data));
        if (event.id) cursor = event.id;
        tries = 0;
        apply(event.data);
      }
    } catch (thrown) {
      signal.throwIfAborted();
      const problem = toProblem(thrown);
      if (problem.reason === "CURSOR_INVALID") cursor = "";
      if (isSessionLost(problem)) {
        await pause(LOGGING_OUT_MS, signal);
        await signedInAgain(signal);
      }
    }
    await pause(backOffMs(tries), signal);
  }
}

/** One connection. It ends when the tab is hidden or the connection is dead. */
async function* connect(cursor: string, signal: AbortSignal) {
  const connection = new AbortController();
  const leave = () => connection.abort();
  const leaveHidden = () => document.visibilityState === "hidden" && leave();
  let timer = setTimeout(leave, DEAD_MS);
  signal.addEventListener("abort", leave);
  document.addEventListener("visibilitychange", leaveHidden);
  try {
    const headers = new Headers({ accept: "text/event-stream" });
    if (cursor) headers.set("last-event-id", cursor);
    const { error, response } = await api.GET("/api/v1/events", {
      headers,
      parseAs: "stream",
      signal: connection.signal,
    });
    if (!response.ok) throw problemOf(error, response);
    if (!response.body) return;
    yield* readSse(response.body, () => {
      clearTimeout(timer);
      timer = setTimeout(leave, DEAD_MS);
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
    document.removeEventListener("visibilitychange", leaveHidden);
  }
}

function apply(data: string): void {
  try {
    const { type, payload } = JSON.parse(data);
    STALE[type]?.(payload ?? {});
  } catch {
    // A proxy sent something else.
  }
}

/** Resolves when the tab is seen. */
function seen(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (document.visibilityState === "hidden" && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", look);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
    look();
  });
}
