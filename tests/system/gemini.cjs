// Asks the stand-in through @google/genai, and through openai's Responses. Prints got, expected and name of each check, tab-separated.
const { OpenAI } = require("openai");
const { GoogleGenAI } = require("@google/genai");

const base = process.argv[2];
const check = (got, expected, name) => console.log([JSON.stringify(got), JSON.stringify(expected), name].join("\t"));
async function failure(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return error;
  }
}

async function gemini() {
  const client = (apiKey) => new GoogleGenAI({ apiKey, vertexai: false, httpOptions: { baseUrl: base } });
  const models = client("sk-test").models;
  const ask = (text, more = {}) => ({ model: "demo", contents: text, ...more });

  const whole = await models.generateContent(ask("x [[say:Hello, world.]]"));
  check(whole.text, "Hello, world.", "Gemini: an answer in one piece");
  check(whole.candidates[0].finishReason, "STOP", "Gemini: stopped by itself");

  let text = "", thoughts = "", signature = null, usage = null, call = null, chunks = 0;
  for await (const chunk of await models.generateContentStream(ask("x [[say:Hello, world.]] [[think:hm]] [[tool:look]]"))) {
    chunks++;
    usage = chunk.usageMetadata ?? usage;
    for (const part of chunk.candidates[0].content.parts) {
      if (part.thought) thoughts += part.text;
      else text += part.text ?? "";
      signature = part.thoughtSignature ?? signature;
      call = part.functionCall ?? call;
    }
  }
  check([text, thoughts], ["Hello, world.", "hm"], "Gemini: a streamed answer with its thoughts");
  check(call, { name: "look", args: { q: "x" } }, "Gemini: a call of a tool");
  check([chunks > 4, usage.candidatesTokenCount > 0, usage.thoughtsTokenCount], [true, true, 1], "Gemini: in chunks, with usage");

  const again = (thoughtSignature) =>
    models.generateContent({
      model: "demo",
      contents: [
        { role: "user", parts: [{ text: "x" }] },
        { role: "model", parts: [{ functionCall: call, thoughtSignature }] },
        { role: "user", parts: [{ functionResponse: { name: "look", response: { seen: 1 } } }, { text: "[[say:so]]" }] },
      ],
    });
  check((await again(signature)).text, "so", "Gemini: the signature comes back");
  check((await failure(again("b3RoZXI=")))?.status, 400, "Gemini: another signature is refused");

  const cut = await models.generateContent(ask("x [[tokens:50]]", { config: { maxOutputTokens: 10 } }));
  check(cut.candidates[0].finishReason, "MAX_TOKENS", "Gemini: the limit is honoured");
  check((await failure(models.generateContent(ask("x [[fault:429 retry_after=7]]"))))?.status, 429, "Gemini: 429 is an error");
  check((await failure(client("sk-other").models.generateContent(ask("x"))))?.message.includes("API_KEY_INVALID"), true, "Gemini: another key is refused");
}

async function responses() {
  const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: "sk-test", maxRetries: 0 });
  const ask = (input, more = {}) => client.responses.create({ model: "demo", input, store: false, ...more });

  const whole = await ask("x [[say:Hello, world.]]");
  check([whole.output_text, whole.status], ["Hello, world.", "completed"], "Responses: an answer in one piece");

  const types = [];
  let last = -1, ordered = true;
  const stream = client.responses.stream({ model: "demo", input: "x [[say:Hello.]] [[think:hm]] [[tool:look]]", store: false, include: ["reasoning.encrypted_content"] });
  for await (const event of stream) {
    if (types.at(-1) !== event.type) types.push(event.type);
    ordered &&= event.sequence_number === last + 1;
    last = event.sequence_number;
  }
  const final = await stream.finalResponse();
  check(final.output[1].content[0].text, "Hello.", "Responses: the package's own stream helper reads it");
  check(final.output.map((item) => item.type), ["reasoning", "message", "function_call"], "Responses: with its items");
  check(ordered, true, "Responses: events are numbered without a gap");
  check([types[0], types.at(-1)], ["response.created", "response.completed"], "Responses: from the first event to the last");
  check(final.usage.total_tokens, final.usage.input_tokens + final.usage.output_tokens, "Responses: usage adds up");

  const next = (reasoning) => ask([{ role: "user", content: "x" }, reasoning, ...final.output.slice(1), { type: "function_call_output", call_id: final.output[2].call_id, output: "seen" }, { role: "user", content: "[[say:so]]" }]);
  check((await next(final.output[0])).output_text, "so", "Responses: the encrypted thought comes back");
  check((await failure(next({ ...final.output[0], encrypted_content: "other" })))?.code, "invalid_encrypted_content", "Responses: another one is refused");

  const cut = await ask("x [[tokens:50]]", { max_output_tokens: 10 });
  check([cut.status, cut.incomplete_details?.reason], ["incomplete", "max_output_tokens"], "Responses: the limit is honoured");
  check((await failure(ask("x [[fault:429 retry_after=7]]")))?.constructor.name, "RateLimitError", "Responses: 429 is a RateLimitError");
}

gemini()
  .then(responses)
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
