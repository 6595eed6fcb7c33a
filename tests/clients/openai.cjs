// npm openai against /v1: chat completions, responses, models.
const { OpenAI } = require("openai");
const { zodResponseFormat } = require("openai/helpers/zod");
const { z } = require("zod");
const { url, key, token, nonce, check, failure, charged, asked, lossy, run } = require("./check.cjs");

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
// One model of each API behind the server.
const models = ["gpt-4o-mini", "claude-3-haiku", "gemini-2.0-flash"];
const ask = (content, more = {}) => client.chat.completions.create({ model: "gpt-4o-mini", messages: [{ role: "user", content }], ...more });
const look = { type: "function", function: { name: "look", description: "Looks.", parameters: { type: "object", properties: { q: { type: "string" } }, required: ["q"] } } };
const pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async function catalogue() {
  const ids = (await client.models.list()).data.map((model) => model.id);
  check(models.every((model) => ids.includes(model)), true, "openai: models are listed");
  const one = await client.models.retrieve("gpt-4o-mini");
  check([one.id, one.object, typeof one.created], ["gpt-4o-mini", "model", "number"], "openai: one is retrieved");
  check((await failure(client.models.retrieve("gpt-99")))?.code, "model_not_found", "openai: an unknown one is not");
}

async function chat(model) {
  const whole = await ask("x [[say:Hello, wörld.]]", { model });
  const [choice] = whole.choices;
  check([whole.object, whole.model, choice.message.role, choice.message.content, choice.finish_reason], ["chat.completion", model, "assistant", "Hello, wörld.", "stop"], `openai: ${model} answers in one piece`);
  check([whole.usage.total_tokens === whole.usage.prompt_tokens + whole.usage.completion_tokens, whole.usage.completion_tokens > 0], [true, true], `openai: ${model}'s usage adds up`);
  check([typeof whole._request_id, whole.id.startsWith("chatcmpl-")], ["string", true], `openai: ${model}'s answer has its ids`);

  let text = "", usage = null, reason = null, role = null, chunks = 0;
  for await (const chunk of await ask("x [[say:Hello, wörld.]]", { model, stream: true, stream_options: { include_usage: true } })) {
    chunks++;
    role ??= chunk.choices[0]?.delta.role;
    text += chunk.choices[0]?.delta.content ?? "";
    reason = chunk.choices[0]?.finish_reason ?? reason;
    usage = chunk.usage ?? usage;
  }
  check([role, text, reason, chunks > 3], ["assistant", "Hello, wörld.", "stop", true], `openai: ${model} streams`);
  check(usage?.total_tokens, whole.usage.total_tokens, `openai: ${model}'s stream ends with its usage`);

  const helped = await client.chat.completions.stream({ model, messages: [{ role: "user", content: "x [[say:Hello.]]" }] }).finalChatCompletion();
  check(helped.choices[0].message.content, "Hello.", `openai: ${model} and the stream helper`);
  const cut = await ask("x [[tokens:50]]", { model, max_tokens: 10 });
  check(cut.choices[0].finish_reason, "length", `openai: ${model} stops at max_tokens`);
}

async function tools(model) {
  const messages = [{ role: "user", content: "x [[tool:look]]" }];
  const first = await client.chat.completions.create({ model, messages, tools: [look] });
  const [call] = first.choices[0].message.tool_calls ?? [];
  check([first.choices[0].finish_reason, call?.type, call?.function.name, JSON.parse(call?.function.arguments ?? "null")], ["tool_calls", "function", "look", { q: "x" }], `openai: ${model} calls a tool`);
  messages.push(first.choices[0].message, { role: "tool", tool_call_id: call?.id, content: "seen" }, { role: "user", content: "x [[say:So it is.]]" });
  check((await client.chat.completions.create({ model, messages, tools: [look] })).choices[0].message.content, "So it is.", `openai: ${model} takes the tool's result`);

  const events = [];
  const runner = client.chat.completions
    .runTools({ model, stream: true, messages: [{ role: "user", content: "x [[tool:look]] [[arguments:3]]" }], tools: [{ type: "function", function: { ...look.function, parse: JSON.parse, function: ({ q }) => `[[say:seen ${q}]]` } }] }, { maxChatCompletions: 2 })
    .on("functionToolCall", (made) => events.push([made.name, JSON.parse(made.arguments).q.split(" ").length]))
    .on("functionToolCallResult", (result) => events.push(result.startsWith("[[say:seen ")));
  await runner.done();
  check(events, [["look", 3], true], `openai: ${model} and runTools`);
}

async function parameters() {
  const image = [{ type: "text", text: "x [[say:A dot.]]" }, { type: "image_url", image_url: { url: pixel, detail: "low" } }];
  for (const model of models) check((await ask(image, { model })).choices[0].message.content, "A dot.", `openai: ${model} takes an image`);
  const large = [{ type: "text", text: "x [[say:Large.]]" }, { type: "image_url", image_url: { url: `${pixel.slice(0, 42)}${"A".repeat(8 << 20)}` } }];
  check((await ask(large)).choices[0].message.content, "Large.", "openai: an image of 8 MiB");
  const parsed = await client.chat.completions.parse({ model: "gpt-4o-mini", messages: [{ role: "user", content: 'x [[say:{"name":"Ada"}]]' }], response_format: zodResponseFormat(z.object({ name: z.string() }), "person") });
  check(parsed.choices[0].message.parsed, { name: "Ada" }, "openai: a JSON schema");
  check((await ask("x [[say:ok]]", { stop: ["END"], temperature: 0.5, top_p: 0.9, seed: 7, user: "u", n: 1, metadata: { a: "b" }, store: false, service_tier: "auto" })).choices[0].message.content, "ok", "openai: usual parameters are taken");
  check((await ask("x [[say:ok]]", { frobnicate: { deep: 1 } })).choices[0].message.content, "ok", "openai: an unknown parameter goes on");
  const system = await client.chat.completions.create({ model: "claude-3-haiku", messages: [{ role: "system", content: "Be short." }, { role: "developer", content: "Very." }, { role: "user", content: "x [[say:ok]]" }] });
  check(system.choices[0].message.content, "ok", "openai: system and developer messages, to Anthropic");
}

async function errors() {
  const fault = async (promise) => {
    const error = await failure(promise);
    return [error?.constructor.name, error?.status, error?.code, error?.param];
  };
  check(await fault(ask("x", { model: "gpt-99" })), ["NotFoundError", 404, "model_not_found", "model"], "openai: an unknown model");
  check(await fault(ask("x", { n: 2 })), ["BadRequestError", 400, "unsupported_parameter", "n"], "openai: what cannot be done is named");
  check((await fault(client.chat.completions.create({ model: "gpt-4o-mini" }))).slice(0, 2), ["BadRequestError", 400], "openai: a request without messages");
  check((await fault(ask("x", { temperature: "hot" })))[3], "temperature", "openai: a wrong type names its parameter");
  const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: "lc-0000" });
  check((await fault(stranger.models.list())).slice(0, 3), ["AuthenticationError", 401, "invalid_api_key"], "openai: another key");
  check((await fault(client.post("/audio/speech", { body: {} }))).slice(0, 2), ["NotFoundError", 404], "openai: a route that is not here");
  let tries = 0;
  const eager = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 3, fetch: (...args) => (tries++, fetch(...args)) });
  await failure(eager.chat.completions.create({ model: "gpt-4o-mini", messages: [{ role: "user", content: "x [[fault:400]]" }] }));
  check(tries, 1, "openai: an answer that must not be repeated is not");
  const broken = await failure(
    (async () => {
      for await (const chunk of await ask("x [[fault:cut after=3]] [[tokens:50]]", { stream: true })) void chunk;
    })(),
  );
  check(broken !== null, true, "openai: a failure within a stream is an error");
  const session = new OpenAI({ baseURL: `${url}/v1`, apiKey: token });
  check((await session.models.list()).data.length > 0, true, "openai: a session's token is taken, too");
}

async function money() {
  check(await charged(() => ask("x [[say:paid]]")), [2, 1], "openai: an answer is charged once");
  check(await charged(() => failure(ask("x [[fault:400]]"))), [0, 0], "openai: a refused one is not");
  check(
    await charged(async () => {
      const stream = await ask("x [[tokens:5000]] [[pace:200]] abandoned", { stream: true });
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) stream.controller.abort();
    }),
    [2, 1],
    "openai: an aborted stream is charged once, and nothing stays held",
  );
  for (const stream of [false, true]) {
    const word = `lost-${stream}-${nonce}`, way = await lossy(2);
    const retrying = new OpenAI({ baseURL: `${way.url}/v1`, apiKey: key, maxRetries: 3 });
    let text = "";
    const cost = await charged(async () => {
      const answer = await retrying.chat.completions.create({ model: "gpt-4o-mini", stream, messages: [{ role: "user", content: `${word} [[say:Once only.]]` }] }, { headers: { "x-on-disconnect": "finish" } });
      if (stream) for await (const chunk of answer) text += chunk.choices[0]?.delta.content ?? "";
      else text = answer.choices[0].message.content;
    });
    way.server.close();
    check([text, way.seen], ["Once only.", ["0", "1", "2"]], `openai: the package repeats a ${stream ? "stream" : "reply"} that was lost, and gets its answer`);
    check(cost, [2, 1], `openai: lost replies ${stream ? "of a stream " : ""}are charged once`);
    check(await asked(word), 1, `openai: and asked of the provider once${stream ? ", of a stream" : ""}`);
  }
  let tries = 0;
  const eager = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 8, fetch: (...args) => (tries++, fetch(...args)) });
  const busy = { model: "gpt-4o-mini", messages: [{ role: "user", content: `x [[fault:503 times=6 key=busy-${nonce}]] [[say:At last.]]` }] };
  const late = await charged(async () => check((await eager.chat.completions.create(busy)).choices[0].message.content, "At last.", "openai: the package waits for a provider that is busy"));
  check([late, tries > 1], [[2, 1], true], "openai: and its repeats are charged once");
  const many = await charged(() => Promise.all(Array.from({ length: 12 }, (_, i) => eager.chat.completions.create({ model: "gpt-4o-mini", messages: [{ role: "user", content: `${i} [[tokens:20]] [[pace:50]]` }] }))));
  check(many, [24, 12], "openai: more at once than a user may have are repeated, and each is charged once");
  const twice = { model: "gpt-4o-mini", messages: [{ role: "user", content: "equal [[say:same]]" }] };
  check(await charged(() => Promise.all([1, 2].map(() => client.chat.completions.create(twice)))), [4, 2], "openai: equal requests that are no repeats are two");
}

async function responses(model) {
  const whole = await client.responses.create({ model, input: "x [[say:Hello.]]", store: false });
  check([whole.object, whole.status, whole.output_text, whole.usage.total_tokens > 0], ["response", "completed", "Hello.", true], `openai: ${model} by responses`);
  const types = [];
  let text = "", done = null;
  for await (const event of await client.responses.create({ model, instructions: "Be short.", input: [{ role: "user", content: [{ type: "input_text", text: "x [[say:Hello.]]" }] }], stream: true, store: false })) {
    if (types.at(-1) !== event.type) types.push(event.type);
    if (event.type === "response.output_text.delta") text += event.delta;
    if (event.type === "response.completed") done = event.response;
  }
  check([text, done?.output_text ?? done?.output[0].content[0].text, done?.usage.total_tokens > 0], ["Hello.", "Hello.", true], `openai: ${model} streams responses`);
  const order = ["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"];
  check(types, order, `openai: ${model}'s events come in order`);
  const tool = { type: "function", name: "look", description: "Looks.", parameters: { ...look.function.parameters, additionalProperties: false }, strict: true };
  const input = [{ role: "user", content: "x [[tool:look]]" }];
  const called = await client.responses.create({ model, input, tools: [tool], store: false });
  const call = called.output.find((item) => item.type === "function_call");
  check([call?.name, call?.arguments && JSON.parse(call.arguments)], ["look", { q: "x" }], `openai: ${model} calls a tool by responses`);
  input.push(...called.output, { type: "function_call_output", call_id: call?.call_id, output: "seen" }, { role: "user", content: "x [[say:So.]]" });
  check((await client.responses.create({ model, input, tools: [tool], store: false })).output_text, "So.", `openai: ${model} takes its result`);
  const final = await client.responses.stream({ model, input: "x [[say:Helped.]]", store: false }).finalResponse();
  check(final.output[0].content[0].text, "Helped.", `openai: ${model} and the helper of responses`);
}

const each = (part) => models.map((model) => () => part(model));
run(catalogue, ...each(chat), ...each(tools), parameters, errors, money, ...each(responses));
