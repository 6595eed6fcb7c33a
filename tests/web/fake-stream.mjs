// An answer that the test writes in place of the server's stream, token by token. No database delays its pace.

/** Answers the page's next question in the chat with `tokens`, so many a second. */
export async function answerWith(page, chat, tokens, perSecond) {
  await page.evaluate(
    ({ chat, tokens, perSecond }) => {
      const real = window.fetch;
      const ids = { generation: crypto.randomUUID(), userMessage: crypto.randomUUID(), assistantMessage: crypto.randomUUID() };
      const bytes = new TextEncoder();
      const event = (name, id, data) => bytes.encode(`event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
      const whole = () => ({
        id: ids.assistantMessage,
        chat,
        parent: ids.userMessage,
        role: "ASSISTANT",
        text: tokens.join(""),
        reasoning: "",
        model: "",
        creditsUsed: "0",
        state: "DONE",
        stopReason: "STOP",
        attachments: [],
        siblings: [],
        siblingCount: 1,
        siblingIndex: 1,
        previousSibling: "",
        nextSibling: "",
        createTime: new Date().toISOString(),
        promptTokens: 0,
        completionTokens: 0,
        durationMs: 0,
        generation: ids.generation,
      });
      window.fetch = (input, init) => {
        const url = typeof input === "string" ? input : input.url;
        if (!url.includes(`/chats/${chat}:generate`)) return real(input, init);
        window.fetch = real;
        let sent = 0;
        const began = performance.now();
        const body = new ReadableStream({
          start: (to) => to.enqueue(event("accepted", "1.0", { ...ids, chat, model: "" })),
          async pull(to) {
            if (sent >= tokens.length) {
              to.enqueue(event("done", `1.${sent + 1}`, { message: whole(), stopReason: "STOP" }));
              to.close();
              return;
            }
            const ms = began + (sent / perSecond) * 1000 - performance.now();
            if (ms > 0) await new Promise((done) => setTimeout(done, ms));
            to.enqueue(event("delta", `1.${++sent}`, { text: tokens[sent - 1] }));
            window.tokensSent = sent;
          },
        });
        return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
      };
    },
    { chat, tokens, perSecond },
  );
}

/** Waits until that many tokens were sent. */
export function sentAll(page, count) {
  return page.waitForFunction((n) => window.tokensSent >= n, count, { timeout: 60_000 });
}

/** The longest task of the page's main thread while `work` ran: its processor time in milliseconds, and its name. */
export async function longestTask(page, work) {
  const session = await page.context().newCDPSession(page);
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  const categories = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"];
  await session.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories: categories } });
  await work();
  const complete = new Promise((done) => session.once("Tracing.tracingComplete", done));
  await session.send("Tracing.end");
  await complete;
  const main = events.find((one) => one.name === "thread_name" && one.args.name === "CrRendererMain");
  const threads = new Set(
    events.filter((one) => one.name === "FunctionCall" || one.name === "Layout").map((one) => `${one.pid}.${one.tid}`),
  );
  const tasks = events.filter(
    (one) => one.tdur !== undefined && /RunTask$/.test(one.name) && threads.has(`${one.pid}.${one.tid}`),
  );
  const longest = tasks.reduce((a, b) => (a && a.tdur > b.tdur ? a : b), undefined);
  const inside = events
    .filter((one) => longest && one.tid === longest.tid && one.pid === longest.pid && one.tdur > 5000)
    .filter((one) => one.ts >= longest.ts && one.ts < longest.ts + longest.dur)
    .map((one) => `${one.name} ${Math.round(one.tdur / 1000)} ms`);
  return { ms: longest ? longest.tdur / 1000 : 0, inside, count: tasks.length, main };
}
