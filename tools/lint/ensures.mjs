// Calls may end a process: ensure, assert, abort, exit. Input never does, so each call stands in tools/lint/ensures.txt with the reason why
// no input can reach it. One kind needs no row: `x = calloc(1, sizeof *x)` and the like just before `ensure(x)`, memory of a fixed size.
import { readFileSync } from "node:fs";

const LIST = "tools/lint/ensures.txt";
const CALL = /\b(ensure|assert|abort|exit|_exit|quick_exit|raise|__builtin_trap|__builtin_unreachable)\s*\(/g;
const NEAR = 400; // characters before an ensure in which its allocation stands
const DEFINES = /^services\/runtime\/base\/ensure\.[ch]$/;

/** Rows "files | expression | reason": a path with * and **, the start of an expression with *. */
function readList() {
  const rows = [];
  readFileSync(LIST, "utf8").split("\n").forEach((line, i) => {
    if (!line.trim() || line.startsWith("#")) return;
    const [files, expression, reason] = line.split(" | ").map((part) => part.trim());
    rows.push({ line: i + 1, files: glob(files, "[^/]*"), expression: glob(expression ?? "", ".*"), reason, used: false });
  });
  return rows;
}
function glob(text, star) {
  const escape = (part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("**", "\0").replaceAll("*", star).replaceAll("\0", ".*");
  const alternatives = star !== ".*" && text.match(/^(.*)\{(.*)\}(.*)$/); // of paths alone: a/{b,c}.c
  if (!alternatives) return new RegExp(`^${escape(text)}$`, "s");
  const [, before, names, after] = alternatives;
  return new RegExp(`^${escape(before)}(${names.split(",").map(escape).join("|")})${escape(after)}$`);
}

const withoutComments = (text) =>
  text.replace(/\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (token) => (token.startsWith("/*") ? token.replace(/[^\n]/g, " ") : token));

// The text in the parentheses that open before `from`, on one line.
function argument(code, from) {
  let depth = 1;
  let i = from;
  for (; depth > 0 && i < code.length; i++) {
    if (code[i] === '"') while (code[++i] !== '"') if (code[i] === "\\") i++;
    if (code[i] === "(") depth++;
    if (code[i] === ")") depth--;
  }
  return code.slice(from, i - 1).replace(/\s+/g, " ").trim();
}

// The name that ensure looks at was allocated just before, with a size that no input decides.
function isFixedAllocation(before, name) {
  if (!/^[\w>.[\]-]+$/.test(name)) return false;
  const escaped = name.replace(/[.[\]]/g, "\\$&");
  const own = name.split(/->|\./).at(-1).replace(/[[\]]/g, "\\$&");
  return new RegExp(`(${escaped}|\\b${own}) = (\\*?\\w+ = )?(calloc\\(1, sizeof[^;]*|malloc\\(sizeof[^;]*)\\);`).test(before.replace(/\s+/g, " "));
}

/** For every file that is no test: breach(file, line, text). */
export function ensuresOf(breach) {
  const rows = readList();
  return {
    check(file, text) {
      if (DEFINES.test(file)) return;
      const code = withoutComments(text);
      for (const match of code.matchAll(CALL)) {
        const lineStart = code.lastIndexOf("\n", match.index) + 1;
        if (code.slice(lineStart, match.index).startsWith("#define")) continue;
        if (/"[^"\n]*$/.test(code.slice(lineStart, match.index).replace(/"(?:\\.|[^"\\\n])*"/g, ""))) continue; // in a text
        const inside = argument(code, match.index + match[0].length);
        const expression = match[1] === "ensure" ? inside : `${match[1]}(${inside})`;
        if (match[1] === "ensure" && isFixedAllocation(code.slice(Math.max(0, match.index - NEAR), match.index), inside)) continue;
        const row = rows.find((one) => one.files.test(file) && one.expression.test(expression));
        if (row) row.used = true;
        else breach(file, code.slice(0, match.index).split("\n").length, `may end the process: ${expression} (an error instead, or a row in ${LIST})`);
      }
    },
    finish() {
      for (const row of rows) {
        if (!row.reason) breach(LIST, row.line, "a row is files | expression | reason");
        else if (!row.used) breach(LIST, row.line, "no code needs this row");
      }
    },
  };
}
