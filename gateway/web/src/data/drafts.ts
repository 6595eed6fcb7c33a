// What is written and not yet sent, kept per chat over reloads.
import { forgetAll, recall, remember } from "@/lib/storage";
import { createStores } from "@/lib/store";

const PREFIX = "draft.";

const drafts = createStores((chat) => recall(PREFIX + chat) ?? "");

export const draftOf = drafts.of;

export function setDraft(chat: string, text: string): void {
  draftOf(chat).set(text);
  remember(PREFIX + chat, text || null);
}

/** Empties the composer if it is its text that goes out. What is stored stays until the server has the text. */
export function sendDraft(chat: string, text: string): void {
  const draft = draftOf(chat);
  if (draft.get().trim() === text.trim()) draft.set("");
}

/** The server has the text: only what was written since is stored. */
export function dropSentDraft(chat: string): void {
  setDraft(chat, draftOf(chat).get());
}

/** Gives a text back that could not be sent, above what was written since. */
export function restoreDraft(chat: string, text: string): void {
  const since = draftOf(chat).get();
  setDraft(chat, since && since !== text ? `${text}\n\n${since}` : text);
}

/** The next user of this browser shall not read them. */
export function forgetDrafts(): void {
  for (const draft of drafts.all()) draft.set("");
  forgetAll(PREFIX);
}
