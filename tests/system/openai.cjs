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
