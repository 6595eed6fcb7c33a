// What is known of an answer while it is being written, and how each event changes it. No React, no network.
import type { Accepted, Usage } from "@/api/types";
import type { GenerationEvent } from "./events";

/** "resending": the message did not arrive, as far as is known. "reconnecting": it did, and its answer is out of sight. */
type Phase = "sending" | "resending" | "writing" | "waiting" | "reconnecting";

export interface Live {
  /** Names this sending on the server (Idempotency-Key) and in the list until the messages have ids. */
  key: string;
  phase: Phase;
  /** Text of the user's message; empty when another page sent it. */
  question: string;
  /** Message that the question answers; empty: the last one shown. */
  parent: string;
  model: string;
  /** Ids, once the server accepted. */
  accepted?: Accepted;
  answer: string;
  /** Text that was stored when this page came; shown until the replayed stream is past it. */
  checkpoint: string;
  reasoning: string;
  /** Position in the stream, to go on from. */
  cursor: string;
  /** When a waiting generation is tried again (RFC 3339). */
  retryTime?: string;
  usage?: Usage;
  /** The reader wants it stopped, and the server did not say yet that it is. */
  stopping?: boolean;
}

export function begin(start: Pick<Live, "key" | "question" | "parent" | "model">): Live {
  return { ...start, phase: "sending", answer: "", checkpoint: "", reasoning: "", cursor: "" };
}

/** Back to the first event: the server does not know the position that this page has. */
export function rewound(live: Live): Live {
  return {
    ...live,
    cursor: "",
    answer: "",
    reasoning: "",
    checkpoint: shownText(live),
  };
}

/** The state after an event. Those that end the answer change nothing here. */
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

/** The text to show: never shorter than what a reader saw before the reload. */
export function shownText(live: Live): string {
  return live.answer.length >= live.checkpoint.length ? live.answer : live.checkpoint;
}
