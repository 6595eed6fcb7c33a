// The gateways that are compared, each as its users start it, in front of one stand-in.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PER_KEY = 40; // answers that a new account's gift pays for
const READY_MS = 180_000;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function freePort() {
  const taken = (port) =>
    new Promise((done) => {
      const server = createServer()
        .once("error", () => done(true))
        .listen(port, "127.0.0.1", () => server.close(() => done(false)));
    });
  for (;;) {
    const port = 20000 + Math.floor(Math.random() * 9000);
    if (!(await taken(port)) && !(await taken(port + 1000))) return port;
  }
}

function start(program, args, env = {}) {
  return spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", process.env.VERBOSE ? "inherit" : "ignore"] });
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
  return { name: "direct", url, model: "demo", key: () => "x", headers: {}, child };
}

// With accounts, the ledger and storage, as `make run` has it. New accounts, because a gift pays for some answers only.
async function ours(build, provider, folder, requests) {
  const port = await freePort(), dir = join(folder, "ours"), program = join(build, "bin/limitless");
  const child = start(program, ["up", "--dir", dir, "--port", String(port)], { OPENAI_BASE_URL: provider, OPENAI_API_KEY: "x", LIMITLESS_GATEWAY_LOG_LEVEL: "warn" });
  const url = `http://127.0.0.1:${port}`;
  await answers(`${url}/api/v1/models`, child);
  const keys = [];
  for (let i = 0; keys.length * PER_KEY < requests + 100; i++) {
    const email = `bench${i}@example.test`;
    const response = await fetch(`${url}/api/v1/auth/signup`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email, password: "correct horse battery", tokenDelivery: "BODY" }) });
    if (!response.ok) throw new Error(`sign up: ${response.status} ${await response.text()}`);
    keys.push(execFileSync(program, ["keys", "add", "--dir", dir, "--user", email, "--name", "bench"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim());
  }
  const { data } = await (await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${keys[0]}` } })).json();
  let n = 0;
  return { name: "ours", url: `${url}/v1`, model: data.find(({ id }) => /demo|standin/.test(id))?.id ?? data[0].id, key: () => keys[n++ % keys.length], headers: {}, child };
}

async function litellm(peers, provider, folder) {
  const port = await freePort(), config = join(folder, "litellm.yaml");
  writeFileSync(config, `model_list:\n  - model_name: demo\n    litellm_params: {model: openai/demo, api_base: "${provider}", api_key: x}\n`);
  const key = `sk-${"0123456789abcdef".repeat(4)}`; // it wants one, and no database for a single one
  const local = { LITELLM_LOCAL_MODEL_COST_MAP: "True", LITELLM_TELEMETRY: "False", LITELLM_MASTER_KEY: key }; // it asks nobody else
  const child = start(join(peers, "py/bin/litellm"), ["--config", config, "--host", "127.0.0.1", "--port", String(port)], local);
  const url = `http://127.0.0.1:${port}`;
  await answers(`${url}/health/liveliness`, child);
  return { name: "litellm", url: `${url}/v1`, model: "demo", key: () => key, headers: {}, child };
}

// Portkey, and what was made of it: they differ in their prefix.
async function portkey(name, prefix, provider, args) {
  const port = await freePort();
  const child = start(process.execPath, args(port));
  const url = `http://127.0.0.1:${port}`;
  await answers(url, child);
  return { name, url: `${url}/v1`, model: "demo", key: () => "x", headers: { [`${prefix}-provider`]: "openai", [`${prefix}-custom-host`]: provider }, child };
}

async function litellmRust(peers, provider, folder) {
  const port = await freePort(), config = join(folder, "gateway.yaml");
  writeFileSync(
    config,
    `server: {host: "127.0.0.1", port: ${port}, workers: 2}
providers:
  - {name: openai, provider_type: openai, api_key: "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", base_url: "${provider}", models: [demo], enabled: true}
auth: {enable_jwt: false, enable_api_key: false, jwt_secret: "0123456789abcdef0123456789abcdefA!"}
storage: {database: {enabled: false, url: ""}, redis: {enabled: false, url: ""}}
`,
  );
  const child = start(join(peers, "rust/bin/gateway"), ["--config", config]);
  const url = `http://127.0.0.1:${port}`;
  await answers(url, child);
  return { name: "litellm-rs", url: `${url}/v1`, model: "demo", key: () => "x", headers: {}, child };
}

/** Starts what is there; `only`: these. The stand-in is the first. */
export async function targets(build, only, requests) {
  const folder = mkdtempSync(join(tmpdir(), "lc-gateway-"));
  chmodSync(folder, 0o755);
  const peers = join(build, "bench/peers");
  const direct = await standin(build);
  const all = [
    ["ours", join(build, "bin/limitless"), () => ours(build, direct.url, folder, requests)],
    ["litellm", join(peers, "py/bin/litellm"), () => litellm(peers, direct.url, folder)],
    ["portkey", join(peers, "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"), (file) => portkey("portkey", "x-portkey", direct.url, (port) => [file, `--port=${port}`, "--headless"])],
    ["llmops", join(peers, "node_modules/@llmops/gateway"), () => portkey("llmops", "x-llmops", direct.url, (port) => [join(import.meta.dirname, "llmops.mjs"), peers, String(port)])],
    ["litellm-rs", join(peers, "rust/bin/gateway"), () => litellmRust(peers, direct.url, folder)],
  ];
  const list = [direct];
  const stop = async () => {
    for (const { child } of list.reverse()) {
      child.kill("SIGTERM");
      if (child.exitCode === null) await Promise.race([once(child, "exit"), sleep(20_000)]);
    }
  };
  for (const [name, file, begin] of all) {
    if (only.length && !only.includes(name)) continue;
    if (!existsSync(file)) {
      console.log(JSON.stringify({ bench: `gateway.${name}`, says: "it is not installed: make bench-gateway-peers" }));
      continue;
    }
    try {
      const target = await begin(file);
      list.push({ ...target, pid: target.child.pid, warm: true });
    } catch (error) {
      await stop();
      throw error;
    }
  }
  list[0].pid = direct.child.pid;
  return { list, folder, stop };
}
