// /v1/chat/completions through us and through other gateways, all in front of the same stand-in; one JSON object a line.
//   node tests/bench/gateway/gateway.mjs [build folder]     CALLERS=1,16,64 REQUESTS=10 ONLY=ours,litellm
// Each cell (stream or not, callers) is asked of every target in turn, the stand-in itself first: what a target adds is its
// figure less the stand-in's. Status, text and end of every reply are checked; a wrong one is an error of the target.
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { targets } from "./targets.mjs";

const build = process.argv[2] ?? "build";
const callers = (process.env.CALLERS ?? "1,16,64").split(",").map(Number);
const each = Number(process.env.REQUESTS ?? 10); // requests of one caller; a single one makes four times as many
const TEXT = "hello from the other side";
const TIMEOUT_MS = 60_000;

const rounded = (x) => Number(x.toFixed(2));
const at = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;

const textOfStream = (body) =>
  body
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice(6)).choices?.[0]?.delta?.content ?? "")
    .join("");

/** What is wrong with a reply, or null. */
function fault(status, body, stream) {
  if (status !== 200) return `status ${status}: ${body.slice(0, 200)}`;
  if (stream) {
    if (!body.trimEnd().endsWith("data: [DONE]")) return `no [DONE] at the end: ${body.slice(-80)}`;
    return textOfStream(body) === TEXT ? null : `text ${textOfStream(body)}`;
  }
  const { choices } = JSON.parse(body);
  return choices[0].message.content === TEXT && choices[0].finish_reason === "stop" ? null : `reply ${body.slice(0, 200)}`;
}

/** One request: milliseconds to the first token and to the end. */
function ask(target, agent, stream) {
  const body = JSON.stringify({ model: target.model, stream, messages: [{ role: "user", content: `x [[say:${TEXT}]]` }] });
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body), authorization: `Bearer ${target.key()}`, ...target.headers };
  const from = performance.now();
  return new Promise((done) => {
    const bad = (error) => done({ error: String(error.message ?? error) });
    const req = request(`${target.url}/chat/completions`, { method: "POST", headers, agent, timeout: TIMEOUT_MS }, (response) => {
      let text = "", first = 0;
      response.setEncoding("utf8");
      response.on("data", (piece) => {
        text += piece;
        if (!first && /"content":\s?"h/.test(text)) first = performance.now() - from;
      });
      response.on("error", bad);
      response.on("end", () => {
        const total = performance.now() - from;
        try {
          const error = fault(response.statusCode, text, stream);
          done(error ? { error } : { first, total });
        } catch (error) {
          bad(error);
        }
      });
    });
    req.on("error", bad);
    req.on("timeout", () => req.destroy(new Error("no reply in time")));
    req.end(body);
  });
}

async function cell(target, stream, n) {
  const agent = new Agent({ keepAlive: true, maxSockets: n });
  const replies = [], rounds = n === 1 ? each * 4 : each;
  const from = performance.now();
  await Promise.all(
    Array.from({ length: n }, async () => {
      for (let i = 0; i < rounds; i++) replies.push(await ask(target, agent, stream));
    }),
  );
  const seconds = (performance.now() - from) / 1000;
  agent.destroy();
  const good = replies.filter(({ error }) => !error);
  const sorted = (key) => good.map((reply) => reply[key]).sort((a, b) => a - b);
  const total = sorted("total"), first = sorted("first");
  return {
    rate: good.length / seconds,
    p50: at(total, 0.5),
    p99: at(total, 0.99),
    first: at(first, 0.5),
    errors: replies.length - good.length,
    says: replies.find(({ error }) => error)?.error,
  };
}

/** Resident memory of a program and those that it started, without PostgreSQL's, which is told beside it; KiB. */
function memory(root) {
  const list = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        return [{ pid: Number(pid), parent: Number(/PPid:\s+(\d+)/.exec(status)[1]), name: /Name:\s+(\S+)/.exec(status)[1], kib: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) }];
      } catch {
        return []; // it ended
      }
    });
  const of = new Map(list.map((one) => [one.pid, one]));
  const below = (one) => {
    for (let pid = one.pid; pid; pid = of.get(pid)?.parent) if (pid === root) return true;
    return false;
  };
  const ours = list.filter(below);
  return ours.filter(({ name }) => !/^(postgres|standin)/.test(name)).reduce((sum, { kib }) => sum + kib, 0);
}

const { list, folder, stop } = await targets(build, (process.env.ONLY ?? "").split(",").filter(Boolean), callers.reduce((sum, n) => sum + 2 * each * (n === 1 ? 4 : n), 0));
try {
  for (const target of list) if (target.warm) for (let i = 0; i < 5; i++) await ask(target, undefined, i % 2 === 0);
  for (const stream of [false, true]) {
    for (const n of callers) {
      let direct;
      for (const target of list) {
        const figures = await cell(target, stream, n);
        direct ??= figures;
        const row = { bench: `gateway.${stream ? "stream" : "whole"}.${n}.${target.name}`, requests_a_second: rounded(figures.rate), p50_ms: rounded(figures.p50), p99_ms: rounded(figures.p99) };
        if (target !== list[0]) Object.assign(row, { added_p50_ms: rounded(figures.p50 - direct.p50), added_p99_ms: rounded(figures.p99 - direct.p99) });
        if (stream) Object.assign(row, { first_ms: rounded(figures.first), added_first_ms: rounded(figures.first - direct.first) });
        console.log(JSON.stringify({ ...row, errors: figures.errors, ...(figures.says && { says: figures.says }) }));
      }
    }
  }
  for (const { name, pid } of list.slice(1)) console.log(JSON.stringify({ bench: `gateway.memory.${name}`, ours: memory(pid), unit: "KiB", ...(name === "ours" && { aim: "< 61440, PostgreSQL aside" }) }));
} finally {
  await stop();
  rmSync(folder, { recursive: true, force: true });
}
