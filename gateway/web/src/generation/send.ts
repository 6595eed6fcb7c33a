// The ways of views into this folder: send a message, go on with it after a reload, stop its answer.
import { type Problem, toProblem } from "@/api/problem";
import { discardChat } from "@/data/chats";
import { restoreDraft, sendDraft } from "@/data/drafts";
import { refreshChat } from "@/data/messages";
import { randomId } from "@/lib/random-id";
import { cancel } from "./connection";
import { follow } from "./follow";
import { begin, type Live, type Start } from "./live";
import { refused } from "./outcome";
import { dropPending, isFresh, keepPending, pendingOf } from "./pending";
import { type Run, runs, show } from "./run";
import { NEW_CHAT, setLive } from "./running";

interface Sending {
  /** Undefined: the message makes a chat. */
  chat: string | undefined;
  text: string;
  /** Empty while the catalogue is loading: then the server chooses. */
  model: string;
  parent?: string;
  /** The answer may take its time. */
  background?: boolean;
  /** Gets the id of a new chat, once the server took its first message. */
  onCreated?: (chat: string) => void;
}

export async function send(sending: Sending): Promise<void> {
  const { chat, text, model, parent = "", background = false, onCreated } = sending;
  const name = chat ?? NEW_CHAT;
  if (runs.has(name)) return;
  const wanted = { question: text, background, parent, model };
  const live = begin({ key: keyOf(name, wanted), ...wanted });
  keepPending(name, live);
  sendDraft(name, text);
  await start({ name, chat, live, onCreated });
}

/** Goes on with a message that was on its way when the page was loaded anew. */
export function resume(name: string, onCreated: (chat: string) => void): void {
  const pending = pendingOf(name);
  if (!pending || runs.has(name)) return;
  if (!isFresh(pending)) {
    dropPending(name);
    restoreDraft(name, pending.question);
    return;
  }
  sendDraft(name, pending.question);
  const chat = name === NEW_CHAT ? pending.made : name;
  void start({ name, chat, live: begin(pending), onCreated });
}

type Wanted = Omit<Start, "key">;

/** By chat: messages that the reader took back. The server may have them all the same. */
const takenBack = new Map<string, Live>();

/** A message that was taken back keeps its key when it is sent again, so that it cannot arrive twice. */
function keyOf(chat: string, wanted: Wanted): string {
  const back = takenBack.get(chat);
  takenBack.delete(chat);
  const same =
    back?.question === wanted.question &&
    back.background === wanted.background &&
    back.parent === wanted.parent &&
    back.model === wanted.model;
  return same ? back.key : randomId();
}

/** Follows an answer that another tab asked for, or this one before a reload. */
export function attach(chat: string, generation: string, stored: Stored): void {
  if (runs.has(chat)) return;
  const live = begin({
    key: generation,
    question: "",
    background: false,
    parent: "",
    model: stored.model,
  });
  live.phase = "writing";
  live.checkpoint = stored.text;
  live.accepted = {
    generation,
    chat,
    userMessage: "",
    assistantMessage: stored.id,
    model: stored.model,
  };
  void start({ name: chat, chat, live, onCreated: undefined });
}

/** The stored beginning of an answer. */
interface Stored {
  id: string;
  text: string;
  model: string;
}

/** Stops the answer, and keeps its text. A message that did not go out yet returns to the composer. */
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

/** Stops following every answer, because the user left. The server goes on writing them. */
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

/** The server refused the message: its text returns to the composer. */
function giveBack(run: Run, problem: Problem): void {
  dropPending(run.name);
  restoreDraft(run.name, run.live.question);
  refused(run.name).set(problem);
  if (run.name === NEW_CHAT) {
    if (run.chat) void discardChat(run.chat);
    return;
  }
  refreshChat(run.name);
}
