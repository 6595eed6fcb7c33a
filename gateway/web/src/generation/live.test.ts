import { expect, it } from "vitest";
import type { GenerationEvent } from "./events";
import { readEvents } from "./events";
import { advance, begin, type Live, shownText } from "./live";

const accepted = {
  generation: "g",
  chat: "c",
  userMessage: "u",
  assistantMessage: "a",
  model: "m2",
};

function play(events: GenerationEvent[], from?: Partial<Live>): Live {
  const start = { ...begin({ key: "k", question: "q", parent: "", model: "m" }), ...from };
  return events.reduce(advance, start);
}

it("joins deltas and remembers the last cursor", () => {
  const live = play([
    { name: "accepted", cursor: "1.0", data: accepted },
    { name: "delta", cursor: "1.1", data: { text: "Ot" } },
    { name: "delta", cursor: "1.2", data: { text: "ters" } },
    { name: "usage", cursor: "", data: { promptTokens: 1, completionTokens: 2, creditsUsed: "3" } },
  ]);
  expect(live).toMatchObject({
    phase: "writing",
    answer: "Otters",
    cursor: "1.2",
    model: "m2",
    accepted,
    usage: { creditsUsed: "3" },
  });
});

it("forgets the text on reset, and the checkpoint with it", () => {
  const live = play(
    [
      { name: "delta", cursor: "1.1", data: { text: "old" } },
      { name: "reset", cursor: "2.0", data: {} },
      { name: "delta", cursor: "2.1", data: { text: "n" } },
    ],
    { checkpoint: "old text" },
  );
  expect(shownText(live)).toBe("n");
});

it("shows the checkpoint until the replay is past it", () => {
  const half = play([{ name: "delta", cursor: "1.1", data: { text: "Ot" } }], {
    checkpoint: "Otters",
  });
  expect(shownText(half)).toBe("Otters");
  const whole = advance(half, { name: "delta", cursor: "1.2", data: { text: "ters eat" } });
  expect(shownText(whole)).toBe("Otters eat");
});

it("leaves waiting and reconnecting when text comes", () => {
  const waiting = play([
    { name: "waiting", cursor: "1.1", data: { retryTime: "2026-11-21T10:00:00Z" } },
  ]);
  expect(waiting.phase).toBe("waiting");
  expect(waiting.retryTime).toBe("2026-11-21T10:00:00Z");
  const event: GenerationEvent = { name: "delta", cursor: "1.2", data: { text: "x" } };
  expect(advance(waiting, event).phase).toBe("writing");
  expect(advance({ ...waiting, phase: "reconnecting" }, event).phase).toBe("writing");
});

it("reads events however the network cuts them, umlauts included", async () => {
  const wire =
    ': hello\n\nevent: delta\nid: 1.1\ndata: {"text":"Grüße"}\n\nevent: delta\nid: 1.2\ndata: {"text":"🦦"}\n\n';
  const bytes = new TextEncoder().encode(wire);
  for (let size = 1; size <= 7; size++) {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) {
          controller.enqueue(bytes.slice(at, at + size));
        }
        controller.close();
      },
    });
    const events = [];
    for await (const event of readEvents(body)) events.push(event);
    expect(events).toEqual([
      { name: "delta", cursor: "1.1", data: { text: "Grüße" } },
      { name: "delta", cursor: "1.2", data: { text: "🦦" } },
    ]);
  }
});
