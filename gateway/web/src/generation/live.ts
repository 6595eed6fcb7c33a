// The state of an answer while it is being written, and how each event changes it. No React, no network.
import type { Accepted, Usage } from "@/api/types";
import type { GenerationEvent } from "./events";

/** "resending": the server did not confirm the message. "reconnecting": it did, and then the connection broke. */
type Phase = "sending" | "resending" | "writing" | "waiting" | "reconnecting";

export interface Live {
  /** Names the message: on the server (Idempotency-Key), and in the list until it has an id. */
  key: string;
  phase: Phase;
  /** Text of the user's message; empty when another page sent it. */
  question: string;
  /** It may take its time: the answer comes when a provider has room. */
  background: boolean;
  /** Id of the message that the question follows. Empty: the last one shown. */
  parent: string;
  model: string;
  /** The ids that the server gave when it took the message. */
  accepted?: Accepted;
  answer: string;
  /** The text that was stored when this page was loaded. It is shown until the replayed stream is longer. */
  checkpoint: string;
  reasoning: string;
  /** Position in the stream, from which the next connection goes on. */
  cursor: string;
  /** When a waiting generation is tried again (RFC 3339). */
  retryTime?: string;
  usage?: Usage;
  /** The reader stopped the answer, and the server did not confirm it yet. */
  stopping?: boolean;
}

export type Start = Pick<Live, "key" | "question" | "background" | "parent" | "model">;

export function begin(start: Start): Live {
  return { ...start, phase: "sending", answer: "", checkpoint: "", reasoning: "", cursor: "" };
}

/** The state for a replay from the first event, when the server does not know the page's position. */
export function rewound(live: Live): Live {
  return {
    ...live,
    cursor: "",
    answer: "",
    reasoning: "",
    checkpoint: shownText(live),
  };
}

/** The state after an event. The events that end an answer change nothing here. */
export function advance(live: Live, event: GenerationEvent): Live {
  const next: Live = { ...live, cursor: event.cursor || live.cursor };
  if (live.phase === "reconnecting") next.phase = "writing";
  switch (event.name) {
    case "accepted":
      next.accepted = event.data;
      next.model = event.data.model || live.model;
      next.phase = "writing";
      break;
    case "delta":
      next.answer += event.data.text;
      next.phase = "writing";
      break;
    case "reasoning":
      next.reasoning += event.data.text;
      next.phase = "writing";
      break;
    case "waiting":
      next.phase = "waiting";
      if (event.data.retryTime) next.retryTime = event.data.retryTime;
      break;
    case "reset":
      next.answer = "";
      next.checkpoint = "";
      next.reasoning = "";
      break;
    case "usage":
      next.usage = event.data;
      break;
  }
  return next;
}

/** The text to show. It is never shorter than the text before a reload. */
export function shownText(live: Live): string {
  return live.answer.length >= live.checkpoint.length ? live.answer : live.checkpoint;
}
