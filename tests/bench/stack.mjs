// Figures of the whole stack, each beside its peer in the same run; one JSON object a line on standard output.
//   node tests/bench/stack.mjs [build folder]     SECONDS=5 CLIENTS=64 ROUNDS=100
import { spawn, execFile } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync, chmodSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const build = process.argv[2] ?? "build";
const seconds = Number(process.env.SECONDS ?? 5);
const clients = Number(process.env.CLIENTS ?? 64);
const rounds = Number(process.env.ROUNDS ?? 100);
const ANSWERS_EACH = 20;

const print = (bench, ours, peer, unit, more = {}) =>
  console.log(JSON.stringify({ bench, ours, peer, ratio: peer ? Number((ours / peer).toFixed(3)) : null, unit, ...more }));
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

// Starts a stack; resolves with its url and the milliseconds until it said ready.
function start(dir, port) {
  const began = performance.now();
  const child = spawn(join(build, "bin/limitless"), ["up", "--dir", dir, "--port", String(port)], {
    env: { ...process.env, LIMITLESS_STANDIN_PACE: "0", LIMITLESS_STANDIN_FIRST_TOKEN: "0", LIMITLESS_GATEWAY_LOG_LEVEL: "warn" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((done, fail) => {
    let out = "";
    child.once("exit", (code) => fail(new Error(`limitless up ended with ${code}`)));
    child.stdout.on("data", (data) => {
      out += data;
      if (/^ready http/m.test(out)) done({ child, url: `http://127.0.0.1:${port}`, ms: performance.now() - began });
    });
  });
}

function stop(stack) {
  return new Promise((done) => {
    stack.child.removeAllListeners("exit");
    stack.child.once("exit", done);
    stack.child.kill("SIGTERM");
  });
}

async function api(stack, method, path, body) {
  const response = await fetch(stack.url + path, {
    method,
    headers: { "content-type": "application/json", ...(stack.token ? { authorization: `Bearer ${stack.token}` } : {}) },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

const micros = (text) => {
  const [, number, unit] = /([\d.]+)(us|ms|s)/.exec(text);
  return Number(number) * { us: 1, ms: 1000, s: 1e6 }[unit];
};

async function wrk(url, headers) {
  const { stdout: out } = await run("wrk", ["-t2", `-c${clients}`, `-d${seconds}s`, "--latency", ...headers.flatMap((h) => ["-H", h]), url]);
  if (/Non-2xx/.test(out)) throw new Error(out);
  return {
    rps: Number(/Requests\/sec:\s+([\d.]+)/.exec(out)[1]),
    p50: micros(/^\s+50%\s+(\S+)/m.exec(out)[1]),
    p99: micros(/^\s+99%\s+(\S+)/m.exec(out)[1]),
  };
}

// The statement that GetBalance runs, with the user's id in place of its parameter.
function balanceSql(user) {
  const folder = "services/credits/sql";
  const text = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8")).join("");
  const statement = /-- name: credits_balance\n((?:--.*\n)*)([\s\S]*?)(?=\n-- name:|$)/.exec(text)[2];
  return statement.replace(/\$1/g, `'${user}'`).replace(/;?\s*$/, ";\n");
}

// pgbench with the same SQL, as the role and with the isolation that the service uses; the better of 8 and of as many clients.
async function pgbench(dir, user) {
  const script = join(dir, "balance.pgbench");
  writeFileSync(script, balanceSql(user));
  chmodSync(script, 0o644);
  let best = 0;
  for (const n of [8, clients]) {
    const { stdout: out } = await run(join(build, "bin/limitless"), ["psql", "--dir", dir, "--role", "credits_app", "--program", "pgbench", "--", "-n", "-M", "prepared", "-f", script, "-c", String(n), "-j", "2", "-T", String(seconds)], {
      env: { ...process.env, PGOPTIONS: `-c lc.user=${user}` },
    });
    best = Math.max(best, Number(/tps = ([\d.]+)/.exec(out)[1]));
  }
  return best;
}

function memory(pid) {
  const children = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && readFileStatus(name)?.ppid === pid);
  return [String(pid), ...children].map(readFileStatus).filter((p) => p && !/^postgres/.test(p.name));
}

function readFileStatus(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return { name: /Name:\s+(\S+)/.exec(status)[1], ppid: Number(/PPid:\s+(\d+)/.exec(status)[1]), kb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) };
  } catch {
    return null;
  }
}

// Milliseconds until the first piece of text of a streamed answer.
async function firstToken(url, headers, body, mark) {
  const began = performance.now();
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json", accept: "text/event-stream", ...headers }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  let text = "", ms = 0;
  const decoder = new TextDecoder();
  for await (const piece of response.body) {
    text += decoder.decode(piece, { stream: true });
    if (!ms && text.includes(mark)) ms = performance.now() - began;
  }
  return ms;
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function timeToFirstToken(stack, dir) {
  const { models } = await api(stack, "GET", "/api/v1/models");
  const model = models.find((m) => m.price.perMessage === "2000000").id;
  const standin = readFileSync(join(dir, "standin.url"), "utf8").trim();
  const ours = [], direct = [];
  for (let i = 0; i < rounds; i++) {
    if (i % 40 === 0) {
      // A user's gift pays for 50 messages.
      stack.token = null;
      stack.token = (await api(stack, "POST", "/api/v1/auth/signup", { email: `first${i}@example.test`, password: "correct horse battery", tokenDelivery: "BODY" })).accessToken;
    }
    const chat = await api(stack, "POST", "/api/v1/chats", { model });
    ours.push(await firstToken(`${stack.url}/api/v1/chats/${chat.id}:generate`, { authorization: `Bearer ${stack.token}` }, { text: "x [[say:hello]]" }, "event: delta"));
    direct.push(await firstToken(`${standin}/v1/chat/completions`, { authorization: "Bearer x" }, { model: "demo", stream: true, messages: [{ role: "user", content: "x [[say:hello]]" }] }, '"content":"h'));
  }
  return { ours: median(ours), direct: median(direct) };
}

// Seconds of CPU that PostgreSQL has used: its processes that live and those that ended.
function databaseCpu(dir) {
  const postmaster = readFileSync(join(dir, "pg/postmaster.pid"), "utf8").split("\n")[0];
  const stat = (pid) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ").map(Number);
    } catch {
      return null;
    }
  };
  const own = stat(postmaster);
  // After the name: the parent is field 1, utime and stime are 11 and 12, those of ended children 13 and 14.
  let ticks = own[11] + own[12] + own[13] + own[14];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const child = stat(pid);
    if (child && child[1] === Number(postmaster)) ticks += child[11] + child[12];
  }
  return ticks / 100;
}

// Whole answers of as many callers, each a user with a chat. A user's gift pays for 50 messages, so they change.
async function answers(stack, dir, callers, turn) {
  const users = [];
  let model;
  for (let i = 0; i < callers; i++) {
    const { accessToken } = await api({ url: stack.url }, "POST", "/api/v1/auth/signup", { email: `answer${turn}-${i}@example.test`, password: "correct horse battery", tokenDelivery: "BODY" });
    const user = { url: stack.url, token: accessToken };
    model ??= (await api(user, "GET", "/api/v1/models")).models.find((m) => m.price.perMessage === "2000000").id;
    const chat = await api(user, "POST", "/api/v1/chats", { model });
    users.push({ accessToken, chat });
  }
  await sleep(1000);
  const cpu = databaseCpu(dir), began = performance.now();
  await Promise.all(users.map(async ({ accessToken, chat }) => {
    for (let i = 0; i < ANSWERS_EACH; i++)
      await firstToken(`${stack.url}/api/v1/chats/${chat.id}:generate`, { authorization: `Bearer ${accessToken}` }, { text: "x [[say:hello]]" }, "event: delta");
  }));
  const spent = (performance.now() - began) / 1000;
  await sleep(1000); // the outbox settles the last ones
  const n = callers * ANSWERS_EACH;
  return { rate: n / spent, cpu_ms: ((databaseCpu(dir) - cpu) * 1000) / n };
}

// pgbench's own TPC-B-like transactions on the same server, with a branch for each client as its manual wants: fewer would make it wait for
// locks and count for less.
async function tpcb(dir, callers, initialize) {
  const base = ["psql", "--dir", dir, "--program", "pgbench", "--"];
  const program = join(build, "bin/limitless");
  if (initialize) await run(program, [...base, "-i", "-q", "-s", String(clients)]);
  const cpu = databaseCpu(dir);
  const { stdout: out } = await run(program, [...base, "-n", "-M", "prepared", "-c", String(callers), "-j", "2", "-T", String(seconds)]);
  await sleep(1000); // a process that ends between two looks is counted by neither
  const n = Number(/actually processed: (\d+)/.exec(out)[1]);
  return { rate: Number(/tps = ([\d.]+)/.exec(out)[1]), latency_ms: Number(/latency average = ([\d.]+)/.exec(out)[1]), cpu_ms: ((databaseCpu(dir) - cpu) * 1000) / n };
}

// What an answer costs beside a TPC-B-like transaction, by rate and by PostgreSQL's CPU; the latter does not mind neighbours.
async function answerCost(stack, dir) {
  await answers(stack, dir, clients, "warm"); // each connection compiles its plans once
  const ours = [], peer = [], ratio = [];
  for (let turn = 0; turn < 3; turn++) {
    peer.push(await tpcb(dir, clients, false));
    ours.push(await answers(stack, dir, clients, turn));
    ratio.push(ours[turn].rate / peer[turn].rate);
  }
  const of = (runs, key) => median(runs.map((r) => r[key]));
  print("gateway.answers_per_tpcb", Number(of(ours, "rate").toFixed(1)), Number(of(peer, "rate").toFixed(1)), "1/s", { aim: ">= 0.25", ratio: Number(median(ratio).toFixed(3)) });
  const cpu = median(ours.map((r, turn) => peer[turn].cpu_ms / r.cpu_ms));
  print("gateway.answer_database_cpu", Number(of(ours, "cpu_ms").toFixed(2)), Number(of(peer, "cpu_ms").toFixed(2)), "ms", { aim: "peer / ours >= 0.25", ratio: Number(cpu.toFixed(3)) });
}

async function measure(stack, dir) {
  await sleep(2000);
  const processes = memory(stack.child.pid);
  for (const p of processes) print(`rss.${p.name}`, p.kb, null, "KiB");
  print("rss.total", processes.reduce((sum, p) => sum + p.kb, 0), null, "KiB", { aim: "< 81920, PostgreSQL aside" });

  const session = await api(stack, "POST", "/api/v1/auth/signup", { email: "bench@example.test", password: "correct horse battery", tokenDelivery: "BODY" });
  stack.token = session.accessToken;
  await api(stack, "GET", "/api/v1/credits/balance");
  // In turns, for the pace of a machine changes; the medians count.
  const runs = [], peers = [];
  for (let turn = 0; turn < 3; turn++) {
    runs.push(await wrk(`${stack.url}/api/v1/credits/balance`, [`Authorization: Bearer ${stack.token}`]));
    peers.push(await pgbench(dir, session.user.id));
  }
  const ours = runs.sort((a, b) => a.rps - b.rps)[1];
  print(`balance.${clients}`, ours.rps, median(peers), "requests/s", { p50_us: ours.p50, p99_us: ours.p99, aim: ">= 0.3" });

  const single = [await tpcb(dir, 1, true)];
  const first = await timeToFirstToken(stack, dir);
  single.push(await tpcb(dir, 1, false));
  print("first_token.p50", Number(first.ours.toFixed(2)), Number(first.direct.toFixed(2)), "ms", { added_ms: Number((first.ours - first.direct).toFixed(2)), aim: "added < 5" });

  const one = (single[0].latency_ms + single[1].latency_ms) / 2; // right before and right after
  print("first_token.tpcb_latencies", Number((first.ours - first.direct).toFixed(2)), Number(one.toFixed(3)), "ms", { aim: "<= 4" });
  await answerCost(stack, dir);
}

const dir = mkdtempSync(join(tmpdir(), "lc-bench-"));
chmodSync(dir, 0o755);
const port = await freePort();
let stack = await start(dir, port);
try {
  print("ready.first", Number(stack.ms.toFixed(0)), null, "ms");
  await stop(stack);
  stack = await start(dir, port);
  print("ready.second", Number(stack.ms.toFixed(0)), null, "ms", { aim: "< 2000" });
  await measure(stack, dir);
} finally {
  await stop(stack);
  rmSync(dir, { recursive: true, force: true });
}
