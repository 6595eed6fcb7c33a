// The readers and the killer of resume.t. Prints got, expected and name of each check, tab-separated.
//   node tests/long/resume.mjs URL URL2 SUPERVISOR_PID KEEPER_PID SEED STREAMS SECONDS
// KEEPER: the process that starts the second gateway again.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { request } from "node:http";

const [url, url2, supervisor, keeper, seed, streams, seconds] = process.argv.slice(2);
const READERS = 8; // at once
const PER_USER = 40; // answers that the gift pays for
const MODEL = "gpt-4o-mini";
const LATE_MS = 20_000; // a longer request is cut
const END_MS = 60_000; // by then every answer must have ended
const SHOWN = 5; // of what is wrong

const check = (got, expected, name) => console.log([JSON.stringify(got), JSON.stringify(expected), name].join("\t"));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

let state = Number(seed) >>> 0;
function below(n) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 4294967296) * n);
}

const end = Date.now() + Number(seconds) * 1000;
const wrong = [];
const waits = [];
const counts = { streams: 0, connections: 0, broken: 0, resets: 0, kills: 0 };

/** One request through either gateway. Resolves with its status (0: cut); `take` gets each event, and says whether it wants more. */
function ask(method, path, token, body, headers, take) {
  return new Promise((done) => {
    const from = performance.now();
    let text = "", status = 0;
    counts.connections++;
    const req = request((below(2) ? url : url2) + path, {
      method,
      agent: false,
      timeout: LATE_MS,
      headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers },
    });
    req.on("timeout", () => req.destroy());
    req.on("error", () => done({ status, text })).on("close", () => done({ status, text }));
    req.on("response", (response) => {
      status = response.statusCode;
      response.setEncoding("utf8");
      response.on("error", () => {});
      response.on("data", (piece) => {
        text += piece;
        if (!take || status !== 200) return;
        const blocks = text.split("\n\n");
        text = blocks.pop();
        for (const block of blocks) {
          const field = (name) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
          if (field("event") && !take(field("event"), field("id"), JSON.parse(field("data") ?? "{}"), performance.now() - from)) {
            req.destroy(); // what is left of the piece is lost with the connection
            return;
          }
        }
      });
      response.on("end", () => done({ status, text }));
    });
    req.end(body && JSON.stringify(body));
  });
}

/** Repeats what a killed process cut, until it is answered. */
async function insist(method, path, token, body, headers = {}) {
  const late = Date.now() + END_MS;
  for (;;) {
    const { status, text } = await ask(method, path, token, body, headers);
    if (status === 200) return JSON.parse(text);
    if (status >= 400 && status < 500 && status !== 429) throw new Error(`${method} ${path}: ${status} ${text}`);
    if (Date.now() > late) throw new Error(`${method} ${path}: no answer, ${status} ${text}`);
    await sleep(50);
  }
}

async function newUser() {
  const account = { email: `resume-${randomUUID()}@example.test`, password: "correct horse battery", tokenDelivery: "BODY" };
  // The first answer may be lost with a killed process.
  const answer = await insist("POST", "/api/v1/auth/signup", null, account).catch(() => insist("POST", "/api/v1/auth/login", null, account));
  return { token: answer.accessToken, left: PER_USER };
}

/** One answer, read event by event. Its text may at no time be anything but a beginning of the whole. */
async function read(user) {
  const tokens = 8 + below(20);
  const whole = Array.from({ length: tokens }, (_, i) => i + 1).join(" ");
  const { id: chat } = await insist("POST", "/api/v1/chats", user.token, { model: MODEL });
  const key = randomUUID();
  let text = "", cursor = null, generation = null, over = false, attempt = 0, event = 0;
  const fail = (why) => wrong.push({ why, chat, generation, cursor, text, whole });
  const take = (name, id, data, wait) => {
    waits.push(wait);
    if (id) {
      const [epoch, n] = id.split(".").map(Number);
      if (epoch < attempt || (epoch === attempt && n <= event)) fail(`cursor ${id} comes after ${attempt}.${event}`);
      if (epoch > attempt && text && name !== "reset") fail(`attempt ${epoch} goes on with the text of another`);
      [attempt, event, cursor] = [epoch, n, id];
    }
    if (name === "accepted") generation = data.generation;
    if (name === "reset") (text = ""), counts.resets++;
    if (name === "delta") text += data.text;
    if (!whole.startsWith(text)) fail("a gap or a repeat");
    if (name === "error") fail(`it failed: ${JSON.stringify(data)}`);
    over ||= name === "done" || name === "error";
    return false; // each connection has one event
  };
  const late = Date.now() + END_MS;
  while (!over) {
    if (Date.now() > late) return fail("it came to no end");
    const { status } = generation
      ? await ask("GET", `/api/v1/generations/${generation}/events`, user.token, null, { accept: "text/event-stream", ...(cursor ? { "last-event-id": cursor } : {}) }, take)
      : await ask("POST", `/api/v1/chats/${chat}:generate`, user.token, { text: `resume [[tokens:${tokens}]]` }, { accept: "text/event-stream", "idempotency-key": key }, take);
    if (status === 204) over = true; // nothing is left
    if (status !== 200) counts.broken++, await sleep(20);
  }
  if (text !== whole) fail("it ended with another text");
  const stored = (await insist("GET", `/api/v1/chats/${chat}/messages`, user.token)).messages.at(-1).text;
  if (stored !== whole) fail(`stored is ${stored}`);
  counts.streams++;
}

let begun = 0;
async function reader() {
  let user = null;
  while (begun < Number(streams) && (Date.now() < end || begun === 0)) {
    begun++;
    if (!user || user.left-- === 0) user = await newUser();
    await read(user).catch((error) => wrong.push({ why: String(error) }));
  }
}

let reading = true;
async function killer() {
  while (reading) {
    await sleep(1000 + below(2000));
    const [parent, name] = [[supervisor, "chat"], [supervisor, "gateway"], [keeper, "gateway"]][below(3)];
    try {
      process.kill(Number(execFileSync("pgrep", ["-P", parent, "-x", name], { encoding: "utf8" }).split("\n")[0]), "SIGKILL");
      counts.kills++;
    } catch {
      // the process is starting again
    }
  }
}

const killing = killer();
await Promise.all(Array.from({ length: READERS }, reader));
reading = false;
await killing;
waits.sort((a, b) => a - b);
console.error(`${JSON.stringify(counts)}; the event of a connection came after p50 ${waits[waits.length >> 1].toFixed(0)} ms, p99 ${waits[Math.floor(waits.length * 0.99)].toFixed(0)} ms`);
check(counts.streams > 0, true, "streams were read");
check(wrong.slice(0, SHOWN), [], "each has its whole text once, without gap, repeat and mix of attempts, and the same is stored");
