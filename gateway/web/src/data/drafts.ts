// Texts that are not sent yet, one a chat. The browser has each at once, and the server a moment later, for other devices.
import { useEffect } from "react";
import { forgetAll, recall, remember } from "@/lib/storage";
import { createStores } from "@/lib/store";
import { api, ask } from "./client";

const PREFIX = "draft.";
const STATE = "draftstate.";

/** The name of the chat that is to be made. The server has none for it. */
const NEW = "new";

/** So long after the last key a text is stored, and after so much typing. In milliseconds. */
const PAUSE_MS = 1500;
const LONGEST_MS = 8000;

/** A text that was typed so long ago gives way to that of another page. In milliseconds. */
const TYPING_MS = 15_000;

const drafts = createStores((chat) => recall(PREFIX + chat) ?? "");

export const draftOf = drafts.of;

interface State {
  /** The server's version that the text was made of. */
  version: number;
  /** When it was typed, in milliseconds since 1970. 0: the server has it. */
  typed: number;
}

const states = new Map<string, State>();

function stateOf(chat: string): State {
  let state = states.get(chat);
  if (!state) {
    const [version = 0, typed = 0] = (recall(STATE + chat) ?? "").split(" ").map(Number);
    state = { version: version || 0, typed: typed || 0 };
    states.set(chat, state);
  }
  return state;
}

function note(chat: string, change: Partial<State>): void {
  const state = Object.assign(stateOf(chat), change);
  remember(STATE + chat, state.version || state.typed ? `${state.version} ${state.typed}` : null);
}

/** Shows a text, and keeps it in this browser. */
function show(chat: string, text: string): void {
  draftOf(chat).set(text);
  remember(PREFIX + chat, text || null);
}

export function setDraft(chat: string, text: string): void {
  const same = text === (recall(PREFIX + chat) ?? "") && text === draftOf(chat).get();
  show(chat, text);
  if (same) return;
  note(chat, { typed: Date.now() });
  schedule(chat);
}

/** Empties the composer when its text goes out. Storage keeps the text until the server took it. */
export function sendDraft(chat: string, text: string): void {
  const draft = draftOf(chat);
  if (draft.get().trim() === text.trim()) draft.set("");
}

/** The server took the text: storage keeps only newer text. */
export function dropSentDraft(chat: string): void {
  setDraft(chat, draftOf(chat).get());
  flush(chat);
}

/** Puts a text that was not sent back into the composer, above newer text. */
export function restoreDraft(chat: string, text: string): void {
  const since = draftOf(chat).get();
  setDraft(chat, since && since !== text ? `${text}\n\n${since}` : text);
}

/** The next user of this browser must not read them. */
export function forgetDrafts(): void {
  for (const { timer } of waiting.values()) clearTimeout(timer);
  waiting.clear();
  states.clear();
  for (const draft of drafts.all()) draft.set("");
  forgetAll(PREFIX);
  forgetAll(STATE);
}

// ---------------------------------------------------------------- the server's copy

const waiting = new Map<string, { timer: number; since: number }>();

function schedule(chat: string): void {
  const { timer, since = Date.now() } = waiting.get(chat) ?? {};
  clearTimeout(timer);
  const wait = Math.max(0, Math.min(PAUSE_MS, since + LONGEST_MS - Date.now()));
  waiting.set(chat, { since, timer: window.setTimeout(() => flush(chat), wait) });
}

function flush(chat: string): void {
  clearTimeout(waiting.get(chat)?.timer);
  waiting.delete(chat);
  void save(chat).catch(() => undefined); // The browser has it. The next change tries again.
}

const named = (chat: string) => (chat === NEW ? "" : chat);

const saving = new Map<string, Promise<void>>();

/** One at a time for a chat, so that versions follow each other. */
function save(chat: string): Promise<void> {
  const before = saving.get(chat)?.catch(() => undefined) ?? Promise.resolve();
  const now = before.then(() => store(chat));
  saving.set(chat, now);
  return now;
}

async function store(chat: string): Promise<void> {
  for (let tries = 0; tries < 2; tries++) {
    const { version, typed } = stateOf(chat);
    if (typed === 0 || !navigator.onLine) return;
    // Of a text that is on its way storage has more than the composer.
    const text = recall(PREFIX + chat) ?? draftOf(chat).get();
    const stored = await ask(
      api.PUT("/api/v1/draft", { body: { chat: named(chat), text, version: String(version) } }),
    );
    const unchanged = stateOf(chat).typed === typed;
    note(chat, { version: Number(stored.version) });
    if (stored.stored) {
      if (unchanged) note(chat, { typed: 0 });
      return;
    }
    if (Date.now() - stateOf(chat).typed > TYPING_MS) {
      note(chat, { typed: 0 });
      show(chat, stored.text);
      return;
    }
  }
}

/** Asks whether another device wrote something. */
async function load(chat: string): Promise<void> {
  const draft = await ask(
    api.GET("/api/v1/draft", { params: { query: chat === NEW ? {} : { chat } } }),
  );
  const { version, typed } = stateOf(chat);
  if (typed) return save(chat);
  if (Number(draft.version) === version) return;
  note(chat, { version: Number(draft.version) });
  show(chat, draft.text);
}

/** Another page has stored a version. */
export function draftChanged(chat: string, version: string): void {
  const name = chat || NEW;
  if (Number(version) <= stateOf(name).version || (saving.has(name) && stateOf(name).typed)) return;
  void load(name).catch(() => undefined);
}

/** Keeps the draft of an open chat and the server's copy the same. */
export function useDraftSync(chat: string): void {
  useEffect(() => {
    void load(chat).catch(() => undefined);
    const leave = () => waiting.has(chat) && flush(chat);
    const leaveHidden = () => document.visibilityState === "hidden" && leave();
    const back = () => stateOf(chat).typed > 0 && flush(chat);
    document.addEventListener("visibilitychange", leaveHidden);
    window.addEventListener("online", back);
    return () => {
      leave();
      document.removeEventListener("visibilitychange", leaveHidden);
      window.removeEventListener("online", back);
    };
  }, [chat]);
}
