// The end of an answer: its messages, its balance, and a refusal instead.
import type { Problem } from "@/api/problem";
import type { Message } from "@/api/types";
import { refreshBalance } from "@/data/credits";
import { reloadChat, showAnswer } from "@/data/messages";
import { tellTabs } from "@/data/tabs";
import { createStores } from "@/lib/store";
import type { EndEvent } from "./events";
import type { Live } from "./live";
import { shownText } from "./live";

/** Why a chat's last message was refused. The next message of the chat clears it. */
export const refused = createStores<Problem | undefined>(() => undefined).of;

/** Generations whose end this page saw. Older data may still call them running. */
const ended = new Set<string>();

export function hasEnded(generation: string): boolean {
  return ended.has(generation);
}

/** Puts the finished messages into the list, in the same turn in which the live answer leaves it. */
export function finish(chat: string, live: Live, event: EndEvent): void {
  if (live.accepted) ended.add(live.accepted.generation);
  const isWhole = event.name === "done" && !live.parent;
  showAnswer(chat, [...question(chat, live), ...answer(chat, live, event)], isWhole);
  void refreshBalance();
  tellTabs(chat);
}

/** Shows the stored answer in place of the live one. Throws when the server does not hand it out. */
export async function showStored(chat: string, live: Live): Promise<void> {
  await reloadChat(chat);
  if (live.accepted) ended.add(live.accepted.generation);
  void refreshBalance();
  tellTabs(chat);
}

function question(chat: string, live: Live): Message[] {
  const id = live.accepted?.userMessage;
  if (!id || !live.question) return [];
  return [blank({ id, chat, parent: live.parent, role: "USER", text: live.question })];
}

function answer(chat: string, live: Live, event: EndEvent): Message[] {
  if (event.name === "done") return event.data.message ? [event.data.message] : [];
  const id = live.accepted?.assistantMessage;
  if (!id) return [];
  const text = shownText(live);
  const { model, reasoning } = live;
  const creditsUsed = live.usage?.creditsUsed ?? "0";
  const failed = { role: "ASSISTANT", state: "FAILED", error: event.data } as const;
  return [blank({ id, chat, text, model, reasoning, creditsUsed, ...failed })];
}

function blank(known: Pick<Message, "id" | "chat" | "role" | "text"> & Partial<Message>): Message {
  return {
    parent: "",
    reasoning: "",
    model: "",
    askedModel: "",
    creditsUsed: "0",
    state: "DONE",
    attachments: [],
    siblings: [],
    siblingCount: 1,
    siblingIndex: 1,
    previousSibling: "",
    nextSibling: "",
    promptTokens: 0,
    completionTokens: 0,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    durationMs: 0,
    generation: "",
    ...known,
  };
}
