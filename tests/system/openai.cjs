// Asks the stand-in through the openai package. Prints got, expected and name of each check, tab-separated.
const { OpenAI } = require("openai");

const client = new OpenAI({ baseURL: process.argv[2], apiKey: "sk-test", maxRetries: 0 });
const check = (got, expected, name) => console.log([JSON.stringify(got), JSON.stringify(expected), name].join("\t"));
const ask = (content, more = {}) => client.chat.completions.create({ model: "demo", messages: [{ role: "user", content }], ...more });

async function failure(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return error;
  }
}

async function main() {
  check((await client.models.list()).data[0].object, "model", "models are listed");

  const whole = await ask("x [[say:Hello, world.]]");
  check(whole.choices[0].message.content, "Hello, world.", "an answer in one piece");
  check(whole.choices[0].finish_reason, "stop", "stopped by itself");
  check(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens, "usage adds up");

  const stream = await ask("x [[say:Hello, world.]]", { stream: true, stream_options: { include_usage: true } });
  let text = "", usage = null, reason = null, chunks = 0;
  for await (const chunk of stream) {
    chunks++;
    text += chunk.choices[0]?.delta.content ?? "";
    reason = chunk.choices[0]?.finish_reason ?? reason;
    usage = chunk.usage ?? usage;
  }
  check(text, "Hello, world.", "a streamed answer");
  check(reason, "stop", "with its reason");
  check(usage, whole.usage, "and the same usage at the end");
  check(chunks > 4, true, "in several chunks");

  const cut = await ask("x [[tokens:50]]", { max_tokens: 10 });
  check([cut.choices[0].finish_reason, cut.usage.completion_tokens], ["length", 10], "max_tokens is honoured");

  const limited = await failure(ask("x [[fault:429 retry_after=7]]"));
  check([limited?.constructor.name, limited?.status, limited?.headers?.get("retry-after")], ["RateLimitError", 429, "7"], "429 is a RateLimitError");
  check((await failure(ask("x [[fault:500]]")))?.constructor.name, "InternalServerError", "500 is an InternalServerError");
  const bad = await failure(client.chat.completions.create({ model: "demo", messages: [] }));
  check([bad?.constructor.name, bad?.param], ["BadRequestError", "messages"], "a bad request names its parameter");
  const stranger = new OpenAI({ baseURL: process.argv[2], apiKey: "sk-other", maxRetries: 0 });
  check((await failure(stranger.models.list().then(() => stranger.chat.completions.create({ model: "m", messages: [{ role: "user", content: "x" }] }))))?.code, "invalid_api_key", "another key is refused");

  const called = await ask("x [[say:See.]] [[think:hm, so]] [[tool:look]] [[cached:3]]");
  check([called.choices[0].finish_reason, called.choices[0].message.tool_calls[0].function], ["tool_calls", { name: "look", arguments: '{"q":"x"}' }], "a call of a tool");
  check([called.usage.prompt_tokens_details.cached_tokens, called.usage.completion_tokens_details.reasoning_tokens], [3, 2], "usage in its parts");
  const helper = client.chat.completions.stream({ model: "demo", messages: [{ role: "user", content: "x [[say:See.]] [[think:hm, so]] [[tool:look]] [[arguments:3]]" }] });
  const final = await helper.finalChatCompletion();
  check([final.choices[0].message.content, final.choices[0].message.tool_calls[0].function.arguments], ["See.", '{"q":"1 2 3"}'], "the package's own stream helper reads it");
  const details = [{ type: "reasoning.text", text: "hm, so", signature: called.choices[0].message.reasoning_details[0].signature }];
  const next = (reasoning_details, ...results) =>
    client.chat.completions.create({
      model: "demo",
      messages: [{ role: "user", content: "x" }, { role: "assistant", tool_calls: called.choices[0].message.tool_calls, reasoning_details }, ...results, { role: "user", content: "[[say:so]]" }],
    });
  const result = { role: "tool", tool_call_id: called.choices[0].message.tool_calls[0].id, content: "seen" };
  check((await next(details, result)).choices[0].message.content, "so", "signed thoughts and results come back");
  check((await failure(next([{ ...details[0], text: "hm, no" }], result)))?.status, 400, "a changed thought is refused");
  check((await failure(next(details)))?.status, 400, "a call without its result is refused");
  check((await failure(next(details, result, { ...result, tool_call_id: "call_other" })))?.status, 400, "a result without its call is refused");
  check((await failure((async () => { for await (const chunk of await ask("x [[fault:error after=2]] [[tokens:9]]", { stream: true })) void chunk; })()))?.message.includes("overloaded"), true, "an error within a stream");

  const embed = (input, more = {}) => client.embeddings.create({ model: "demo", input, ...more });
  const floats = await embed(["otters", "beavers"], { encoding_format: "float" });
  const packed = await embed(["otters", "beavers"], { encoding_format: "base64" });
  const bytes = Buffer.from(packed.data[1].embedding, "base64");
  const close = (a, b) => a.length === b.length && a.every((value, i) => Math.abs(value - b[i]) < 1e-6);
  check(close([...new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))], floats.data[1].embedding), true, "an embedding is the same as numbers and in base64");
  check(close((await embed("beavers")).data[0].embedding, floats.data[1].embedding), true, "and as the package asks for it by itself");
  check(Math.abs(floats.data[0].embedding.reduce((sum, value) => sum + value * value, 0) - 1) < 1e-6, true, "its length is 1");
  check([floats.data.map((item) => item.index), floats.usage.total_tokens > 0], [[0, 1], true], "several at once, with usage");
  check((await embed([1, 2, 3], { dimensions: 8 })).data[0].embedding.length, 8, "tokens, in eight dimensions");
  check((await failure(embed(["x [[fault:429]]"])))?.constructor.name, "RateLimitError", "embeddings fail on request");
  check((await failure(embed([])))?.param, "input", "no input is refused");

  const broken = await failure(
    (async () => {
      for await (const chunk of await ask("x [[fault:cut after=3]] [[tokens:50]]", { stream: true })) void chunk;
    })(),
  );
  check(broken !== null, true, "a stream that is cut is an error");

  const retrying = new OpenAI({ baseURL: process.argv[2], apiKey: "sk-test", maxRetries: 2 });
  const again = await retrying.chat.completions.create({ model: "demo", messages: [{ role: "user", content: "x [[fault:503 times=1 key=openai]] [[say:now]]" }] });
  check(again.choices[0].message.content, "now", "the package's own retry succeeds");

  const stopped = await ask("x [[tokens:5000]] [[pace:100]]", { stream: true });
  for await (const chunk of stopped) {
    void chunk;
    stopped.controller.abort();
  }
  check(stopped.controller.signal.aborted, true, "a stream can be stopped");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
