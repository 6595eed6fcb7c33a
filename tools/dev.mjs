// make dev: the stack, rebuilt and restarted on save, and the page by Vite with hot replacement.
//   node tools/dev.mjs DIR PORT
// A process whose binary changed is ended by SIGTERM; the supervisor starts the new one.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { readdirSync, statSync, watch } from "node:fs";
import { join } from "node:path";

const [dir, port] = process.argv.slice(2);
const url = `http://127.0.0.1:${port}`;
const QUIET_MS = 200; // an editor's save is several events

const binaries = () => new Map(readdirSync("build/bin").map((name) => [name, statSync(join("build/bin", name)).mtimeMs]));
// A make of its own, not a part of the one that runs this.
const { MAKEFLAGS, MFLAGS, MAKELEVEL, ...environment } = process.env;
const make = () => spawnSync("make", ["--silent", "binaries", "build/gen/openapi.json"], { stdio: "inherit", env: environment }).status === 0;

// Process ids by name, from the table that `limitless status` prints.
function pids() {
  const table = spawnSync("build/bin/limitless", ["status", "--dir", dir], { encoding: "utf8" }).stdout;
  return new Map(table.split("\n").map((line) => line.trim().split(/\s+/)).filter((row) => Number(row[2]) > 0).map((row) => [row[0], Number(row[2])]));
}

function rebuild(changed) {
  const before = binaries();
  if (!make()) return;
  if (changed.has("openapi")) execFileSync("npm", ["--prefix", "gateway/web", "run", "--silent", "types"], { stdio: "ignore" });
  if (changed.has("migrations")) spawnSync("build/bin/limitless", ["migrate", "--dir", dir], { stdio: "inherit" });
  const running = pids();
  for (const [name, time] of binaries()) {
    if (time === before.get(name)) continue;
    if (name === "limitless") console.log("limitless itself changed: start `make dev` again");
    else if (running.has(name)) {
      console.log(`restarting ${name}`);
      process.kill(running.get(name), "SIGTERM");
    }
  }
}

const changed = new Set();
let timer;
function saved(root, file) {
  if (!file || !/\.(c|h|sql|awk|proto)$/.test(file) || file.startsWith("web/")) return;
  if (root === "protos") changed.add("openapi");
  if (file.includes("migrations/")) changed.add("migrations");
  clearTimeout(timer);
  timer = setTimeout(() => {
    const now = new Set(changed);
    changed.clear();
    rebuild(now);
  }, QUIET_MS);
}

const stack = spawn("build/bin/limitless", ["up", "--dir", dir, "--port", port], { stdio: "inherit" });
const page = spawn("npm", ["--prefix", "gateway/web", "run", "--silent", "dev"], { stdio: "inherit", env: { ...process.env, LIMITLESS_URL: url } });
for (const root of ["services", "gateway", "protos", "tools"]) watch(root, { recursive: true }, (_, file) => saved(root, file));

let ending = false;
function end(status) {
  if (ending) return;
  ending = true;
  page.kill("SIGTERM");
  if (stack.exitCode !== null) process.exit(status);
  stack.once("exit", () => process.exit(status));
  stack.kill("SIGTERM");
}
stack.once("exit", (status) => end(status ?? 1));
page.once("exit", (status) => end(status ?? 0));
process.on("SIGINT", () => end(0));
process.on("SIGTERM", () => end(0));
