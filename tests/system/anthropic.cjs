// Asks the stand-in through @anthropic-ai/sdk. Prints got, expected and name of each check, tab-separated.
const { Anthropic } = require("@anthropic-ai/sdk");

const base = process.argv[2];
const client = new Anthropic({ baseURL: base, apiKey: "sk-test", maxRetries: 0 });
const check = (got, expected, name) => console.log([JSON.stringify(got), JSON.stringify(expected), `Anthropic: ${name}`].join("\t"));
const ask = (content, more = {}) => client.messages.create({ model: "demo", max_tokens: 2000, messages: [{ role: "user", content }], ...more });
const failure = (promise) => promise.then(() => null, (error) => error);
const failed = async (promise) => {
  const error = await failure(promise);
  return [error?.status, error?.error?.error?.type ?? error?.error?.type];
};
const drained = async (stream) => {
  for await (const event of await stream) void event;
};

async function answers() {
  const whole = await ask("x [[say:Hello, world.]]");
  check([whole.content[0].text, whole.stop_reason], ["Hello, world.", "end_turn"], "an answer in one piece");
  const counts = await client.messages.countTokens({ model: "demo", messages: [{ role: "user", content: "x [[say:Hello, world.]]" }] });
  check(counts.input_tokens, whole.usage.input_tokens, "count_tokens says what is charged");
  check((await client.models.list()).data[0].type, "model", "models are listed");

  const types = [];
  const stream = client.messages.stream({ model: "demo", max_tokens: 2000, messages: [{ role: "user", content: "x [[say:Hello.]] [[think:hm, so]] [[tool:look]] [[arguments:3]] [[cached:4]] [[written:2]]" }] });
  stream.on("streamEvent", (event) => types.at(-1) !== event.type && types.push(event.type));
  const final = await stream.finalMessage();
  check(final.content.map((block) => block.type), ["thinking", "text", "tool_use"], "the package's own stream helper reads it");
  check([final.content[0].thinking, final.content[1].text, final.content[2].input], ["hm, so", "Hello.", { q: "1 2 3" }], "with thought, text and call");
  check([final.stop_reason, types[0], types.at(-1)], ["tool_use", "message_start", "message_stop"], "from the first event to the last");
  const { usage } = final;
  check([usage.cache_read_input_tokens, usage.cache_creation_input_tokens, usage.cache_creation.ephemeral_5m_input_tokens], [4, 2, 2], "the cache is counted beside the input");
  check(usage.output_tokens > 6, true, "and the output at the end");

  const cut = await ask("x [[tokens:50]]", { max_tokens: 10 });
  check([cut.stop_reason, cut.usage.output_tokens], ["max_tokens", 10], "the limit is honoured");
  return final.content;
}

async function turns(content) {
  const result = { type: "tool_result", tool_use_id: content[2].id, content: "seen" };
  const next = (blocks, results) =>
    client.messages.create({
      model: "demo",
      max_tokens: 2000,
      messages: [{ role: "user", content: "x" }, { role: "assistant", content: blocks }, { role: "user", content: [...results, { type: "text", text: "[[say:so]]" }] }],
    });
  check((await next(content, [result])).content[0].text, "so", "the signed thought and the result come back");
  const changed = [{ ...content[0], thinking: "hm, no" }, ...content.slice(1)];
  check((await failure(next(changed, [result])))?.message.includes("Invalid `signature`"), true, "a changed thought is refused");
  check((await failure(next(content, [])))?.message.includes("without `tool_result`"), true, "a call without its result is refused");
  check((await failure(next(content.slice(0, 2), [result])))?.message.includes("unexpected `tool_use_id`"), true, "a result without its call is refused");
}

async function errors() {
  const types = [];
  for (const status of [400, 401, 403, 404, 413, 429, 500, 529]) types.push((await failed(ask(`x [[fault:${status}]]`))).join(" "));
  check(types, ["400 invalid_request_error", "401 authentication_error", "403 permission_error", "404 not_found_error", "413 request_too_large", "429 rate_limit_error", "500 api_error", "529 overloaded_error"], "each status has its type");
  const limited = await failure(ask("x [[fault:429 retry_after=7]]"));
  check([limited?.constructor.name, limited?.headers?.get("retry-after")], ["RateLimitError", "7"], "429 with Retry-After");
  check((await failure(drained(ask("x [[fault:error value=529 after=2]] [[tokens:9]]", { stream: true }))))?.message.includes("overloaded_error"), true, "overloaded in the middle of a stream");
  check((await failure(drained(ask("x [[fault:cut after=3]] [[tokens:50]]", { stream: true })))) !== null, true, "a stream that is cut is an error");
  check((await failed(ask("x", { frobnicate: 1 })))[0], 400, "an unknown parameter is refused");
  check((await failed(ask("x", { thinking: { type: "enabled", budget_tokens: 5 } })))[0], 400, "a thought of five tokens is refused");
  check((await failed(ask([{ type: "text", text: " " }])))[0], 400, "a blank block is refused");
  const stranger = new Anthropic({ baseURL: base, apiKey: "sk-other", maxRetries: 0 });
  check(await failed(stranger.messages.create({ model: "demo", max_tokens: 9, messages: [{ role: "user", content: "x" }] })), [401, "authentication_error"], "another key is refused");
  const retrying = new Anthropic({ baseURL: base, apiKey: "sk-test", maxRetries: 2 });
  const again = await retrying.messages.create({ model: "demo", max_tokens: 9, messages: [{ role: "user", content: "x [[fault:529 times=1 key=anthropic]] [[say:now]]" }] });
  check(again.content[0].text, "now", "the package tries again by itself");
}

answers()
  .then(turns)
  .then(errors)
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
