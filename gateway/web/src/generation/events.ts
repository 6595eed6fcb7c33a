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

export type EndEvent = Extract<GenerationEvent, { name: "done" | "error" }>;

/**
 * Whether the event says how the answer ended. An `error` without a position comes from the gateway: its connection
 * to the service broke, and the answer may still be written.
 */
export function isEnd(event: GenerationEvent): boolean {
  return event.name === "done" || (event.name === "error" && event.cursor !== "");
}

/** Reads a stream of events to its end. Heartbeats are comments and no events: only `onBytes` hears of them. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  onBytes: () => void = () => undefined,
): AsyncGenerator<GenerationEvent> {
  const heard = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      onBytes();
      controller.enqueue(bytes);
    },
  });
  const reader = body
    .pipeThrough(heard)
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const event = value.event && eventOf(value.event, value.id ?? "", value.data);
      if (event) yield event;
    }
  } finally {
    // The connection closes also when the reader stops in the middle.
    reader.cancel().catch(() => undefined);
  }
}

/** Undefined for data that is no JSON. A proxy may send it, and it says nothing about the answer. */
function eventOf(name: string, cursor: string, data: string): GenerationEvent | undefined {
  try {
    return { name, cursor, data: JSON.parse(data) } as GenerationEvent;
  } catch {
    return undefined;
  }
}
