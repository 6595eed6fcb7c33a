// The gateways that are compared, each as its documentation starts it for production on this machine, in front of one stand-in.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { call, freePort, json, signUp, sleep, startStack } from "../lib.mjs";

const READY_MS = 600_000; // LiteLLM needs half a minute of CPU to start
const GIFT = 1_000_000_000_000_000; // micro-credits: an account pays for all answers of a run
const cores = availableParallelism();

const children = [];
function start(program, args, env = {}) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", process.env.VERBOSE ? "inherit" : "ignore"] });
  children.push(child);
  return child;
}

/** Resolves when something answers there, with whatever status. */
async function answers(url, child) {
  const end = Date.now() + READY_MS;
  while (Date.now() < end && child.exitCode === null) {
    try {
      await fetch(url);
      return;
    } catch {
      await sleep(200);
    }
  }
  throw new Error(`${child.spawnfile}: nothing answers at ${url}`);
}

async function standin(build) {
  const port = await freePort();
  const child = start(join(build, "bin/standin"), [], {
    LIMITLESS_STANDIN_LISTEN: `tcp://127.0.0.1:${port}`,
    LIMITLESS_STANDIN_PACE: "0",
    LIMITLESS_STANDIN_FIRST_TOKEN: "0",
    LIMITLESS_STANDIN_LOG_LEVEL: "warn",
  });
  const url = `http://127.0.0.1:${port}/v1`;
  await answers(url, child);
  return { name: "direct", port, url, child };
}

// With accounts, API keys, the ledger and storage, as `make run` has it: each caller is a user with a key.
async function ours(build, provider, folder, callers) {
  const dir = join(folder, "ours"), program = join(build, "bin/limitless");
  const stack = await startStack(build, dir, { OPENAI_BASE_URL: provider, OPENAI_API_KEY: "x", LIMITLESS_CREDITS_GIFT_AMOUNT_MICROCREDITS: String(GIFT) });
  children.push(stack.child);
  const keys = [];
  for (let i = 0; i < callers; i++) {
    await signUp(stack, `bench${i}`);
    keys.push(execFileSync(program, ["keys", "add", "--dir", dir, "--user", `bench${i}@example.test`, "--name", "bench"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim());
  }
  const { data } = await call(stack, "GET", "/v1/models", undefined, keys[0]);
  return { port: stack.port, model: data.find(({ id }) => /demo|standin/.test(id))?.id ?? data[0].id, key: (i) => keys[i], child: stack.child };
}

// https://docs.litellm.ai/docs/proxy/prod: a worker for each core, under gunicorn as server_tuning says for several, no verbose log, a master key. Without a
// database it is at its fastest.
async function litellm(peers, provider, folder) {
  const port = await freePort(), config = join(folder, "litellm.yaml");
  writeFileSync(
    config,
    `model_list:
  - model_name: demo
    litellm_params: {model: openai/demo, api_base: "${provider}", api_key: x}
litellm_settings: {request_timeout: 600, set_verbose: false, json_logs: true}
`,
  );
  const key = `sk-${"0123456789abcdef".repeat(4)}`;
  // The first two are its documentation's; with the others it asks nobody else.
  const env = { LITELLM_LOG: "ERROR", LITELLM_MODE: "PRODUCTION", LITELLM_MASTER_KEY: key, LITELLM_LOCAL_MODEL_COST_MAP: "True", LITELLM_TELEMETRY: "False" };
  const child = start(join(peers, "py/bin/python"), [join(peers, "py/bin/litellm"), "--config", config, "--host", "127.0.0.1", "--port", port, "--num_workers", cores, "--run_gunicorn"].map(String), env);
  await answers(`http://127.0.0.1:${port}/health/liveliness`, child);
  return { port, key: () => key, child };
}

// Portkey, and what was made of it: they differ in their prefix. Their documentation starts one process, and knows no accounts for it.
async function portkey(prefix, provider, args) {
  const port = await freePort();
  const child = start(process.execPath, args(port), { NODE_ENV: "production" });
  await answers(`http://127.0.0.1:${port}`, child);
  return { port, headers: [`${prefix}-provider: openai`, `${prefix}-custom-host: ${provider}`], child };
}

// Its example for production with what it needs to be allowed here, and without what costs: keys, guards of texts, metrics, limits.
async function litellmRust(peers, provider, folder) {
  const port = await freePort(), config = join(folder, "gateway.yaml");
  writeFileSync(
    config,
    `schema_version: "1.0"
server: {host: "127.0.0.1", port: ${port}, workers: ${cores}, max_connections: 1000}
providers:
  - {name: standin, provider_type: openai, api_key: "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", base_url: "${provider}", endpoint_access: private_network, models: [demo],
     rpm: 1000000000, tpm: 1000000000, max_concurrent_requests: 1000,
     settings: {model_identity_mappings: {demo: {capability_catalog_model: gpt-4o, pricing_model: gpt-4o}}}}
router: {strategy: round_robin, load_balancer: {health_check_enabled: false}}
auth: {enable_jwt: false, enable_api_key: false, allow_anonymous: true, jwt_secret: ""}
storage: {database: {enabled: false, url: "postgresql://localhost/litellm"}, redis: {enabled: false, url: "redis://localhost:6379"}}
guardrails: {enabled: false}
monitoring: {metrics: {enabled: false}, tracing: {enabled: false, service_name: litellm-rs}}
cache: {enabled: false}
rate_limit: {enabled: false}
pricing: {source: "embedded://model_prices_extended", unpriced_model_policy: allow_unpriced, unpriced_fallback_cost_per_1k_tokens: 0.0}
`,
  );
  const child = start(join(peers, "rust/bin/gateway"), ["--config", config, "--log-level", "warn"]);
  await answers(`http://127.0.0.1:${port}`, child);
  return { port, child };
}

/** Processes that a program has started, and those that these have. */
function below(pid) {
  const children = (parent) => readdirSync(`/proc/${parent}/task`).flatMap((task) => readFileSync(`/proc/${parent}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number));
  try {
    return children(pid).flatMap((child) => [child, ...below(child)]);
  } catch {
    return []; // it ended
  }
}

async function stop() {
  for (const child of children.splice(0).reverse()) {
    const rest = below(child.pid);
    child.kill("SIGTERM");
    if (child.exitCode === null && child.signalCode === null) await Promise.race([once(child, "exit"), sleep(20_000)]);
    for (const pid of rest) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {} // it ended with its parent
    }
  }
}

/** Starts what is there; `only`: these. The stand-in is the first. */
export async function targets(build, folder, only, callers) {
  const peers = "build/bench/peers";
  const direct = await standin(build);
  const all = [
    ["ours", join(build, "bin/limitless"), () => ours(build, direct.url, folder, callers)],
    ["litellm", join(peers, "py/bin/litellm"), () => litellm(peers, direct.url, folder)],
    ["portkey", join(peers, "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"), (file) => portkey("x-portkey", direct.url, (port) => [file, `--port=${port}`, "--headless"])],
    ["llmops", join(peers, "node_modules/@llmops/gateway"), () => portkey("x-llmops", direct.url, (port) => [join(import.meta.dirname, "llmops.mjs"), peers, String(port)])],
    ["litellm-rs", join(peers, "rust/bin/gateway"), () => litellmRust(peers, direct.url, folder)],
  ];
  const wanted = all.filter(([name]) => !only.length || only.includes(name));
  for (const [name, file] of wanted) if (!existsSync(file)) json({ bench: `gateway.${name}`, says: "it is not installed: make bench-gateway-peers" });
  try {
    const begun = wanted.filter(([, file]) => existsSync(file)).map(async ([name, file, begin]) => ({ model: "demo", key: () => "x", headers: [], name, ...(await begin(file)) }));
    return { list: [{ model: "demo", key: () => "x", headers: [], ...direct }, ...(await Promise.all(begun))], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
