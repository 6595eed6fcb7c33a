// Texts that are not sent yet, one a chat, kept over reloads.
import { forgetAll, recall, remember } from "@/lib/storage";
import { createStores } from "@/lib/store";

const PREFIX = "draft.";

const drafts = createStores((chat) => recall(PREFIX + chat) ?? "");

export const draftOf = drafts.of;

export function setDraft(chat: string, text: string): void {
  draftOf(chat).set(text);
  remember(PREFIX + chat, text || null);
}

/** Empties the composer when its text goes out. Storage keeps the text until the server took it. */
export function sendDraft(chat: string, text: string): void {
  const draft = draftOf(chat);
  if (draft.get().trim() === text.trim()) draft.set("");
}

/** The server took the text: storage keeps only newer text. */
export function dropSentDraft(chat: string): void {
  setDraft(chat, draftOf(chat).get());
}

/** Puts a text that was not sent back into the composer, above newer text. */
export function restoreDraft(chat: string, text: string): void {
  const since = draftOf(chat).get();
  setDraft(chat, since && since !== text ? `${text}\n\n${since}` : text);
}

/** The next user of this browser must not read them. */
export function forgetDrafts(): void {
  for (const draft of drafts.all()) draft.set("");
  forgetAll(PREFIX);
}
