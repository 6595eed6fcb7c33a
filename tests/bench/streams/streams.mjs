// Many live answers at once: a source of pieces → chat → gateway → readers of server-sent events; one JSON object a line.
//   node tests/bench/streams/streams.mjs [build folder]     STREAMS=250,1000,8000/100 SECONDS=10 RATE=20 STEP=50
// 1000: as many answers, each with a reader. 8000/100: 8,000 readers of 100 answers.
// A piece says when its source sent it, so its delay is that of chat and gateway alone. The same readers at the source itself
// are the peer: what they measure is the machine's. Lost: numbers of pieces that a reader has not seen.
// At the end the highest load that is carried is sought between the levels, in steps of STEP streams (0: it is not sought).
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { call, freePort, isDatabase, json, newFolder, processes, rounded, signUp, sleep, start, startStack, stop } from "../lib.mjs";

const build = process.argv[2] ?? "build";
const levels = (process.env.STREAMS ?? "250,500,1000,2000,10000,8000/100").split(",").map((level) => {
  const [readers, answers] = level.split("/").map(Number);
  return { name: level, readers, answers: answers ?? readers, shared: answers !== undefined };
});
const seconds = Number(process.env.SECONDS ?? 10);
const rate = Number(process.env.RATE ?? 20);
const step = Number(process.env.STEP ?? 50);
const load = join(build, "bench/load/load");
const PER_USER = 250;
const AT_ONCE = 32; // streams that are being opened at a time
const WARM = 20; // streams before the measurement, so that what a process makes once is no stream's
const P99_MS = 50; // the aim
const BODY = { text: "Say it piece by piece" };

/** A stack for so many answers; no limit that a user has ends one of them. */
const newStack = (dir, source, most) =>
  startStack(build, dir, {
    OPENAI_BASE_URL: `http://127.0.0.1:${source}/v1`,
    OPENAI_API_KEY: "none",
    LIMITLESS_CREDITS_GIFT_AMOUNT_MICROCREDITS: "1000000000000000",
    LIMITLESS_AUTH_ACCESS_TTL: "12h",
    LIMITLESS_CHAT_ENGINE_GENERATIONS_MAX: String(most * 2),
    LIMITLESS_CHAT_ENGINE_GENERATIONS_PER_USER: String(PER_USER * 2),
    LIMITLESS_CHAT_PROVIDER_CALLS_TOTAL_TIMEOUT: "1h",
    LIMITLESS_CHAT_USER_STREAMS_MAX: "100000",
    LIMITLESS_CHAT_SESSION_STREAMS_MAX: "100000",
    LIMITLESS_CHAT_CONNECTION_UNSENT_BYTES: "4GiB",
    LIMITLESS_GATEWAY_CONNECTIONS_PER_ADDRESS_MAX: "16384",
  });

/** New chats of new users. */
async function newChats(stack, n, name) {
  const chats = [];
  while (chats.length < n) {
    const { accessToken } = await signUp(stack, `s${name}-${chats.length}`);
    const { models } = await call(stack, "GET", "/api/v1/models", undefined, accessToken);
    const model = models.find(({ id }) => /load/.test(id)).id;
    const some = Array.from({ length: Math.min(PER_USER, n - chats.length) }, () => call(stack, "POST", "/api/v1/chats", { model }, accessToken));
    chats.push(...(await Promise.all(some)).map(({ id }) => ({ id, accessToken })));
  }
  return chats;
}

/** The lines that the readers take: path, token, body; - follows an answer that runs. */
async function ours(stack, { readers, answers, shared, name }) {
  const chats = await newChats(stack, answers, name.replace("/", "-"));
  if (!shared) return chats.map(({ id, accessToken }) => `/api/v1/chats/${id}:generate ${accessToken} ${JSON.stringify(BODY)}`);
  const running = [];
  for (const { id, accessToken } of chats) running.push({ id: (await call(stack, "POST", `/api/v1/chats/${id}:generate`, BODY, accessToken)).id, accessToken });
  return Array.from({ length: readers }, (_, i) => running[i % answers]).map(({ id, accessToken }) => `/api/v1/generations/${id}/events ${accessToken} -`);
}
const direct = (n) => Array.from({ length: n }, () => `/v1/chat/completions x {"model":"load","stream":true,"messages":[{"role":"user","content":"x"}]}`);

/** Reads all the streams; `at` is told when all are open, and at the end of the measurement. */
async function read(port, source, lines, at = () => {}, length = seconds) {
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

/** CPU for an event and memory for a stream, by process; PostgreSQL's count as one. */
function costs(snaps, result, n) {
  const row = {}, cpu = new Map();
  for (const [program, end] of snaps.measured) {
    const name = isDatabase(program) ? "postgres" : program;
    cpu.set(name, (cpu.get(name) ?? 0) + end.ms - (snaps.open.get(program)?.ms ?? 0));
  }
  for (const [name, ms] of cpu) if (ms >= 10) row[name] = { us_per_event: rounded((ms * 1000) / result.measured) };
  row.kib_per_stream = 0;
  for (const name of ["chat", "gateway"]) {
    const kib = (snaps.measured.get(name).kib - snaps.before.get(name).kib) / n;
    row[name] = { ...row[name], kib_per_stream: rounded(kib) };
    row.kib_per_stream = rounded(row.kib_per_stream + kib);
  }
  row.cores = rounded([...cpu.values()].reduce((sum, ms) => sum + ms, 0) / 1000 / seconds);
  return row;
}

/** Why the machine did not carry it: nothing, if it did. */
function faults(result, base, n) {
  const wanted = n * rate * seconds;
  return [
    result.lost > 0 && `${result.lost} events lost`,
    result.cut > 0 && `${result.cut} streams cut`,
    result.refused > 0 && `${result.refused} streams refused`,
    result.measured < 0.98 * wanted && `${Math.round((100 * result.measured) / wanted)} % of the events in time`,
    result.p99_ms - base.p99_ms >= P99_MS && `p99 ${rounded(result.p99_ms - base.p99_ms)} ms added`,
  ].filter(Boolean);
}

async function run(stack, source, sourcePort, level, bench) {
  const n = level.readers;
  const base = await read(sourcePort, source, direct(n));
  const lines = await ours(stack, level);
  await sleep(2000);
  const snaps = { before: processes(stack.child.pid) };
  const result = await read(stack.port, source, lines, (name, readers) => {
    snaps[name] = processes(stack.child.pid, source.pid, readers);
  });
  const why = faults(result, base, n);
  json({
    bench,
    streams: n,
    events_a_second: Math.round(result.measured / seconds),
    wanted: n * rate,
    lost: result.lost,
    cut: result.cut,
    refused: result.refused,
    p50_ms: result.p50_ms,
    p99_ms: result.p99_ms,
    max_ms: result.max_ms,
    direct_p50_ms: base.p50_ms,
    direct_p99_ms: base.p99_ms,
    added_p50_ms: rounded(result.p50_ms - base.p50_ms),
    added_p99_ms: rounded(result.p99_ms - base.p99_ms),
    opened_in_s: result.open_seconds,
    last_event_after_s: result.end_seconds,
    ...costs(snaps, result, n),
    carried: why.length === 0,
    why,
  });
  return why.length === 0;
}

const warm = async (stack, source) => read(stack.port, source, await ours(stack, { readers: WARM, answers: WARM, name: "warm" }), undefined, 1);

async function withStack(sourcePort, most, use) {
  const dir = newFolder("streams");
  const stack = await newStack(dir, sourcePort, most);
  try {
    return await use(stack);
  } finally {
    await stop(stack.child);
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Between a level that is carried and one that is not, on one stack. */
async function seek(source, sourcePort, low, high) {
  await withStack(sourcePort, high, async (stack) => {
    await warm(stack, source);
    while (high - low > step) {
      const n = Math.round((low + high) / 2 / step) * step;
      if (n <= low || n >= high) break;
      if (await run(stack, source, sourcePort, { name: `seek-${n}`, readers: n, answers: n }, "streams.seek")) low = n;
      else high = n;
    }
  });
  return low;
}

const sourcePort = await freePort();
const source = await start(load, ["source", String(sourcePort), String(rate)], /ready/);
try {
  let highest = 0, beyond = Infinity;
  for (const level of levels) {
    // Each on a stack of its own: memory of the level before is not its.
    const carried = await withStack(sourcePort, level.answers + WARM, async (stack) => {
      await warm(stack, source);
      return run(stack, source, sourcePort, level, `streams.${level.name}`);
    });
    if (level.shared) continue;
    if (carried) highest = Math.max(highest, level.readers);
    else beyond = Math.min(beyond, level.readers);
  }
  if (step && beyond < Infinity && beyond > highest) highest = await seek(source, sourcePort, highest, beyond);
  json({ bench: "streams.highest", ours: highest, events_a_second: highest * rate, unit: "streams", aim: `0 lost, p99 added < ${P99_MS} ms` });
} finally {
  await stop(source);
}
