// A generation's events as they come over the wire (server-sent events, one JSON message each).
import type { Accepted, Done, GenerationError, Usage } from "@/api/types";
import { readSse } from "@/lib/sse";

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
  onBytes?: () => void,
): AsyncGenerator<GenerationEvent> {
  for await (const message of readSse(body, onBytes)) {
    const event = message.event && eventOf(message.event, message.id ?? "", message.data);
    if (event) yield event;
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
