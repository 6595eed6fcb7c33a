// npm @langchain/openai against /v1.
const { ChatOpenAI } = require("@langchain/openai");
const { HumanMessage, ToolMessage } = require("@langchain/core/messages");
const { tool } = require("@langchain/core/tools");
const { z } = require("zod");
const { url, key, check, failure, run } = require("./check.cjs");

const configuration = { baseURL: `${url}/v1` };
const chat = (model, more = {}) => new ChatOpenAI({ model, apiKey: key, configuration, maxRetries: 0, ...more });
const look = tool(async ({ q }) => `seen ${q}`, { name: "look", description: "Looks.", schema: z.object({ q: z.string() }) });

async function model(id) {
  const answer = await chat(id).invoke("x [[say:Hello, wörld.]]");
  check([answer.content, answer.usage_metadata?.output_tokens > 0], ["Hello, wörld.", true], `langchain: ${id} is invoked`);
  let text = "", pieces = 0, usage = null;
  for await (const piece of await chat(id).stream("x [[say:Hello, wörld.]]")) {
    text += piece.content;
    pieces++;
    usage = piece.usage_metadata ?? usage;
  }
  check([text, pieces > 3, usage?.output_tokens > 0], ["Hello, wörld.", true, true], `langchain: ${id} streams, with its usage`);
  const bound = chat(id).bindTools([look]);
  const question = new HumanMessage("x [[tool:look]]");
  const called = await bound.invoke([question]);
  check([called.tool_calls?.[0]?.name, called.tool_calls?.[0]?.args], ["look", { q: "x" }], `langchain: ${id} calls a bound tool`);
  const result = new ToolMessage({ content: "seen", tool_call_id: called.tool_calls?.[0]?.id });
  check((await bound.invoke([question, called, result, new HumanMessage("x [[say:So.]]")])).content, "So.", `langchain: ${id} takes its result`);
  const shaped = chat(id).withStructuredOutput(z.object({ name: z.string() }), { name: "person", method: "jsonSchema" });
  check(await shaped.invoke('x [[say:{"name":"Ada"}]]'), { name: "Ada" }, `langchain: ${id} answers in a shape`);
}

async function others() {
  const byResponses = await chat("gpt-4o-mini", { useResponsesApi: true, zdrEnabled: true }).invoke("x [[say:Hello.]]");
  check(byResponses.text, "Hello.", "langchain: by responses");
  check((await failure(chat("gpt-99").invoke("x")))?.status, 404, "langchain: an unknown model is an error");
}

run(() => model("gpt-4o-mini"), () => model("claude-3-haiku"), others);
