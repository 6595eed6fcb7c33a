// Figures of the whole stack, each beside its peer in the same run; one JSON object a line on standard output.
//   node tests/bench/stack.mjs [build folder]     SECONDS=5 CLIENTS=64 ROUNDS=250 ONLY=rss,balance,first,answer
import { execFile } from "node:child_process";
import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ask, call, isDatabase, json, median, newFolder, processes, rounded, signUp, sleep, spent, startStack, stop, sumOf } from "./lib.mjs";

const run = promisify(execFile);
const build = process.argv[2] ?? "build";
const seconds = Number(process.env.SECONDS ?? 5);
const clients = Number(process.env.CLIENTS ?? 64);
const rounds = Number(process.env.ROUNDS ?? 250);
const TURNS = 3;
const ANSWERS_EACH = 20; // questions in a chat
const GIFT = 1_000_000_000_000; // micro-credits: a user pays for all answers of a run
const STREAM = ["-h", "Accept: text/event-stream", "-f", "event: delta", "-e", "event: done"];
const only = (process.env.ONLY ?? "rss,balance,first,answer").split(",");

const print = (bench, ours, peer, unit, more = {}) => json({ bench, ours, peer, ratio: peer ? rounded(ours / peer, 3) : null, unit, ...more });

// A stack, and the milliseconds until it said ready.
async function start(dir) {
  const began = performance.now();
  const stack = await startStack(build, dir, { LIMITLESS_STANDIN_PACE: "0", LIMITLESS_STANDIN_FIRST_TOKEN: "0", LIMITLESS_CREDITS_GIFT_AMOUNT_MICROCREDITS: String(GIFT) });
  return { ...stack, ms: performance.now() - began };
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

// Users who each have chats, and the lines of the callers: a chat has ANSWERS_EACH questions.
async function newCallers(stack, n, name) {
  const callers = [];
  for (let i = 0; i < n; i++) callers.push((await signUp(stack, `${name}${i}`)).accessToken);
  const { models } = await call(stack, "GET", "/api/v1/models", undefined, callers[0]);
  return { callers, model: models.find(({ price }) => price.perMessage === "2000000").id };
}

async function questions(stack, { callers, model }, chats) {
  const lines = [];
  for (const [i, token] of callers.entries()) {
    for (let chat = 0; chat < chats; chat++) {
      const { id } = await call(stack, "POST", "/api/v1/chats", { model }, token);
      for (let n = 0; n < ANSWERS_EACH; n++) lines.push([i, `/api/v1/chats/${id}:generate`, token, JSON.stringify({ text: "x [[say:hello]]" })]);
    }
  }
  return lines;
}

/** Fails where a reply did: a figure without answers is none. */
async function answered(port, lines, options) {
  const figures = await ask(build, port, lines, options);
  if (figures.failures) throw new Error(`${figures.failures} of ${figures.requests} answers failed: ${figures.says}`);
  return figures;
}

// One caller, in turns with the stand-in itself.
async function timeToFirstToken(stack, dir) {
  const one = await newCallers(stack, 1, "first");
  const standin = Number(/:(\d+)/.exec(readFileSync(join(dir, "standin.url"), "utf8").replace(/^\w+:/, ""))[1]);
  const body = JSON.stringify({ model: "demo", stream: true, messages: [{ role: "user", content: "x [[say:hello]]" }] });
  const direct = Array.from({ length: rounds }, () => [0, "/v1/chat/completions", "x", body]);
  await answered(stack.port, await questions(stack, one, 5), STREAM);
  const ours = [], peer = [];
  for (let turn = 0; turn < TURNS; turn++) {
    ours.push(await answered(stack.port, (await questions(stack, one, Math.ceil(rounds / ANSWERS_EACH))).slice(0, rounds), STREAM));
    peer.push(await answered(standin, direct, ["-f", '"content":"h', "-e", "data: [DONE]"]));
  }
  const of = (runs, key) => median(runs.map((figures) => figures[key]));
  const part = (key) => ({ ours: of(ours, key), direct: of(peer, key), added: of(ours, key) - of(peer, key) });
  return { p50: part("first_p50_ms"), p99: part("first_p99_ms") };
}

// Whole answers of as many callers: how many in a second, and the CPU of one by process.
async function answers(stack, users) {
  const lines = await questions(stack, users, 1);
  await sleep(1000);
  const before = processes(stack.child.pid);
  const { per_second, requests, cpu_ms } = await answered(stack.port, lines, STREAM);
  await sleep(1000); // the outbox settles the last ones
  const cpu = spent(before, processes(stack.child.pid));
  cpu.set("caller", cpu_ms);
  return { rate: per_second, cpu: new Map([...cpu].map(([name, ms]) => [name, ms / requests])), cpu_ms: sumOf(cpu, isDatabase) / requests };
}

// pgbench's own TPC-B-like transactions on the same server, with a branch for each client as its manual wants: fewer would make it wait for
// locks and count for less.
async function tpcb(stack, dir, callers) {
  const base = ["psql", "--dir", dir, "--program", "pgbench", "--"];
  const program = join(build, "bin/limitless");
  const before = processes(stack.child.pid);
  const { stdout: out } = await run(program, [...base, "-n", "-M", "prepared", "-c", String(callers), "-j", "2", "-T", String(seconds)]);
  await sleep(1000); // a process that ends between two looks is counted by neither
  const n = Number(/actually processed: (\d+)/.exec(out)[1]);
  return { rate: Number(/tps = ([\d.]+)/.exec(out)[1]), latency_ms: Number(/latency average = ([\d.]+)/.exec(out)[1]), cpu_ms: sumOf(spent(before, processes(stack.child.pid)), isDatabase) / n };
}

// What an answer costs beside a TPC-B-like transaction, by rate and by PostgreSQL's CPU; the latter does not mind neighbours.
async function answerCost(stack, dir) {
  const users = await newCallers(stack, clients, "answer");
  await answers(stack, users); // each connection compiles its plans once
  const ours = [], peer = [];
  for (let turn = 0; turn < TURNS; turn++) {
    peer.push(await tpcb(stack, dir, clients));
    ours.push(await answers(stack, users));
  }
  const of = (runs, key) => median(runs.map((figures) => figures[key]));
  const ratio = (one) => rounded(median(ours.map((figures, turn) => one(figures, peer[turn]))), 3);
  print("gateway.answers_per_tpcb", rounded(of(ours, "rate"), 1), rounded(of(peer, "rate"), 1), "1/s", { aim: ">= 0.25", ratio: ratio((a, b) => a.rate / b.rate) });
  print("gateway.answer_database_cpu", rounded(of(ours, "cpu_ms")), rounded(of(peer, "cpu_ms")), "ms", { aim: "peer / ours >= 0.25", ratio: ratio((a, b) => b.cpu_ms / a.cpu_ms) });
  for (const name of [...ours[0].cpu.keys()].sort()) {
    const ms = median(ours.map(({ cpu }) => cpu.get(name) ?? 0));
    if (ms >= 0.005) print(`answer.cpu.${name}`, rounded(ms, 3), null, "ms");
  }
  print("answer.cpu.total", rounded(median(ours.map(({ cpu }) => sumOf(cpu, () => true))), 3), null, "ms");
}

function resident(stack) {
  const list = [...processes(stack.child.pid)].filter(([name]) => !isDatabase(name));
  for (const [name, { kib }] of list) print(`rss.${name}`, kib, null, "KiB");
  print("rss.total", list.reduce((sum, [, { kib }]) => sum + kib, 0), null, "KiB", { aim: "< 81920, PostgreSQL aside" });
}

async function balance(stack, dir) {
  const { accessToken, user } = await signUp(stack, "bench");
  await call(stack, "GET", "/api/v1/credits/balance", undefined, accessToken);
  // In turns, for the pace of a machine changes; the medians count.
  const runs = [], peers = [];
  for (let turn = 0; turn < TURNS; turn++) {
    runs.push(await wrk(`${stack.url}/api/v1/credits/balance`, [`Authorization: Bearer ${accessToken}`]));
    peers.push(await pgbench(dir, user.id));
  }
  const ours = runs.sort((a, b) => a.rps - b.rps)[1];
  print(`balance.${clients}`, ours.rps, median(peers), "requests/s", { p50_us: ours.p50, p99_us: ours.p99, aim: ">= 0.3" });
}

async function firstToken(stack, dir) {
  const single = [await tpcb(stack, dir, 1)];
  const { p50, p99 } = await timeToFirstToken(stack, dir);
  single.push(await tpcb(stack, dir, 1));
  print("first_token.p50", rounded(p50.ours), rounded(p50.direct), "ms", { added_ms: rounded(p50.added), aim: "added < 5" });
  print("first_token.p99", rounded(p99.ours), rounded(p99.direct), "ms", { added_ms: rounded(p99.added) });
  const one = (single[0].latency_ms + single[1].latency_ms) / 2; // right before and right after
  print("first_token.tpcb_latencies", rounded(p50.added), rounded(one, 3), "ms", { aim: "<= 4" });
}

async function measure(stack, dir) {
  await sleep(2000);
  if (only.includes("rss")) resident(stack);
  if (only.includes("balance")) await balance(stack, dir);
  await run(join(build, "bin/limitless"), ["psql", "--dir", dir, "--program", "pgbench", "--", "-i", "-q", "-s", String(clients)]);
  if (only.includes("first")) await firstToken(stack, dir);
  if (only.includes("answer")) await answerCost(stack, dir);
}

const dir = newFolder("bench");
let stack = await start(dir);
try {
  print("ready.first", rounded(stack.ms, 0), null, "ms");
  await stop(stack.child);
  stack = await start(dir);
  print("ready.second", rounded(stack.ms, 0), null, "ms", { aim: "< 2000" });
  await measure(stack, dir);
} finally {
  await stop(stack.child);
  rmSync(dir, { recursive: true, force: true });
}
