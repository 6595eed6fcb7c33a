// /v1/chat/completions through us and through other gateways, all in front of the same stand-in; one JSON object a line.
//   node tests/bench/gateway/gateway.mjs [build folder]     SECONDS=4 TURNS=3 CALLERS=1,16,64 ONLY=ours,litellm
// Each cell (stream or not, callers) is asked of every target in turn, the stand-in itself first: what a target adds is its
// figure less the stand-in's. Medians of the turns. Status, text and end of every reply are checked (tests/bench/load/ask.c).
import { rmSync } from "node:fs";
import { ask, isDatabase, json, median, newFolder, processes, rounded, spent, sumOf } from "../lib.mjs";
import { targets } from "./targets.mjs";

const build = process.argv[2] ?? "build";
const callers = (process.env.CALLERS ?? "1,16,64").split(",").map(Number);
const seconds = Number(process.env.SECONDS ?? 4);
const turns = Number(process.env.TURNS ?? 3);
const only = (process.env.ONLY ?? "").split(",").filter(Boolean);
const TEXT = "hello from the other side";
const SCRIPTED = ["litellm", "portkey", "llmops"]; // peers in Python and JavaScript

async function load(target, stream, n, length) {
  const body = JSON.stringify({ model: target.model, stream, messages: [{ role: "user", content: `######### [[say:${TEXT}]]` }] });
  const lines = Array.from({ length: n }, (_, i) => [i, "/v1/chat/completions", target.key(i), body]);
  const checks = stream ? ["-f", '"hell', "-e", "data: [DONE]"] : ["-j"];
  const before = processes(target.child.pid);
  const figures = await ask(build, target.port, lines, ["-s", length, "-t", `content=${TEXT}`, ...checks, ...target.headers.flatMap((line) => ["-h", line])]);
  const cpu = sumOf(spent(before, processes(target.child.pid)), () => true);
  return { ...figures, target_cpu_ms: cpu / Math.max(1, figures.requests - figures.failures) };
}

/** The medians of a target's turns. */
function summary(runs) {
  const of = (key) => median(runs.map((run) => run[key]));
  const failures = runs.reduce((sum, run) => sum + run.failures, 0);
  return {
    rate: of("per_second"),
    p50: of("p50_ms"),
    p99: of("p99_ms"),
    first: of("first_p50_ms"),
    first_p99: of("first_p99_ms"),
    cpu: of("target_cpu_ms"),
    failures,
    says: runs.find((run) => run.says)?.says,
  };
}

function row(name, figures, direct) {
  const { rate, p50, p99, first, first_p99, cpu, failures, says } = figures;
  const added = (key) => rounded(figures[key] - direct[key]);
  json({
    bench: `gateway.${name}`,
    requests_a_second: rounded(rate, 1),
    p50_ms: rounded(p50),
    p99_ms: rounded(p99),
    ...(direct !== figures && { added_p50_ms: added("p50"), added_p99_ms: added("p99") }),
    ...(first > 0 && { first_ms: rounded(first), first_p99_ms: rounded(first_p99) }),
    ...(first > 0 && direct !== figures && { added_first_ms: added("first"), added_first_p99_ms: added("first_p99") }),
    cpu_ms: rounded(cpu, 3),
    failures,
    ...(says && { says }),
  });
}

async function cell(list, stream, n) {
  const runs = new Map(list.map(({ name }) => [name, []]));
  for (let turn = 0; turn < turns; turn++) for (const target of list) runs.get(target.name).push(await load(target, stream, n, seconds));
  const figures = new Map([...runs].map(([name, of]) => [name, summary(of)]));
  const kind = `${stream ? "stream" : "whole"}.${n}`;
  for (const [name, of] of figures) row(`${kind}.${name}`, of, figures.get("direct"));
  return { kind, figures };
}

/** The aims, from the figures of all cells. */
function judge(cells, memory) {
  const better = { rate: (a, b) => a >= b, p50: (a, b) => a <= b, p99: (a, b) => a <= b, first: (a, b) => a <= b };
  const behind = [];
  for (const { kind, figures } of cells) {
    const ours = figures.get("ours");
    for (const peer of SCRIPTED.filter((name) => figures.has(name)))
      for (const [key, is] of Object.entries(better)) if (!is(ours[key], figures.get(peer)[key])) behind.push(`${kind}.${key}.${peer}`);
    const litellm = figures.get("litellm"), rust = figures.get("litellm-rs"), direct = figures.get("direct");
    if (litellm) json({ bench: `gateway.rate_to_litellm.${kind}`, ours: rounded(ours.rate, 1), peer: rounded(litellm.rate, 1), ratio: rounded(ours.rate / litellm.rate, 1), aim: ">= 20" });
    if (rust) json({ bench: `gateway.latency_to_litellm_rs.${kind}`, ours: rounded(ours.p50), peer: rounded(rust.p50), ratio: rounded(ours.p50 / rust.p50), added_ratio: rounded((ours.p50 - direct.p50) / (rust.p50 - direct.p50)), unit: "ms", aim: "<= 2" });
  }
  for (const peer of SCRIPTED) if (memory.get(peer) < memory.get("ours")) behind.push(`memory.${peer}`);
  json({ bench: "gateway.behind_python_and_node", ours: behind.length, which: behind, aim: "0" });
}

function resident(list) {
  const memory = new Map();
  for (const { name, child } of list.slice(1)) {
    const own = [...processes(child.pid)].filter(([program]) => !isDatabase(program) && program !== "standin");
    const kib = own.reduce((sum, [, one]) => sum + one.kib, 0), peak = own.reduce((sum, [, one]) => sum + one.peak, 0);
    memory.set(name, kib);
    json({ bench: `gateway.memory.${name}`, ours: kib, peak, unit: "KiB", ...(name === "ours" && { by: Object.fromEntries(own.map(([program, one]) => [program, one.kib])), aim: "< 61440, PostgreSQL aside" }) });
  }
  return memory;
}

async function compare({ list }) {
  for (const target of list) for (const stream of [false, true]) await load(target, stream, Math.min(16, Math.max(...callers)), 2); // they compile, and make their connections
  const cells = [];
  for (const stream of [false, true]) for (const n of callers) cells.push(await cell(list, stream, n));
  const memory = resident(list);
  if (memory.has("ours")) judge(cells, memory);
}

const folder = newFolder("gateway");
try {
  const started = await targets(build, folder, only, Math.max(...callers));
  await compare(started).finally(started.stop);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
