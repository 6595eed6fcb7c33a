import { expect, it } from "vitest";
import type { Message } from "@/api/types";
import { advance, begin } from "@/generation/live";
import { itemsOf } from "./items";

function message(id: string, role: "USER" | "ASSISTANT", text = id): Message {
  return { id, role, text, model: "m", reasoning: "" } as Message;
}

const accepted = {
  generation: "g",
  chat: "c",
  userMessage: "u2",
  assistantMessage: "a2",
  model: "m",
};

it("shows a question and its answer once, under names that stay", () => {
  const before = [message("u1", "USER"), message("a1", "ASSISTANT")];
  const sending = begin({ key: "k", question: "q", background: false, parent: "", model: "m" });
  const first = itemsOf(before, sending);
  expect(first.map((item) => item.text)).toEqual(["u1", "a1", "q", ""]);

  const writing = advance(sending, { name: "accepted", cursor: "1.0", data: accepted });
  expect(itemsOf(before, writing).map((item) => item.key)).toEqual(first.map((item) => item.key));

  const after = [...before, message("u2", "USER", "q"), message("a2", "ASSISTANT")];
  expect(itemsOf(after, writing)).toHaveLength(4);
  expect(itemsOf(after, undefined).map((item) => item.key)).toEqual(first.map((item) => item.key));
});

it("replaces the stored part of an answer that another page follows", () => {
  const live = {
    ...begin({ key: "g", question: "", background: false, parent: "", model: "m" }),
    accepted,
  };
  live.checkpoint = "so far";
  const items = itemsOf([message("u2", "USER"), message("a2", "ASSISTANT", "so far")], live);
  expect(items.map((item) => item.text)).toEqual(["u2", "so far"]);
});

it("shows a new branch below the message that it answers", () => {
  const before = ["u1", "a1", "u2x", "a2x"].map((id, at) =>
    message(id, at % 2 ? "ASSISTANT" : "USER"),
  );
  const live = begin({ key: "k", question: "again", background: false, parent: "a1", model: "m" });
  expect(itemsOf(before, live).map((item) => item.text)).toEqual(["u1", "a1", "again", ""]);
});
