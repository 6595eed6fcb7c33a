// Follows an answer to its end, over as many connections as it takes. Only the server says that an answer is over: a
// lost connection never does.
import { isSessionLost, toProblem } from "@/api/problem";
import type { Accepted } from "@/api/types";
import { showCreated } from "@/data/chats";
import { balanceIsHeld } from "@/data/credits";
import { dropSentDraft } from "@/data/drafts";
import { signedInAgain } from "@/data/session";
import { tellTabs } from "@/data/tabs";
import { backOffMs, pause } from "@/lib/back-off";
import { cancel, isRunning, open } from "./connection";
import { type GenerationEvent, isEnd, readEvents } from "./events";
import { advance, rewound } from "./live";
import { finish, showStored } from "./outcome";
import { dropPending } from "./pending";
import { type Run, runs, show } from "./run";
import { NEW_CHAT, setLive } from "./running";
import { watchSilence } from "./silence";

/** After so many answers of status 429 the text returns to the composer. */
const REFUSALS_MAX = 4;

/** After so many connections without an event the page asks for the answer's state first. */
const ASK_AFTER = 2;

/** Returns when the page shows how the answer ended. Throws when the message was refused. */
export async function follow(run: Run): Promise<void> {
  const { signal } = run.control;
  for (let tries = 0; ; tries++) {
    const before = run.live.cursor;
    if (await attempt(run, tries)) return;
    signal.throwIfAborted();
    if (run.live.cursor !== before) tries = 0;
    show(run, { ...run.live, phase: run.live.accepted ? "reconnecting" : "resending" });
    await pause(backOffMs(tries), signal);
  }
}

/** One connection. True: the page shows how the answer ended. */
async function attempt(run: Run, tries: number): Promise<boolean> {
  const { signal } = run.control;
  try {
    if (run.live.accepted && tries >= ASK_AFTER && (await settled(run))) return true;
    return await watch(run);
  } catch (thrown) {
    signal.throwIfAborted();
    const problem = toProblem(thrown);
    if (isSessionLost(problem)) {
      await signedInAgain(signal);
      return false;
    }
    if (!run.live.accepted) {
      const busy = problem.status === 429 && tries + 1 >= REFUSALS_MAX;
      if (!problem.retryable || busy) throw problem;
      return false;
    }
    if (problem.reason === "CURSOR_INVALID") run.live = rewound(run.live);
    if (problem.status !== 404) return false;
    await showStored(run.name, run.live); // The chat was deleted, and its answer with it.
    return true;
  }
}

/** True: the answer is over by the server's word, and the stored text is shown. */
async function settled(run: Run): Promise<boolean> {
  if (await isRunning(run)) return false;
  await showStored(run.name, run.live);
  return true;
}

/** Follows one connection while it lasts. True: the answer has ended. False: the connection has. */
async function watch(run: Run): Promise<boolean> {
  const connection = new AbortController();
  const leave = () => connection.abort();
  run.control.signal.addEventListener("abort", leave);
  const watcher = watchSilence(() => isRunning(run), leave);
  try {
    const body = await open(run, connection.signal);
    if (!body) return await settled(run);
    for await (const event of readEvents(body, watcher.heardBytes)) {
      watcher.heardEvent();
      if (step(run, event)) return true;
    }
    return false;
  } catch (thrown) {
    if (connection.signal.aborted) return false;
    throw thrown;
  } finally {
    watcher.end();
    run.control.signal.removeEventListener("abort", leave);
  }
}

/** True: the event ended the answer. */
function step(run: Run, event: GenerationEvent): boolean {
  if (event.name === "done" || event.name === "error") {
    if (isEnd(event)) finish(run.name, run.live, event);
    return isEnd(event);
  }
  const known = run.live.accepted !== undefined;
  show(run, advance(run.live, event));
  if (!known && run.live.accepted) taken(run, run.live.accepted);
  return false;
}

/** The server took the message. */
function taken(run: Run, { chat }: Accepted): void {
  dropPending(run.name);
  dropSentDraft(run.name);
  if (run.name === NEW_CHAT) moveIn(run, chat);
  balanceIsHeld();
  tellTabs(chat);
  if (run.live.stopping) void cancel(run);
}

/** The server took a first message: its chat is one of the list from now on. */
function moveIn(run: Run, chat: string): void {
  showCreated(chat);
  runs.delete(NEW_CHAT);
  runs.set(chat, run);
  run.name = chat;
  setLive(chat, run.live);
  run.onCreated?.(chat);
  setLive(NEW_CHAT, undefined);
}
