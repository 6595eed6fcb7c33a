// Server-sent events of a response (HTML Standard, 9.2).
import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";

/** Reads a stream to its end. Comments are no events: only `onBytes` hears of them. */
export async function* readSse(
  body: ReadableStream<Uint8Array>,
  onBytes: () => void = () => undefined,
): AsyncGenerator<EventSourceMessage> {
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
      yield value;
    }
  } finally {
    // The connection closes also when the reader stops in the middle.
    reader.cancel().catch(() => undefined);
  }
}
