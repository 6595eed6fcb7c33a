// A file of chats, from a seed: import.mjs make FILE CHATS BYTES SEED. And its way in:
// import.mjs send URL TOKEN FILE, which prints the import as it ended.
import { closeSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const PIECE_BYTES = 4 << 20;

/** Numbers below 2^32, the same for each seed. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}

const WORDS = ["otters", "hold", "hands", "while", "they", "sleep", "\u6d77\u736d", "\u{1f9a6}", '"quoted"', "back\\slash", "\n\n"];

function text(next, bytes) {
  let out = "";
  while (out.length < bytes) out += `${WORDS[next() % WORDS.length]} `;
  return out;
}

/** A chat as ChatGPT writes it, with messages of about `bytes` and branches here and there. */
function chat(next, number, bytes) {
  const mapping = { root: { id: "root", message: null, parent: null } };
  const n = 2 + (next() % 6);
  for (let i = 0; i < n; i++) {
    const parent = i === 0 ? "root" : `m${next() % 8 ? i - 1 : next() % i}`;
    const role = i % 2 ? "assistant" : "user";
    const content = { content_type: "text", parts: [text(next, bytes / 2 + (next() % bytes))] };
    mapping[`m${i}`] = { id: `m${i}`, parent, message: { author: { role }, create_time: 1.7e9 + i, content, metadata: {} } };
  }
  return { conversation_id: `seeded-${bytes}-${number}`, title: `Chat ${number}`, create_time: 1.7e9 + number, current_node: `m${n - 1}`, mapping };
}

function make(file, count, bytes, seed) {
  const next = random(Number(seed));
  const out = openSync(file, "w");
  writeSync(out, "[");
  for (let i = 0; i < Number(count); i++) writeSync(out, (i ? ",\n" : "") + JSON.stringify(chat(next, i, Number(bytes))));
  writeSync(out, "]");
  closeSync(out);
}

/** A request is tried again while a service starts. */
async function ask(url, options) {
  for (let i = 0; ; i++) {
    const response = await fetch(url, options).catch((error) => ({ ok: false, status: 0, text: () => String(error) }));
    if (response.ok) return response.json();
    const again = response.status === 0 || response.status >= 500;
    if (!again || i === 100) throw new Error(`${response.status} ${await response.text()}`);
    await sleep(200);
  }
}

async function send(url, token, file) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/octet-stream" };
  const size = statSync(file).size;
  const fd = openSync(file);
  const piece = Buffer.alloc(PIECE_BYTES);
  let one;
  for (let at = 0; at < size; ) {
    const n = readSync(fd, piece, 0, piece.length, at);
    const query = one ? `import=${one.id}&offset=${at}` : `size=${size}`;
    one = await ask(`${url}/api/v1/chats:import?${query}`, { method: "POST", headers, body: piece.subarray(0, n) });
    at += n;
  }
  while (!one.endTime) {
    await sleep(100);
    one = await ask(`${url}/api/v1/imports/${one.id}`, { headers });
  }
  console.log(JSON.stringify(one));
}

const [what, ...args] = process.argv.slice(2);
await { make, send }[what](...args);
