// Rules of the sources that no compiler knows (CONTRIBUTING.md lists them). Prints "file:line: what" for
// each breach; status 1 when there is any. Runs at the root of the repository, after `make generated`.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { ensuresOf } from "./ensures.mjs";
import { checkSentences } from "./words.mjs";

const FILE_LINES_MAX = 800;
const FUNCTION_LINES_MAX = 70;
const BANNED = ["sprintf", "vsprintf", "strcpy", "strcat", "atoi", "atol", "gets", "strtok", "alloca"];
const SERVICES = readdirSync("services").filter((name) => existsSync(`services/${name}/main.c`));

let breaches = 0;
function breach(file, line, text) {
  console.log(`${file}:${line}: ${text}`);
  breaches++;
}

const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
  .toString()
  .split("\0")
  .filter((file) => file && existsSync(file));
const isTest = (file) => /_test\.[ch]$/.test(file) || file.startsWith("tests/");

// The text with comments and string contents blanked, line breaks kept.
function codeOf(text) {
  return text.replace(/\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (token) =>
    token.startsWith("/*") ? token.replace(/[^\n]/g, " ") : token[0] + " ".repeat(token.length - 2) + token[0],
  );
}
const lineOf = (text, index) => text.slice(0, index).split("\n").length;

// ---- sizes and names that C lets pass
function checkSizes(file, code) {
  const lines = code.split("\n");
  if (lines.length - 1 > FILE_LINES_MAX) breach(file, FILE_LINES_MAX, `the file has ${lines.length - 1} lines, at most ${FILE_LINES_MAX} may be`);
  let start = -1;
  lines.forEach((line, i) => {
    if (line === "{") start = i;
    if (line === "}" && start >= 0) {
      if (i - start + 1 > FUNCTION_LINES_MAX) breach(file, start + 1, `a function of ${i - start + 1} lines, at most ${FUNCTION_LINES_MAX} may be`);
      start = -1;
    }
  });
}
function checkBanned(file, code) {
  for (const match of code.matchAll(new RegExp(`\\b(${BANNED.join("|")})\\s*\\(`, "g")))
    breach(file, lineOf(code, match.index), `${match[1]} has no bound: use buf, arena_printf, snprintf or text_parse_i64`);
  for (const match of code.matchAll(/^\s*static struct metric_family\b[^(]*=/gm)) breach(file, lineOf(code, match.index), "a family of metrics is declared by METRIC_FAMILY, so that it is known from the start");
  for (const match of code.matchAll(/\btypedef\s+(struct|union|enum)\b[^;(]*[;{]/g)) breach(file, lineOf(code, match.index), `no typedef of a ${match[1]}`);
}

// ---- what a service keeps: in the struct that its handlers reach through their calls, never in a variable of a file
const KEPT = /\b(?:struct metric_family|pthread_once_t)\b/; // counters of the process, and what is done once in it
function checkState(file, code) {
  if (!/^services\/(?!runtime\/)/.test(file)) return;
  for (const match of code.matchAll(/^(?:\s*static\s+|(?=[a-z_]))(?!(?:static|extern|typedef|return|goto|inline)\b)([\w\s*]+(?:\([\w\s*]+\)[\s*\w]+)?(?:\[[^\]]*\])*)\s*(?=[;=])/gm)) {
    const atTop = !/^\s/.test(match[0]);
    const declaration = match[1];
    const pointee = declaration.slice(declaration.lastIndexOf("*") + 1);
    if (!/\bstatic\b/.test(match[0]) && (!atTop || !/\s/.test(declaration.trim()) || /^(?:struct|enum|union) \w+$/.test(declaration.trim()))) continue;
    if (KEPT.test(declaration) || /\bconst\b/.test(pointee)) continue;
    breach(file, lineOf(code, match.index), `keeps state of its own: put it into the service's struct (${declaration.trim()})`);
  }
  for (const match of code.matchAll(/^(?:static )?struct(?: \w+)? \{[^]*?^\} (\w+)/gm))
    breach(file, lineOf(code, match.index), `keeps state of its own: put it into the service's struct (${match[1]})`);
}

// ---- who may include whom (STYLE of the house: CONTRIBUTING.md)
const RUNTIME = {
  base: [],
  log: ["base"],
  conf: ["base", "log"],
  metrics: ["base", "log"],
  net: ["base", "log"],
  token: ["base"],
  json: ["base"],
  trace: ["base", "log"],
  fault: ["base"],
  loop: ["base"],
  http: ["base", "log", "loop"],
  httpd: ["base", "log", "net", "metrics"],
  process: ["base", "log", "conf", "httpd"],
  rpc: ["base", "log", "net", "metrics", "token"],
  db: ["base", "log", "metrics"],
  feed: ["base", "log", "db", "rpc"],
  jobs: ["base", "log", "metrics", "db"],
  outbox: ["base", "log", "metrics", "db", "rpc"],
};
// Generated headers that the runtime may know: no service's messages.
const RUNTIME_GENERATED = /^(grpc|google|limitless|inbox\/v1|sql\/runtime)/;
const GATEWAY_RUNTIME = ["base", "log", "conf", "net", "rpc", "json", "token", "http", "httpd", "metrics", "process", "trace"];

function mayInclude(file, header) {
  const [top, second] = file.split("/");
  if (header.startsWith("tests/")) return false;
  if (top === "services" && second === "runtime") {
    const module = file.split("/")[2];
    const target = header.match(/^runtime\/(\w+)\//)?.[1];
    if (!target) return RUNTIME_GENERATED.test(header);
    return module === "service" || target === module || (RUNTIME[module] ?? []).includes(target);
  }
  if (header.startsWith("gateway/")) return top === "gateway";
  if (top === "gateway") {
    const target = header.match(/^runtime\/(\w+)\//)?.[1];
    return target ? GATEWAY_RUNTIME.includes(target) : RUNTIME_GENERATED.test(header) || /^(edge|events)\//.test(header);
  }
  // A service's own headers are included from the root or from services/.
  const owner = header.match(/^(?:services\/)?(\w+)\/(?!v\d)/)?.[1];
  if (file === "tools/limitless/prices.c" && /^chat\/catalogue\/(list_price|price(_read)?)\.h$/.test(header)) return true;
  if (SERVICES.includes(owner)) return top === "services" && owner === second;
  if (file.startsWith("tools/gen/")) return /^(tools\/gen|google|limitless|runtime\/base)\//.test(header);
  return true;
}
function checkIncludes(file, text) {
  for (const match of text.matchAll(/^#include "([^"]+)"/gm))
    if (!mayInclude(file, match[1])) breach(file, lineOf(text, match.index), `may not include ${match[1]}`);
}
function checkGatewayNames(file, code) {
  for (const match of code.matchAll(new RegExp(`\\b(${SERVICES.join("|")})(?=\\b|_v\\d|__v\\d)`, "gi")))
    breach(file, lineOf(code, match.index), `names the service ${match[1]}: say it in a method option or in the configuration`);
}

// ---- words that clients switch on
const reasons = new Set([...readFileSync("protos/limitless/reasons.proto", "utf8").matchAll(/^\s+([A-Z0-9_]+) = \d+ \[/gm)].map((match) => match[1].toLowerCase()));
function checkReasons(file, text) {
  const calls = /\b(?:(?:rpc_fail|error_set|error_field)\s*\((?:[^,()]|\([^()]*\))+,(?:[^,()]|\([^()]*\))+,|rpc_fail_field\s*\([^,]+,)\s*"([^"]*)"/g;
  for (const match of text.matchAll(calls)) if (!reasons.has(match[1])) breach(file, lineOf(text, match.index), `reason "${match[1]}" is not in protos/limitless/reasons.proto`);
}
// A constraint is named by a reason, or by its table when no input can break it. A function raises reasons only.
function checkConstraints(file, text) {
  const code = text.replace(/--.*/g, "");
  const tables = [...code.matchAll(/\b(?:CREATE|ALTER)\s+TABLE\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:ONLY\s+)?(?:\w+\.)?(\w+)/gi)].map((match) => match[1]);
  for (const match of code.matchAll(/\bCONSTRAINT\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(\w+)/gi))
    if (!reasons.has(match[1]) && !tables.some((table) => match[1].startsWith(`${table}_`)))
      breach(file, lineOf(code, match.index), `constraint ${match[1]} is neither in protos/limitless/reasons.proto nor named after its table`);
  for (const match of code.matchAll(/\bRAISE\s+EXCEPTION\s+'([a-z0-9_]+)'/gi))
    if (!reasons.has(match[1])) breach(file, lineOf(code, match.index), `reason "${match[1]}" is not in protos/limitless/reasons.proto`);
}

// ---- events of the log: one word, which an operator searches for
function checkEvents(file, text) {
  const calls = /\blog_(?:(?:debug|info|warn|error)\s*\(|at\s*\([^"]*?,)\s*((?:[^",;)]|"[^"]*")*)/g;
  for (const match of text.matchAll(calls)) {
    if (file.endsWith("runtime/log/log.h")) return; // the macros themselves
    const events = [...match[1].matchAll(/"([^"]*)"/g)].map((word) => word[1]);
    if (events.length === 0 && !/->event$/.test(match[1].trim())) breach(file, lineOf(text, match.index), `the event of a log line is a word in quotes, not ${match[1].trim()}`);
    for (const event of events) if (!/^[a-z_]+$/.test(event)) breach(file, lineOf(text, match.index), `log event "${event}": only a to z and _`);
  }
}

// ---- methods without a test
function checkTested() {
  const tests = files.filter(isTest).map((file) => readFileSync(file, "utf8")).join("\n");
  for (const file of files.filter((name) => /^protos\/\w+\/v\d+\/\w+\.proto$/.test(name) && !/^protos\/(google|grpc|limitless)/.test(name))) {
    const text = readFileSync(file, "utf8");
    const name = text.match(/^package ([\w.]+);/m)[1].replaceAll(".", "_");
    for (const match of text.matchAll(/^\s*rpc (\w+)\([^]*?^  }/gm)) {
      if (/stage: PLANNED/.test(match[0])) continue;
      const handler = `${name}_${match[1].replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase()}`;
      if (!new RegExp(`\\b${handler}(_call|_async|_open|_method)?\\b`).test(tests)) breach(file, lineOf(text, match.index), `${match[1]} is READY and no test names ${handler}`);
    }
  }
}

// ---- releases: each names its commit
function checkChangelog() {
  const text = readFileSync("CHANGELOG.md", "utf8");
  for (const match of text.matchAll(/^## (.*)$/gm))
    if (!/^(Unreleased|\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d, [0-9a-f]{7,40}\))$/.test(match[1])) breach("CHANGELOG.md", lineOf(text, match.index), `"${match[1]}" is not "Unreleased" or "1.2.3 (date, commit)"`);
}

const ensures = ensuresOf(breach);
for (const file of files) {
  if (/\.[ch]$/.test(file)) {
    const text = readFileSync(file, "utf8");
    const code = codeOf(text);
    checkSizes(file, code);
    checkBanned(file, code);
    checkSentences(file, text, breach);
    if (isTest(file)) continue;
    checkState(file, code);
    checkIncludes(file, text);
    checkReasons(file, text);
    checkEvents(file, text);
    ensures.check(file, text);
    if (file.startsWith("gateway/")) checkGatewayNames(file, code);
  } else if (/^services\/.*\.sql$/.test(file)) {
    checkConstraints(file, readFileSync(file, "utf8"));
  }
}
ensures.finish();
checkTested();
checkChangelog();
process.exit(breaches > 0 ? 1 : 0);
