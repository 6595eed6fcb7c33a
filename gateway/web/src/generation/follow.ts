// Sends a message and follows its answer to the end, over as many connections as that takes.
import type { QueryClient } from "@tanstack/react-query";
import { api, ask } from "@/api/client";
import { keys } from "@/api/keys";
import { type Problem, problemOf, toProblem } from "@/api/problem";
import type { Chat } from "@/api/types";
import { restoreDraft } from "@/composer/draft";
import { backOffMs, pause } from "@/lib/back-off";
import { tellTabs } from "@/lib/tabs";
import { createChat } from "@/sidebar/chats";
import type { GenerationEvent } from "./events";
import { readEvents } from "./events";
import { advance, begin, type Live } from "./live";
import { finish, refetchChat, refused } from "./outcome";
import { NEW_CHAT, setLive } from "./running";

/** Tries to deliver a message before it is given back to the composer. */
const SEND_TRIES_MAX = 4;

interface Run {
  client: QueryClient;
  chat: string;
  live: Live;
  control: AbortController;
  stopWanted: boolean;
  frame: number;
}

const runs = new Map<string, Run>();

export interface Sending {
  /** Undefined: the message makes a chat. */
  chat: string | undefined;
  text: string;
  /** Empty while the catalogue is still loading: the server's choice. */
  model: string;
  parent?: string;
  /** Called with the chat that was made, before the message goes out. */
  onCreated?: (chat: Chat) => void;
}

export async function send(client: QueryClient, sending: Sending): Promise<void> {
  const { text, model, parent = "" } = sending;
  const live = begin({ key: crypto.randomUUID(), question: text, parent, model });
  let chat = sending.chat;
  if (!chat) {
    setLive(NEW_CHAT, live);
    try {
      const made = await createChat(client, model, live.key);
      chat = made.id;
      setLive(chat, live);
      sending.onCreated?.(made);
    } catch (thrown) {
      restoreDraft(NEW_CHAT, text);
      refused(NEW_CHAT).set(toProblem(thrown));
      return;
    } finally {
      setLive(NEW_CHAT, undefined);
    }
  }
  await start(client, chat, live);
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
  void start(client, chat, live);
}

/** The assistant's message as far as it is stored. */
export interface Stored {
  id: string;
  text: string;
  model: string;
}

/** Stops the answer; what was written stays. */
export function stop(chat: string): void {
  const run = runs.get(chat);
  if (!run || run.stopWanted) return;
  run.stopWanted = true;
  if (run.live.accepted) void cancel(run);
}

async function cancel(run: Run): Promise<void> {
  const generation = run.live.accepted?.generation ?? "";
  const params = { path: { generation } };
  try {
    await ask(api.POST("/api/v1/generations/{generation}:cancel", { params }));
  } catch (thrown) {
    run.stopWanted = false;
    refused(run.chat).set(toProblem(thrown));
  }
}

/** Lets go of every answer: the user left. They are written on without us. */
export function abandonAll(): void {
  for (const run of runs.values()) run.control.abort();
}

async function start(client: QueryClient, chat: string, live: Live): Promise<void> {
  const run: Run = {
    client,
    chat,
    live,
    control: new AbortController(),
    stopWanted: false,
    frame: 0,
  };
  runs.set(chat, run);
  refused(chat).set(undefined);
  setLive(chat, live);
  try {
    await follow(run);
  } catch (thrown) {
    if (!run.control.signal.aborted) await giveUp(run, toProblem(thrown));
  } finally {
    cancelAnimationFrame(run.frame);
    runs.delete(chat);
    setLive(chat, undefined);
  }
}

async function follow(run: Run): Promise<void> {
  const { signal } = run.control;
  for (let tries = 0; ; tries++) {
    const before = run.live.cursor;
    try {
      if (await watch(run)) return;
    } catch (thrown) {
      const problem = toProblem(thrown);
      const sent = run.live.accepted !== undefined;
      if (!problem.retryable || (!sent && tries + 1 >= SEND_TRIES_MAX)) throw problem;
    }
    signal.throwIfAborted();
    if (run.live.cursor !== before) tries = 0;
    show(run, { ...run.live, phase: run.live.accepted ? "reconnecting" : "sending" });
    await pause(backOffMs(tries), signal);
  }
}

/** One connection. True: the answer has ended. False: the connection has, and the answer has not. */
async function watch(run: Run): Promise<boolean> {
  const body = await open(run);
  if (!body) {
    await refetchChat(run.client, run.chat, run.live);
    return true;
  }
  for await (const event of readEvents(body)) {
    if (step(run, event)) return true;
  }
  return false;
}

function open(run: Run): Promise<ReadableStream<Uint8Array> | null> {
  const { live, chat } = run;
  const common = { parseAs: "stream", signal: run.control.signal } as const;
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
  return stream(
    api.POST("/api/v1/chats/{chat}:generate", {
      params: { path: { chat } },
      headers: { accept: "text/event-stream", "idempotency-key": live.key },
      body,
      ...common,
    }),
  );
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
    finish(run.client, run.chat, run.live, event);
    return true;
  }
  const known = run.live.accepted !== undefined;
  show(run, advance(run.live, event));
  if (!known && run.live.accepted) {
    void run.client.invalidateQueries({ queryKey: keys.balance }); // The price is held now.
    tellTabs(run.chat);
    if (run.stopWanted) void cancel(run);
  }
  return false;
}

/** Shows the new state with the next frame: a hundred tokens a second are sixty renderings at most. */
function show(run: Run, live: Live): void {
  run.live = live;
  if (document.hidden) {
    setLive(run.chat, live);
    return;
  }
  run.frame ||= requestAnimationFrame(() => {
    run.frame = 0;
    setLive(run.chat, run.live);
  });
}

async function giveUp(run: Run, problem: Problem): Promise<void> {
  if (!run.live.accepted) restoreDraft(run.chat, run.live.question);
  refused(run.chat).set(problem);
  await refetchChat(run.client, run.chat, run.live);
}
