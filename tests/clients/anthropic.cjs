// npm @anthropic-ai/sdk against /v1/messages.
const { Anthropic } = require("@anthropic-ai/sdk");
const { url, key, token, nonce, check, failure, charged, asked, lossy, run } = require("./check.cjs");

const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
const models = ["claude-3-haiku", "gpt-4o-mini", "gemini-2.0-flash"];
const ask = (content, more = {}) => client.messages.create({ model: "claude-3-haiku", max_tokens: 2000, messages: [{ role: "user", content }], ...more });
const look = { name: "look", description: "Looks.", input_schema: { type: "object", properties: { q: { type: "string" } }, required: ["q"] } };
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async function messages(model) {
  const whole = await ask("x [[say:Hello, wörld.]]", { model, system: "Be short." });
  check([whole.type, whole.role, whole.model, whole.content[0].text, whole.stop_reason], ["message", "assistant", model, "Hello, wörld.", "end_turn"], `anthropic: ${model} answers in one piece`);
  check([whole.usage.input_tokens > 0, whole.usage.output_tokens > 0, typeof whole._request_id], [true, true, "string"], `anthropic: ${model} with usage and request id`);
  const types = [];
  const stream = client.messages.stream({ model, max_tokens: 2000, messages: [{ role: "user", content: "x [[say:Hello, wörld.]]" }] });
  stream.on("streamEvent", (event) => types.at(-1) !== event.type && types.push(event.type));
  const final = await stream.finalMessage();
  check([final.content[0].text, final.stop_reason, final.usage.output_tokens > 0], ["Hello, wörld.", "end_turn", true], `anthropic: ${model} streams`);
  const known = types.filter((type) => type !== "ping");
  check(known, ["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"], `anthropic: ${model}'s events come in order`);
  check((await ask("x [[tokens:50]]", { model, max_tokens: 10 })).stop_reason, "max_tokens", `anthropic: ${model} stops at max_tokens`);
  check((await ask([{ type: "image", source: { type: "base64", media_type: "image/png", data: pixel } }, { type: "text", text: "x [[say:A dot.]]" }], { model })).content[0].text, "A dot.", `anthropic: ${model} takes an image`);
}

async function tools(model) {
  const turns = [{ role: "user", content: "x [[tool:look]]" }];
  const first = await client.messages.create({ model, max_tokens: 2000, messages: turns, tools: [look] });
  const call = first.content.find((block) => block.type === "tool_use");
  check([first.stop_reason, call?.name, call?.input], ["tool_use", "look", { q: "x" }], `anthropic: ${model} calls a tool`);
  turns.push({ role: "assistant", content: first.content }, { role: "user", content: [{ type: "tool_result", tool_use_id: call?.id, content: "seen" }, { type: "text", text: "x [[say:So.]]" }] });
  check((await client.messages.create({ model, max_tokens: 2000, messages: turns, tools: [look] })).content[0].text, "So.", `anthropic: ${model} takes the tool's result`);
  const streamed = await client.messages.stream({ model, max_tokens: 2000, messages: [turns[0]], tools: [look], tool_choice: { type: "any" } }).finalMessage();
  check(streamed.content.find((block) => block.type === "tool_use")?.input, { q: "x" }, `anthropic: ${model} streams a call`);
}

async function thinking() {
  const question = { role: "user", content: "x [[think:hm,| so]] [[say:Thought.]]" };
  const more = { model: "claude-3-haiku", max_tokens: 4000, thinking: { type: "enabled", budget_tokens: 1024 } };
  const stream = await client.messages.stream({ ...more, messages: [question] }).finalMessage();
  check(stream.content.map((block) => block.type), ["thinking", "thinking", "text"], "anthropic: thoughts come before the text");
  check([typeof stream.content[0].signature, stream.content[0].signature?.length > 0], ["string", true], "anthropic: with its signature");
  const next = await client.messages.create({ ...more, messages: [question, { role: "assistant", content: stream.content }, { role: "user", content: "x [[say:And on.]]" }] });
  check(next.content.at(-1).text, "And on.", "anthropic: and goes back as it came");
}

async function others() {
  const text = { model: "claude-3-haiku", messages: [{ role: "user", content: "How many tokens has this?" }] };
  const counted = await charged(async () => check((await client.messages.countTokens(text)).input_tokens > 3, true, "anthropic: tokens are counted"));
  check(counted, [0, 0], "anthropic: for nothing");
  const listed = await client.models.list();
  check([listed.data[0].type, typeof listed.data[0].display_name, listed.data.some((model) => model.id === "claude-3-haiku")], ["model", "string", true], "anthropic: models are listed in its shape");
  check((await client.models.retrieve("claude-3-haiku")).id, "claude-3-haiku", "anthropic: one is retrieved");
  check((await ask("x [[say:ok]]", { stop_sequences: ["END"], temperature: 0.5, top_k: 5, metadata: { user_id: "u" } })).content[0].text, "ok", "anthropic: usual parameters are taken");
  const beta = await client.beta.messages.create({ model: "claude-3-haiku", max_tokens: 9, betas: ["context-1m-2025-08-07"], messages: [{ role: "user", content: "x [[say:ok]]" }] });
  check(beta.content[0].text, "ok", "anthropic: the package's beta calls");
  const bearer = new Anthropic({ baseURL: url, apiKey: null, authToken: key });
  check((await bearer.messages.create({ model: "claude-3-haiku", max_tokens: 9, messages: [{ role: "user", content: "x [[say:ok]]" }] })).content[0].text, "ok", "anthropic: a key as bearer");
  const session = new Anthropic({ baseURL: url, apiKey: null, authToken: token });
  check((await session.models.list()).data.length > 0, true, "anthropic: a session's token");
}

async function errors() {
  const fault = async (promise) => {
    const error = await failure(promise);
    return [error?.constructor.name, error?.status, error?.error?.error?.type];
  };
  check(await fault(ask("x", { model: "claude-99" })), ["NotFoundError", 404, "not_found_error"], "anthropic: an unknown model");
  check(await fault(ask("x", { max_tokens: undefined })), ["BadRequestError", 400, "invalid_request_error"], "anthropic: a request without max_tokens");
  const stranger = new Anthropic({ baseURL: url, apiKey: "lc-0000" });
  check(await fault(stranger.messages.create({ model: "claude-3-haiku", max_tokens: 9, messages: [{ role: "user", content: "x" }] })), ["AuthenticationError", 401, "authentication_error"], "anthropic: another key");
  check(await fault(client.messages.batches.list()), ["NotFoundError", 404, "not_found_error"], "anthropic: a route that is not here");
  const error = await failure(ask("x", { model: "claude-99" }));
  check([error.requestID !== null, error.requestID === error.error?.request_id], [true, true], "anthropic: an error has its request id, in header and body");
  const broken = await failure(
    (async () => {
      for await (const event of await ask("x [[fault:cut after=3]] [[tokens:50]]", { stream: true })) void event;
    })(),
  );
  check(broken !== null, true, "anthropic: a failure within a stream is an error");
}

async function money() {
  check(await charged(() => ask("x [[say:paid]]")), [3, 1], "anthropic: an answer is charged once");
  const way = await lossy(2);
  const retrying = new Anthropic({ baseURL: way.url, apiKey: key, maxRetries: 3 });
  const cost = await charged(async () => {
    const answer = await retrying.messages.create({ model: "claude-3-haiku", max_tokens: 99, messages: [{ role: "user", content: `lost-message-${nonce} [[say:Once only.]]` }] }, { headers: { "x-on-disconnect": "finish" } });
    check([answer.content[0].text, way.seen], ["Once only.", ["0", "1", "2"]], "anthropic: the package repeats what was lost, and gets its answer");
  });
  way.server.close();
  check(cost, [3, 1], "anthropic: lost replies are charged once");
  check(await asked(`lost-message-${nonce}`), 1, "anthropic: and asked of the provider once");
}

const each = (part) => models.map((model) => () => part(model));
run(...each(messages), ...each(tools), thinking, others, errors, money);
