// npm ai with @ai-sdk/openai-compatible against /v1.
const { createOpenAICompatible } = require("@ai-sdk/openai-compatible");
const { generateObject, generateText, stepCountIs, streamText, tool } = require("ai");
const { z } = require("zod");
const { url, key, check, failure, run } = require("./check.cjs");

const limitless = createOpenAICompatible({ name: "limitless", baseURL: `${url}/v1`, apiKey: key, includeUsage: true, supportsStructuredOutputs: true });
const models = ["gpt-4o-mini", "claude-3-haiku", "gemini-2.0-flash"];

async function texts(id) {
  const model = limitless(id);
  const stream = streamText({ model, prompt: "x [[say:Hello, wörld.]]", maxRetries: 0 });
  let text = "";
  for await (const piece of stream.textStream) text += piece;
  check([text, await stream.finishReason, (await stream.usage).outputTokens > 0], ["Hello, wörld.", "stop", true], `ai: ${id} streams text, with its usage`);
  const { object } = await generateObject({ model, schema: z.object({ name: z.string() }), prompt: 'x [[say:{"name":"Ada"}]]', maxRetries: 0 });
  check(object, { name: "Ada" }, `ai: ${id} makes an object`);

  const calls = [];
  const look = tool({ description: "Looks.", inputSchema: z.object({ q: z.string() }), execute: async ({ q }) => (calls.push(q), `[[say:seen ${q}]]`) });
  const steps = await generateText({ model, tools: { look }, prompt: "x [[tool:look]]", stopWhen: stepCountIs(2), maxRetries: 0 });
  check([calls[0], steps.steps[0].finishReason], ["x", "tool-calls"], `ai: ${id} runs a tool`);
  const streamed = streamText({ model, tools: { look }, prompt: "x [[tool:look]] [[arguments:3]]", stopWhen: stepCountIs(1), maxRetries: 0 });
  await streamed.consumeStream();
  check((await streamed.toolCalls)[0]?.input.q.split(" ").length, 3, `ai: ${id} streams a call`);
}

async function others() {
  const refused = await failure(generateText({ model: limitless("gpt-99"), prompt: "x", maxRetries: 2 }));
  check([refused?.statusCode, refused?.isRetryable], [404, false], "ai: an unknown model is an error, and not repeated");
}

run(...models.map((id) => () => texts(id)), others);
