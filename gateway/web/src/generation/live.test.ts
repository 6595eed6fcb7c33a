import { expect, it } from "vitest";
import type { GenerationError } from "@/api/types";
import type { GenerationEvent } from "./events";
import { isEnd, readEvents } from "./events";
import { advance, begin, type Live, rewound, shownText } from "./live";

const accepted = {
  generation: "g",
  chat: "c",
  userMessage: "u",
  assistantMessage: "a",
  model: "m2",
};

function play(events: GenerationEvent[], from?: Partial<Live>): Live {
  const start = {
    ...begin({ key: "k", question: "q", background: false, parent: "", model: "m" }),
    ...from,
  };
  return events.reduce(advance, start);
}

it("joins deltas and remembers the last cursor", () => {
  const live = play([
    { name: "accepted", cursor: "1.0", data: accepted },
    { name: "delta", cursor: "1.1", data: { text: "Ot" } },
    { name: "delta", cursor: "1.2", data: { text: "ters" } },
    {
      name: "usage",
      cursor: "",
      data: {
        promptTokens: 1,
        completionTokens: 2,
        cachedTokens: 0,
        cacheWriteTokens: 0,
        reasoningTokens: 0,
        creditsUsed: "3",
      },
    },
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

it("takes only the generation's own error for an end", () => {
  const data = { reason: "PROVIDER_BROKEN" } as GenerationError;
  expect(isEnd({ name: "error", cursor: "1.9", data })).toBe(true);
  expect(isEnd({ name: "error", cursor: "", data })).toBe(false);
  expect(isEnd({ name: "done", cursor: "1.9", data: { stopReason: "STOP" } })).toBe(true);
  expect(isEnd({ name: "delta", cursor: "1.9", data: { text: "x" } })).toBe(false);
});

it("begins again without losing what a reader saw", () => {
  const half = play([{ name: "delta", cursor: "1.1", data: { text: "Otters" } }]);
  expect(rewound(half)).toMatchObject({ cursor: "", answer: "" });
  expect(shownText(rewound(half))).toBe("Otters");
});

it("passes over what is no event of the API", async () => {
  const wire =
    'event: delta\nid: 1.1\ndata: <html>\n\nevent: delta\nid: 1.2\ndata: {"text":"x"}\n\n';
  const events = [];
  for await (const event of readEvents(new Response(wire).body!)) events.push(event.cursor);
  expect(events).toEqual(["1.2"]);
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
