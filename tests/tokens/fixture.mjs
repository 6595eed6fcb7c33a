// Writes texts and what the npm package tiktoken counts in them, for services/chat/tokens/tokens_test.c:
// node fixture.mjs OUT SEED TEXTS. A text has three numbers of 32 bits before it: its bytes, and its tokens in o200k and cl100k.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { texts } from "./texts.mjs";

const { get_encoding } = createRequire(new URL("../../tools/tokens/", import.meta.url))("tiktoken");
const [out, seed, n] = process.argv.slice(2);
const peers = [get_encoding("o200k_base"), get_encoding("cl100k_base")];
const parts = [];
for (const text of texts(Number(seed), Number(n))) {
  const body = Buffer.from(text);
  const head = Buffer.alloc(12);
  head.writeUInt32LE(body.length);
  peers.forEach((peer, i) => head.writeUInt32LE(peer.encode_ordinary(body.toString()).length, 4 + 4 * i));
  parts.push(head, body);
}
writeFileSync(out, Buffer.concat(parts));
