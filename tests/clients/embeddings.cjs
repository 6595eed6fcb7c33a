// /v1/embeddings by npm openai, ai and @langchain/openai.
const { createOpenAICompatible } = require("@ai-sdk/openai-compatible");
const { OpenAIEmbeddings } = require("@langchain/openai");
const { embed } = require("ai");
const { OpenAI } = require("openai");
const { url, key, check, charged, run } = require("./check.cjs");

const baseURL = `${url}/v1`, model = "text-embedding-3-small";
const client = new OpenAI({ baseURL, apiKey: key, maxRetries: 0 });

async function openai() {
  const input = ["one", "two"];
  const floats = await client.embeddings.create({ model, input, encoding_format: "float" });
  const packed = await client.embeddings.create({ model, input });
  check([floats.data.length, floats.data[1].index, floats.data[0].embedding.length > 8], [2, 1, true], "embeddings: embeddings as numbers");
  const near = (a, b) => a.length === b.length && a.every((x, i) => Math.abs(x - b[i]) < 1e-5);
  check(near(floats.data[0].embedding, packed.data[0].embedding), true, "embeddings: and the same by base64, the package's default");
  check([floats.usage.prompt_tokens > 0, floats.usage.total_tokens === floats.usage.prompt_tokens], [true, true], "embeddings: with their usage");
}

async function libraries() {
  const { embedding } = await embed({ model: createOpenAICompatible({ name: "limitless", baseURL, apiKey: key }).textEmbeddingModel(model), value: "one", maxRetries: 0 });
  check(embedding.length > 8, true, "embeddings: by ai");
  const vectors = await new OpenAIEmbeddings({ model, apiKey: key, configuration: { baseURL }, maxRetries: 0 }).embedDocuments(["one", "two"]);
  check([vectors.length, vectors[0].length > 8], [2, true], "embeddings: by langchain");
  check((await charged(() => client.embeddings.create({ model, input: "paid" })))[1], 1, "embeddings: each request is charged once");
}

// The most that OpenAI takes at once, and what LangChain sends by itself: 512 inputs.
async function many() {
  const texts = (word, n) => Array.from({ length: n }, (_, i) => `${word} ${i}`);
  const embeddings = new OpenAIEmbeddings({ model, dimensions: 1536, apiKey: key, configuration: { baseURL }, maxRetries: 0 });
  const documents = await embeddings.embedDocuments(texts("document", 600));
  check([documents.length, documents.every((vector) => vector.length === 1536)], [600, true], "embeddings: langchain's own batches of 512");
  check(await embeddings.embedQuery("document 555"), documents[555], "embeddings: in the order of the documents");
  let answer;
  const charges = (await charged(async () => (answer = await client.embeddings.create({ model, dimensions: 1536, input: texts("input", 2048) }))))[1];
  check([answer.data.length, answer.data[2047].index, answer.data[2047].embedding.length, charges], [2048, 2047, 1536, 1], "embeddings: 2,048 inputs of 1,536 dimensions, charged once");
  const numbers = await client.embeddings.create({ model, dimensions: 1536, encoding_format: "float", input: texts("input", 2048) });
  const near = numbers.data[2000].embedding.every((x, i) => Math.abs(x - answer.data[2000].embedding[i]) < 1e-6);
  check([numbers.data.length, near], [2048, true], "embeddings: the same as numbers, which are 40 MB");
}

run(openai, libraries, many);
