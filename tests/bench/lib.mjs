// What the benchmarks share: a stack of ours, the callers (tests/bench/load), and what processes use.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
export const rounded = (x, digits = 2) => Number(x.toFixed(digits));
export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
export const json = (object) => console.log(JSON.stringify(object));

export function newFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `lc-${name}-`));
  chmodSync(folder, 0o755); // PostgreSQL's user goes through it
  return folder;
}

export async function freePort() {
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
export function start(program, args, ready, env = {}) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((done, fail) => {
    let out = "";
    const ended = (code) => fail(new Error(`${program} ended with ${code}`));
    child.once("exit", ended);
    child.stdout.on("data", (data) => {
      out += data;
      if (!ready.test(out)) return;
      child.removeListener("exit", ended);
      done(child);
    });
  });
}

export async function stop(child, signal = "SIGTERM") {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, "exit");
}

/** `limitless up` with its data in dir: its process, port and url. */
export async function startStack(build, dir, env = {}) {
  const port = await freePort();
  const child = await start(join(build, "bin/limitless"), ["up", "--dir", dir, "--port", String(port)], /^ready http/m, { LIMITLESS_GATEWAY_LOG_LEVEL: "warn", LIMITLESS_CHAT_LOG_LEVEL: "warn", ...env });
  return { child, port, url: `http://127.0.0.1:${port}` };
}

export async function call(stack, method, path, body, token) {
  const response = await fetch(stack.url + path, {
    method,
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** A new user's session: accessToken, user. */
export const signUp = (stack, name) => call(stack, "POST", "/api/v1/auth/signup", { email: `${name}@example.test`, password: "correct horse battery", tokenDelivery: "BODY" });

/** Callers at the same time; `lines`: [caller, path, token, body]. The figures of tests/bench/load/ask.c. */
export async function ask(build, port, lines, options) {
  const child = spawn(join(build, "bench/load/load"), ["ask", String(port), ...options.map(String)], { stdio: "pipe" });
  let out = "", says = "";
  child.stdout.on("data", (data) => (out += data));
  child.stderr.on("data", (data) => (says += data));
  child.stdin.on("error", () => {}); // it says why
  child.stdin.end(lines.map((line) => `${line.join(" ")}\n`).join(""));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`load ended with ${code}: ${says}`);
  return { ...JSON.parse(out), ...(says && { says: says.trim() }) };
}

// A process of PostgreSQL says whose connection it is: "postgres: chat_app limitless …".
function nameOf(pid, stat) {
  const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
  if (name !== "postgres") return name;
  const title = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  const [, role] = /^postgres: (?:\S+: )?(\w+) \S+ (?:\[local\]|[\d.:]+\()/.exec(title) ?? [];
  const [, part] = /^postgres: (?:\S+: )?([a-z ]+?)\s*$/.exec(title) ?? [];
  return `postgres.${role ?? part?.replaceAll(" ", "_") ?? "postmaster"}`;
}

/**
 * CPU (ms), resident memory and its peak (KiB) of the processes below `roots`, by name; PostgreSQL's by role. A process that ended is counted
 * by its parent: only PostgreSQL's are, as "postgres.ended".
 */
export function processes(...roots) {
  const list = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // After the name: the parent is field 1, utime and stime are 11 and 12, those of ended children 13 and 14.
      const rest = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const [kib, peak] = ["RSS", "HWM"].map((key) => Number(new RegExp(`^Vm${key}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0));
      list.set(Number(pid), { name: nameOf(pid, stat), parent: rest[1], ms: (rest[11] + rest[12]) * 10, ended: (rest[13] + rest[14]) * 10, kib, peak });
    } catch {} // it ended
  }
  const of = new Map();
  const add = (name, ms, kib, peak) => {
    const sum = of.get(name) ?? { ms: 0, kib: 0, peak: 0 };
    of.set(name, { ms: sum.ms + ms, kib: sum.kib + kib, peak: sum.peak + peak });
  };
  for (const [pid, one] of list) {
    let at = pid;
    while (at && !roots.includes(at)) at = list.get(at)?.parent;
    if (!at) continue;
    add(one.name, one.ms, one.kib, one.peak);
    if (one.name === "postgres.postmaster") add("postgres.ended", one.ended, 0, 0);
  }
  return of;
}

/** Milliseconds of CPU by name between two looks. */
export const spent = (before, after) => new Map([...after].map(([name, { ms }]) => [name, ms - (before.get(name)?.ms ?? 0)]));
export const sumOf = (map, test) => [...map].filter(([name]) => test(name)).reduce((sum, [, ms]) => sum + ms, 0);
export const isDatabase = (name) => name.startsWith("postgres");
