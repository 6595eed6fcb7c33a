// Sends a message and follows its answer to the end, over as many connections as that takes. An answer is over when
// the server says so, and never because this page lost sight of it.
import type { QueryClient } from "@tanstack/react-query";
import { api, ask } from "@/api/client";
import { keys } from "@/api/keys";
import { isSessionLost, type Problem, problemOf, toProblem } from "@/api/problem";
import type { Accepted, Chat, Generation } from "@/api/types";
import { backOffMs, pause } from "@/lib/back-off";
import { notify } from "@/lib/notify";
import { randomId } from "@/lib/random-id";
import { tellTabs } from "@/lib/tabs";
import { signedInAgain } from "@/session/session";
import { dropSentDraft, restoreDraft, sendDraft } from "@/views/composer/draft";
import { createChat, discardChat, showCreated } from "@/views/sidebar/chats";
import { problemText, t } from "@/words";
import { type GenerationEvent, isEnd, readEvents } from "./events";
import { advance, begin, type Live, rewound } from "./live";
import { finish, refused, showStored } from "./outcome";
import { dropPending, isFresh, keepPending, pendingOf } from "./pending";
import { NEW_CHAT, setLive } from "./running";
import { watchSilence } from "./silence";

/** How often a server that says "too many" is asked before the text goes back to the composer. */
const REFUSALS_MAX = 4;

/** After so many connections without a word, the answer's state is asked for before the next. */
const ASK_AFTER = 2;

interface Run {
  client: QueryClient;
  /** Where it is shown: a chat's id, or NEW_CHAT until the server took the message. */
  name: string;
  /** Undefined until a chat was made for it. */
  chat: Chat["id"] | undefined;
  live: Live;
  control: AbortController;
  frame: number;
  onCreated: ((chat: string) => void) | undefined;
}

const runs = new Map<string, Run>();

export interface Sending {
  /** Undefined: the message makes a chat. */
  chat: string | undefined;
  text: string;
  /** Empty while the catalogue is still loading: the server's choice. */
  model: string;
  parent?: string;
  /** Called with the chat that was made, once the server took the message. */
  onCreated?: (chat: string) => void;
}

export async function send(client: QueryClient, sending: Sending): Promise<void> {
  const { chat, text, model, parent = "", onCreated } = sending;
  const name = chat ?? NEW_CHAT;
  if (runs.has(name)) return;
  const wanted = { question: text, parent, model };
  const live = begin({ key: keyOf(name, wanted), ...wanted });
  keepPending(name, live);
  sendDraft(name, text);
  await start({ client, name, chat, live, onCreated });
}

/** Goes on with a message that was on its way when the page was loaded anew. */
export function resume(client: QueryClient, name: string, onCreated: (chat: string) => void): void {
  const pending = pendingOf(name);
  if (!pending || runs.has(name)) return;
  if (!isFresh(pending)) {
    dropPending(name);
    restoreDraft(name, pending.question);
    return;
  }
  sendDraft(name, pending.question);
  const chat = name === NEW_CHAT ? pending.made : name;
  void start({ client, name, chat, live: begin(pending), onCreated });
}

type Wanted = Pick<Live, "question" | "parent" | "model">;

/** Messages that were taken back and may have arrived all the same, by chat. */
const takenBack = new Map<string, Live>();

/** A message that was taken back and is sent again is the same message, so that it cannot arrive twice. */
function keyOf(chat: string, wanted: Wanted): string {
  const back = takenBack.get(chat);
  takenBack.delete(chat);
  const same =
    back?.question === wanted.question &&
    back.parent === wanted.parent &&
    back.model === wanted.model;
  return same ? back.key : randomId();
}

/** Follows an answer that another page asked for, or this one before it was reloaded. */
export function attach(
  client: QueryClient,
  chat: string,
  generation: string,
  stored: Stored,
): void {
  if (runs.has(chat)) return;
  const live = begin({ key: generation, question: "", parent: "", model: stored.model });
  live.phase = "writing";
  live.checkpoint = stored.text;
  live.accepted = {
    generation,
    chat,
    userMessage: "",
    assistantMessage: stored.id,
    model: stored.model,
  };
  void start({ client, name: chat, chat, live, onCreated: undefined });
}

/** The assistant's message as far as it is stored. */
export interface Stored {
  id: string;
  text: string;
  model: string;
}

/** Stops the answer; what was written stays. A message that did not go out yet is taken back. */
export function stop(chat: string): void {
  const run = runs.get(chat);
  if (!run || run.live.stopping) return;
  if (run.live.phase === "resending") {
    takenBack.set(chat, run.live);
    dropPending(chat);
    restoreDraft(chat, run.live.question);
    run.control.abort();
    return;
  }
  show(run, { ...run.live, stopping: true });
  if (run.live.accepted) void cancel(run);
}

/** Asks until the server heard it, or the answer is over. */
async function cancel(run: Run): Promise<void> {
  const generation = run.live.accepted?.generation ?? "";
  const params = { path: { generation } };
  const { signal } = run.control;
  for (let tries = 0; runs.get(run.name) === run; tries++) {
    try {
      await ask(api.POST("/api/v1/generations/{generation}:cancel", { params }));
      return;
    } catch (thrown) {
      const problem = toProblem(thrown);
      if (!problem.retryable && !isSessionLost(problem)) {
        show(run, { ...run.live, stopping: false });
        notify({ text: t("chat.notStopped", { reason: problemText(problem) }), isError: true });
        return;
      }
    }
    await pause(backOffMs(tries), signal).catch(() => undefined);
  }
}

/** Lets go of every answer: the user left. They are written on without us. */
export function abandonAll(): void {
  for (const run of runs.values()) run.control.abort();
}

async function start(given: Omit<Run, "control" | "frame">): Promise<void> {
  const run: Run = { ...given, control: new AbortController(), frame: 0 };
  runs.set(run.name, run);
  refused(run.name).set(undefined);
  setLive(run.name, run.live);
  try {
    await follow(run);
  } catch (thrown) {
    if (!run.control.signal.aborted) giveBack(run, toProblem(thrown));
  } finally {
    cancelAnimationFrame(run.frame);
    runs.delete(run.name);
    setLive(run.name, undefined);
  }
}

/** Returns when the page shows how the answer ended. Throws when the message was refused. */
async function follow(run: Run): Promise<void> {
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
    await showStored(run.client, run.name, run.live); // The chat is gone, and the answer with it.
    return true;
  }
}

async function generationOf(run: Run): Promise<Generation> {
  const generation = run.live.accepted?.generation ?? "";
  const { signal } = run.control;
  const params = { path: { generation } };
  return ask(api.GET("/api/v1/generations/{generation}", { params, signal }));
}

async function isRunning(run: Run): Promise<boolean> {
  if (!run.live.accepted) return true;
  return !ENDED.has((await generationOf(run)).state ?? "");
}

const ENDED = new Set<string>(["DONE", "CANCELLED", "FAILED", "DEAD"]);

/** True: the server says that it is over, and what it stored is shown. */
async function settled(run: Run): Promise<boolean> {
  if (await isRunning(run)) return false;
  await showStored(run.client, run.name, run.live);
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

async function open(run: Run, signal: AbortSignal): Promise<ReadableStream<Uint8Array> | null> {
  const { live } = run;
  const common = { parseAs: "stream", signal } as const;
  if (live.accepted) {
    const headers = new Headers({ accept: "text/event-stream" });
    if (live.cursor) headers.set("last-event-id", live.cursor);
    const params = { path: { generation: live.accepted.generation } };
    return stream(
      api.GET("/api/v1/generations/{generation}/events", { params, headers, ...common }),
    );
  }
  const body = {
    text: live.question,
    ...(live.model ? { model: live.model } : {}),
    ...(live.parent ? { parent: live.parent } : {}),
  };
  run.chat ??= await makeChat(run);
  const { chat } = run;
  return stream(
    api.POST("/api/v1/chats/{chat}:generate", {
      params: { path: { chat } },
      headers: { accept: "text/event-stream", "idempotency-key": live.key },
      body,
      ...common,
    }),
  );
}

async function makeChat({ client, live, name }: Run): Promise<string> {
  const { id } = await createChat(client, live.model);
  keepPending(name, live, id);
  return id;
}

/** The body of a stream, or null when there is nothing left to send (204). */
async function stream(
  call: Promise<{ data?: unknown; error?: unknown; response: Response }>,
): Promise<ReadableStream<Uint8Array> | null> {
  const { error, response } = await call;
  if (!response.ok) throw problemOf(error, response);
  return response.status === 204 ? null : response.body;
}

/** True: the event ended the answer. */
function step(run: Run, event: GenerationEvent): boolean {
  if (event.name === "done" || event.name === "error") {
    if (isEnd(event)) finish(run.client, run.name, run.live, event);
    return isEnd(event);
  }
  const known = run.live.accepted !== undefined;
  show(run, advance(run.live, event));
  if (!known && run.live.accepted) taken(run, run.live.accepted);
  return false;
}

/** The server has the message. */
function taken(run: Run, { chat }: Accepted): void {
  dropPending(run.name);
  dropSentDraft(run.name);
  if (run.name === NEW_CHAT) moveIn(run, chat);
  void run.client.invalidateQueries({ queryKey: keys.balance }); // The price is held now.
  tellTabs(chat);
  if (run.live.stopping) void cancel(run);
}

/** The first message was taken: from now on its chat is one of the list. */
function moveIn(run: Run, chat: string): void {
  showCreated(run.client, chat);
  runs.delete(NEW_CHAT);
  runs.set(chat, run);
  run.name = chat;
  setLive(chat, run.live);
  run.onCreated?.(chat);
  setLive(NEW_CHAT, undefined);
}

/** Shows the new state with the next frame: a hundred tokens a second are sixty renderings at most. */
function show(run: Run, live: Live): void {
  run.live = live;
  if (document.hidden) {
    setLive(run.name, live);
    return;
  }
  run.frame ||= requestAnimationFrame(() => {
    run.frame = 0;
    setLive(run.name, run.live);
  });
}

/** The server did not take the message: nothing of it stays but the text. */
function giveBack(run: Run, problem: Problem): void {
  dropPending(run.name);
  restoreDraft(run.name, run.live.question);
  refused(run.name).set(problem);
  if (run.name === NEW_CHAT) {
    if (run.chat) void discardChat(run.chat);
    return;
  }
  void run.client.invalidateQueries({ queryKey: keys.chat(run.name) });
  void run.client.invalidateQueries({ queryKey: keys.messages(run.name) });
}
