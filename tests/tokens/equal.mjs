// Our counts against those of the npm package tiktoken: node equal.mjs COUNT TABLES SEED TEXTS; ends with status 1 at
// the first differences. COUNT is the program of tests/tokens/count.c.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { framed, texts, KINDS } from "./texts.mjs";

const { get_encoding } = createRequire(new URL("../../tools/tokens/", import.meta.url))("tiktoken");
const [count, tables, seed, n] = process.argv.slice(2);
const peers = [get_encoding("o200k_base"), get_encoding("cl100k_base")];
const names = ["o200k", "cl100k"];
const list = [...texts(Number(seed), Number(n))].map((text) => text.toWellFormed());
const { status, stdout, stderr } = spawnSync(count, [tables], { input: framed(list), maxBuffer: 1 << 30 });
if (status !== 0) throw new Error(`${count}: ${stderr}`);
const lines = stdout.toString().trim().split("\n");
let wrong = 0;
list.forEach((text, i) => {
  const [o200k, , cl100k] = lines[i].split(" ").map(Number);
  [o200k, cl100k].forEach((ours, e) => {
    const theirs = peers[e].encode_ordinary(text).length;
    if (ours === theirs || ++wrong > 10) return;
    const kind = Object.keys(KINDS)[i % Object.keys(KINDS).length];
    console.log(`# text ${i} (${kind}) ${names[e]}: ${ours}, tiktoken ${theirs}: ${JSON.stringify(text.slice(0, 300))}`);
  });
});
console.log(`# seed ${seed}: ${list.length} texts, ${wrong} counts differ`);
process.exit(wrong || lines.length !== list.length ? 1 : 0);
