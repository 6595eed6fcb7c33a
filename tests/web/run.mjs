// Runs the browser stories, one file after the other, and prints the results in TAP.
// `node tests/web/run.mjs [WORD…]` runs the files that begin so, against LIMITLESS_URL; ONLY picks stories by name.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { tap } from "node:test/reporters";

const folder = import.meta.dirname;
const chosen = process.argv.slice(2);
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".test.mjs"))
  .filter((name) => chosen.length === 0 || chosen.some((one) => name.startsWith(one)))
  .map((name) => join(folder, name));

let passed = 0;
let failed = 0;
run({ files, concurrency: 1, testNamePatterns: process.env.ONLY ?? null })
  .on("test:pass", ({ details }) => details.type !== "suite" && passed++)
  .on("test:fail", ({ details }) => {
    if (details.type !== "suite") failed++;
    process.exitCode = 1;
  })
  .on("end", () => console.log(`${passed} passed, ${failed} failed`))
  .compose(tap)
  .pipe(process.stdout, { end: false });
