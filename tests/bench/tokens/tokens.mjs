// MB a second of CPU of our counter and of the npm package tiktoken over the same texts in the same run, and the time of a long run of
// one character: node tokens.mjs COUNT TABLES. One JSON object a line.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { framed, KINDS, random } from "../../tokens/texts.mjs";

const { get_encoding } = createRequire(new URL("../../../tools/tokens/", import.meta.url))("tiktoken");
const [count, tables] = process.argv.slice(2);
const BYTES = 1 << 20;
const peers = { o200k: get_encoding("o200k_base"), cl100k: get_encoding("cl100k_base") };

function count_all(texts) {
  const { status, stdout, stderr } = spawnSync(count, [tables, "5"], { input: framed(texts), maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(stderr.toString());
  return stdout
    .toString()
    .trim()
    .split("\n")
    .map((line) => {
      const [n1, us1, n2, us2] = line.split(" ").map(Number);
      return { o200k: { n: n1, us: us1 }, cl100k: { n: n2, us: us2 } };
    });
}
const rounded = (x) => Number(x.toFixed(1));

const r = random(1);
// One file in base64, and runs of signs in random lengths: the worst text known.
const long = {
  file: () => Buffer.from(Array.from({ length: (BYTES * 3) / 4 }, () => r.below(256))).toString("base64"),
  runs: () => ["-", "="].map((sign) => sign.repeat(1 + r.below(300))).join(""),
};
const kinds = ["prose", "code", "chinese", "base64", "file", "emoji", "characters", "runs"];
const texts = kinds.map((kind) => {
  let text = "";
  while (text.length < BYTES) text += (long[kind] ?? KINDS[kind])(r);
  return text.toWellFormed();
});
const ours = count_all(texts);
texts.forEach((text, i) => {
  for (const [name, peer] of Object.entries(peers)) {
    const bytes = Buffer.byteLength(text);
    const from = process.cpuUsage();
    let n = null;
    try {
      n = peer.encode_ordinary(text).length;
    } catch {} // its pattern has no memory for runs
    const theirs = n && bytes / process.cpuUsage(from).user;
    if (n && n !== ours[i][name].n) throw new Error(`${kinds[i]}: ${ours[i][name].n} tokens, tiktoken has ${n}`);
    const rate = bytes / ours[i][name].us;
    console.log(JSON.stringify({ bench: `tokens.${name}.${kinds[i]}`, ours: rounded(rate), peer: n && rounded(theirs), ratio: n && rounded(rate / theirs), unit: "MB/s", peer_name: "tiktoken", ...(n ? {} : { peer_says: "it ended with a fault" }) }));
  }
});
for (const one of ["a", " ", "=", "-", "\n", "中"]) {
  const [small, large] = count_all([one.repeat((BYTES >> 2) / Buffer.byteLength(one)), one.repeat(BYTES / Buffer.byteLength(one))]);
  for (const name of Object.keys(peers))
    console.log(JSON.stringify({ bench: `tokens.${name}.one`, character: one, ms_256k: small[name].us / 1000, ms_1m: large[name].us / 1000, times: rounded(large[name].us / small[name].us), rate: rounded(BYTES / large[name].us), unit: "ms" }));
}
