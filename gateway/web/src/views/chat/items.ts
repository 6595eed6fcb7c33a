// The rows of a chat: its stored messages, and below them the answer that is being written.
import type { Message } from "@/api/types";
import { type Live, shownText } from "@/generation/live";

interface Question {
  kind: "question";
  key: string;
  id: string;
  text: string;
  /** Id of the message that it follows, or empty. */
  parent: string;
}

export interface Answer {
  kind: "answer";
  key: string;
  id: string;
  text: string;
  reasoning: string;
  model: string;
  /** Set while the answer is written. */
  live?: Live;
  /** Set once the answer is stored. */
  message?: Message;
}

export type Item = Question | Answer;

/** The row of a message keeps the name that it had before the message got an id, so that it is not built anew. */
const firstNames = new Map<string, string>();

function nameOf(id: string): string {
  return firstNames.get(id) ?? id;
}

export function itemsOf(messages: Message[], live: Live | undefined): Item[] {
  if (!live) return messages.map(stored);
  const { accepted } = live;
  const own = `${live.key}:question`;
  const answer = `${live.key}:answer`;
  if (accepted && live.question) {
    firstNames.set(accepted.userMessage, own);
    firstNames.set(accepted.assistantMessage, answer);
  }

  const shown = branch(messages, live).map(stored);
  if (live.question && !shown.some((item) => item.id === accepted?.userMessage)) {
    shown.push({ kind: "question", key: own, id: "", text: live.question, parent: live.parent });
  }
  const id = accepted?.assistantMessage ?? "";
  shown.push({
    kind: "answer",
    key: id ? nameOf(id) : answer,
    id,
    text: shownText(live),
    reasoning: live.reasoning,
    model: live.model,
    live,
  });
  return shown;
}

/** The messages above the live answer. */
function branch(messages: Message[], live: Live): Message[] {
  const end = live.parent ? messages.findIndex((message) => message.id === live.parent) + 1 : 0;
  const above = end > 0 ? messages.slice(0, end) : messages;
  return above.filter((message) => message.id !== live.accepted?.assistantMessage);
}

const items = new WeakMap<Message, Item>();

/** The same message gives the same item, so that its row is not rendered again. */
function stored(message: Message): Item {
  let item = items.get(message);
  if (!item) {
    const { id, text, parent } = message;
    const key = nameOf(id);
    item =
      message.role === "USER"
        ? { kind: "question", key, id, text, parent }
        : {
            kind: "answer",
            key,
            id,
            text,
            reasoning: message.reasoning,
            model: message.model,
            message,
          };
    items.set(message, item);
  }
  return item;
}
