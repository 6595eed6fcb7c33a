// A generation's events as they come over the wire (server-sent events, one JSON message each).
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Accepted, Done, GenerationError, Usage } from "@/api/types";

export type GenerationEvent = { cursor: string } & (
  | { name: "accepted"; data: Accepted }
  | { name: "delta" | "reasoning"; data: { text: string } }
  | { name: "waiting"; data: { retryTime?: string } }
  | { name: "reset"; data: Record<string, never> }
  | { name: "usage"; data: Usage }
  | { name: "done"; data: Done }
  | { name: "error"; data: GenerationError }
);

/** Reads a stream of events to its end; heartbeats are comments and never seen here. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<GenerationEvent> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      if (!value.event) continue;
      const { event: name, id: cursor = "", data } = value;
      yield { name, cursor, data: JSON.parse(data) } as GenerationEvent;
    }
  } finally {
    // Whoever stops reading gives the connection back.
    reader.cancel().catch(() => undefined);
  }
}
