// Many live answers at once: a source of pieces → chat → gateway → readers of server-sent events; one JSON object a line.
//   node tests/bench/streams/streams.mjs [build folder]     STREAMS=250,1000,8000/100 SECONDS=10 RATE=20
// 1000: as many answers, each with a reader. 8000/100: 8,000 readers of 100 answers.
// A piece says when its source sent it, so its delay is that of chat and gateway alone. The same readers at the source itself
// are the peer: what they measure is the machine's. Lost: numbers of pieces that a reader has not seen.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const build = process.argv[2] ?? "build";
const levels = (process.env.STREAMS ?? "250,500,1000,2000,4000,10000,8000/100").split(",").map((level) => {
  const [readers, answers] = level.split("/").map(Number);
  return { name: level, readers, answers: answers ?? readers, shared: answers !== undefined };
});
const seconds = Number(process.env.SECONDS ?? 10);
const rate = Number(process.env.RATE ?? 20);
const load = join(build, "bench/streams/load");
const PER_USER = 40; // answers that a user's gift pays for
const AT_ONCE = 32; // streams that are being opened at a time
const WARM = 20; // streams before the measurement, so that what a process makes once is no stream's
const P99_MS = 50; // the aim

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const rounded = (x) => Number(x.toFixed(2));

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

/** A program, when it has printed a line that fits. */
function start(program, args, ready, more = {}) {
  const child = spawn(program, args, { env: { ...process.env, ...more }, stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((done, fail) => {
    child.once("exit", (code) => fail(new Error(`${program} ended with ${code}`)));
    child.stdout.on("data", (data) => ready.test(data) && done(child));
  });
}

async function stop(child) {
  child.removeAllListeners("exit");
  child.kill("SIGTERM");
  if (child.exitCode === null) await once(child, "exit");
}

async function startStack(dir, source, most) {
  const port = await freePort();
  const more = {
    OPENAI_BASE_URL: `http://127.0.0.1:${source}/v1`,
    OPENAI_API_KEY: "none",
    LIMITLESS_GATEWAY_LOG_LEVEL: "warn",
    LIMITLESS_CHAT_LOG_LEVEL: "warn",
    LIMITLESS_CHAT_ENGINE_GENERATIONS_MAX: String(most * 2),
    LIMITLESS_CHAT_ENGINE_GENERATIONS_PER_USER: String(PER_USER * 2),
    LIMITLESS_CHAT_USER_STREAMS_MAX: "100000",
    LIMITLESS_CHAT_SESSION_STREAMS_MAX: "100000",
    LIMITLESS_GATEWAY_CONNECTIONS_PER_ADDRESS_MAX: "16384",
  };
  const child = await start(join(build, "bin/limitless"), ["up", "--dir", dir, "--port", String(port)], /^ready http/m, more);
  return { child, port };
}

async function call(stack, path, token, body) {
  const response = await fetch(`http://127.0.0.1:${stack.port}/api/v1/${path}`, {
    method: body ? "POST" : "GET",
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** New chats of new users, as many each as a gift pays answers for. */
async function newChats(stack, n, name) {
  const chats = [];
  while (chats.length < n) {
    const email = `s${name}-${chats.length}@example.test`;
    const { accessToken } = await call(stack, "auth/signup", null, { email, password: "correct horse battery", tokenDelivery: "BODY" });
    const { models } = await call(stack, "models", accessToken);
    const model = models.find(({ id }) => /load/.test(id)).id;
    const some = Array.from({ length: Math.min(PER_USER, n - chats.length) }, () => call(stack, "chats", accessToken, { model }));
    chats.push(...(await Promise.all(some)).map(({ id }) => ({ id, accessToken })));
  }
  return chats;
}

/** The lines that the readers take: path, token, body; - follows an answer that runs. */
async function ours(stack, { readers, answers, shared, name }) {
  const body = { text: "Say it piece by piece" };
  const chats = await newChats(stack, answers, name.replace("/", "-"));
  if (!shared) return chats.map(({ id, accessToken }) => `/api/v1/chats/${id}:generate ${accessToken} ${JSON.stringify(body)}`);
  const running = [];
  for (const { id, accessToken } of chats) running.push({ id: (await call(stack, `chats/${id}:generate`, accessToken, body)).id, accessToken });
  return Array.from({ length: readers }, (_, i) => running[i % answers]).map(({ id, accessToken }) => `/api/v1/generations/${id}/events ${accessToken} -`);
}
const direct = (n) => Array.from({ length: n }, () => `/v1/chat/completions x {"model":"load","stream":true,"messages":[{"role":"user","content":"x"}]}`);

/** CPU (ms) and memory (KiB) of processes by name; PostgreSQL's count as one. `roots` are our programs and theirs. */
function processes(roots) {
  const list = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const rest = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
      const rss = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
      list.set(Number(pid), { name: stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")), parent: rest[1], ms: (rest[11] + rest[12]) * 10, kib: rss });
    } catch {} // it ended
  }
  const of = new Map();
  for (const [pid, one] of list) {
    let at = pid;
    while (at && !roots.includes(at)) at = list.get(at)?.parent;
    if (!at) continue;
    const sum = of.get(one.name) ?? { ms: 0, kib: 0 };
    of.set(one.name, { ms: sum.ms + one.ms, kib: sum.kib + one.kib });
  }
  return of;
}

/** Reads all the streams; `at` is told when all are open, and at the end of the measurement. */
async function read(port, source, lines, at, length = seconds) {
  const child = spawn(load, ["read", String(port), String(source.pid), String(length), String(AT_ONCE)], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(`${lines.join("\n")}\n`);
  let result;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("{")) result = JSON.parse(line);
    else at(line, child.pid);
  }
  if (!result) throw new Error("the readers gave up");
  return result;
}

async function run(stack, source, sourcePort, level) {
  const n = level.readers;
  const base = await read(sourcePort, source, direct(n), () => {});
  await read(stack.port, source, await ours(stack, { readers: WARM, answers: WARM, name: "warm" }), () => {}, 1);
  const lines = await ours(stack, level);
  await sleep(2000);
  const snaps = { before: processes([stack.child.pid]) };
  const result = await read(stack.port, source, lines, (name, readers) => {
    snaps[name] = processes([stack.child.pid, source.pid, readers]);
  });
  const row = {
    bench: `streams.${level.name}`,
    events_a_second: Math.round(result.measured / seconds),
    wanted: n * rate,
    lost: result.lost,
    cut: result.cut,
    refused: result.refused,
    p50_ms: result.p50_ms,
    p99_ms: result.p99_ms,
    direct_p50_ms: base.p50_ms,
    direct_p99_ms: base.p99_ms,
    added_p99_ms: rounded(result.p99_ms - base.p99_ms),
    opened_in_s: result.open_seconds,
  };
  let cpu = 0;
  for (const [name, end] of snaps.measured) {
    const from = snaps.open.get(name), rest = snaps.before.get(name);
    if (!from || end.ms - from.ms < 10) continue;
    cpu += end.ms - from.ms;
    row[name] = { us_per_event: rounded(((end.ms - from.ms) * 1000) / result.measured), ...(name === "chat" || name === "gateway" ? { kib_per_stream: rounded((end.kib - rest.kib) / n) } : {}) };
  }
  row.kib_per_stream = rounded((row.chat?.kib_per_stream ?? 0) + (row.gateway?.kib_per_stream ?? 0));
  row.cores = rounded(cpu / 1000 / seconds);
  console.log(JSON.stringify(row));
  const kept = result.lost === 0 && result.cut === 0 && result.refused === 0 && result.measured >= 0.98 * n * rate * seconds;
  return kept && row.added_p99_ms < P99_MS;
}

/** A level on a stack of its own: memory of the level before is not its. */
async function fresh(source, sourcePort, level) {
  const dir = mkdtempSync(join(tmpdir(), "lc-streams-"));
  chmodSync(dir, 0o755);
  const stack = await startStack(dir, sourcePort, level.answers + WARM);
  try {
    return await run(stack, source, sourcePort, level);
  } finally {
    await stop(stack.child);
    rmSync(dir, { recursive: true, force: true });
  }
}

const sourcePort = await freePort();
const source = await start(load, ["source", String(sourcePort), String(rate)], /ready/);
let highest = 0;
try {
  for (const level of levels) if ((await fresh(source, sourcePort, level)) && !level.shared) highest = Math.max(highest, level.readers);
  console.log(JSON.stringify({ bench: "streams.highest", ours: highest, events_a_second: highest * rate, unit: "streams", aim: `0 lost, p99 added < ${P99_MS} ms` }));
} finally {
  await stop(source);
}
