// Chats whose messages the test gives: texts that no stand-in writes, and thousands of messages. The rest of the page
// and of the server is real.
import { randomUUID } from "node:crypto";
import { answers } from "./lib.mjs";

/** The page is done when its main thread rests for so long, in milliseconds. */
const REST_MS = 4;
const LOOK_EVERY_MS = 120;

/** Answers in place of the server for the chats in `fakes`. Call it once for a page. */
export async function useFakes(page) {
  const chats = new Map();
  await page.route("**/api/v1/messages:estimate", (route) => {
    const { chat } = route.request().postDataJSON();
    if (!chats.has(chat)) return route.fallback();
    const json = { model: "", windowTokens: 8192, promptTokens: 100, projectTokens: 0, outputTokens: 1024, messages: 1, cutMessages: 0, price: "0" };
    return route.fulfill({ json });
  });
  await page.route(/\/api\/v1\/draft(\?.*)?$/, (route) => {
    const request = route.request();
    const chat = new URL(request.url()).searchParams.get("chat") ?? request.postDataJSON()?.chat;
    if (!chats.has(chat)) return route.fallback();
    return route.fulfill({ json: { text: "", version: "0", stored: true } });
  });
  await page.route(/\/api\/v1\/chats\/[0-9a-f-]{36}(\/messages)?(\?.*)?$/, async (route) => {
    const { pathname, searchParams } = new URL(route.request().url());
    const [, id, list] = /chats\/([0-9a-f-]+)(\/messages)?$/.exec(pathname);
    const fake = chats.get(id);
    if (!fake || route.request().method() !== "GET") return route.fallback();
    if (!list) return route.fulfill({ json: fake.chat });
    const size = Number(searchParams.get("pageSize") ?? 100);
    const from = Number(searchParams.get("pageToken") || 0);
    const newestFirst = searchParams.get("order") === "NEWEST_FIRST";
    const messages = newestFirst ? fake.messages.toReversed() : fake.messages;
    const next = from + size < messages.length ? String(from + size) : "";
    return route.fulfill({ json: { messages: messages.slice(from, from + size), nextPageToken: next } });
  });
  return {
    /** Adds a chat with these texts: questions and answers by turns, or a single answer. */
    add(...texts) {
      const id = randomUUID();
      const [createTime, updateTime] = [new Date().toISOString(), new Date().toISOString()];
      const chat = { id, title: "Fake", model: "", pinned: false, archived: false, runningGeneration: "", createTime, updateTime };
      const all = texts.length === 1 ? ["What?", texts[0]] : texts;
      const messages = all.map((text, index) => ({
        id: randomUUID(),
        chat: id,
        parent: "",
        role: index % 2 === 0 ? "USER" : "ASSISTANT",
        text,
        reasoning: "",
        model: "",
        creditsUsed: "0",
        state: "DONE",
        stopReason: "STOP",
        attachments: [],
        siblings: [],
        createTime,
        promptTokens: 0,
        completionTokens: 0,
        durationMs: 0,
        generation: "",
      }));
      messages.forEach((message, index) => (message.parent = messages[index - 1]?.id ?? ""));
      chats.set(id, { chat, messages });
      return id;
    },
    forget: (id) => chats.delete(id),
  };
}

/** Goes to a chat without a reload, as a click on its link does. */
export async function goTo(page, id) {
  await page.evaluate((path) => history.pushState(null, "", path), `/chat/${id}`);
  await answers(page).first().waitFor();
}

/** Processor time that the page's main thread took since it began, in milliseconds. */
export async function cpuOf(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value * 1000;
  };
}

/** Waits until the page has nothing more to do. */
export async function rest(page, cpu) {
  for (let before = await cpu(); ; ) {
    await page.waitForTimeout(LOOK_EVERY_MS);
    const now = await cpu();
    if (now - before < REST_MS) return now;
    before = now;
  }
}
