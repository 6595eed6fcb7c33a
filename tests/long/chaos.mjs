// The readers and the killer of chaos.t. Prints got, expected and name of each check, tab-separated.
//   node tests/long/chaos.mjs URL SUPERVISOR_PID SEED SECONDS
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { request } from "node:http";

const [url, supervisor, seed, seconds] = process.argv.slice(2);
const READERS = 6;
const PRICE = 2_000_000n; // micro-credits a message of the model
const MODEL = "gpt-4o-mini";
const SERVICES = readdirSync("services").filter((name) => existsSync(`services/${name}/main.c`));
const VICTIMS = ["chat", ...SERVICES, "gateway", "standin"]; // chat twice as often
const LATE_MS = 20_000; // a longer answer or stream is cut
const SETTLE_MS = 60_000; // by then all answers must have ended

const check = (got, expected, name) => console.log([JSON.stringify(got), JSON.stringify(expected), name].join("\t"));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// mulberry32. Each actor has random numbers of its own, so that a seed repeats its decisions.
function random(stream) {
  let state = (Number(seed) * 2654435761 + stream * 40503) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const pick = (next, list) => list[Math.floor(next() * list.length)];

const end = Date.now() + Number(seconds) * 1000;
const surprises = []; // answers that no killed process explains
const counts = { sent: 0, refused: 0, resumed: 0, cancelled: 0, killed: 0 };

// One request on a connection of its own. Hands the answer's text on piece by piece, and resolves at its end. Rejects when
// the answer is cut or late, or `leave` is aborted.
function send(user, method, path, body, headers, leave, piece) {
  return new Promise((done, fail) => {
    const outgoing = request(url + path, {
      method,
      agent: false,
      signal: leave,
      headers: { "content-type": "application/json", ...(user.token ? { authorization: `Bearer ${user.token}` } : {}), ...headers },
    });
    const late = setTimeout(() => outgoing.destroy(new Error("late")), LATE_MS);
    const end = (settle) => (value) => {
      clearTimeout(late);
      settle(value);
    };
    outgoing.on("error", end(fail)).on("close", end(() => fail(new Error("closed"))));
    outgoing.on("response", (response) => {
      response.setEncoding("utf8");
      response.on("data", (text) => piece(text, response.statusCode));
      response.on("error", end(fail)).on("end", end(() => done(response.statusCode)));
    });
    outgoing.end(body && JSON.stringify(body));
  });
}

async function call(user, method, path, body, headers = {}) {
  let text = "";
  const status = await send(user, method, path, body, headers, undefined, (more) => (text += more));
  return { status, body: text ? JSON.parse(text) : null };
}

// Repeats until the answer is 200, or an error that a repeat cannot change.
async function insist(user, method, path, body, key) {
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const answer = await call(user, method, path, body, key ? { "idempotency-key": key } : {}).catch(() => ({ status: 0 }));
    if (answer.status === 200 || (answer.status >= 400 && answer.status < 500 && answer.status !== 429)) return answer;
    if (answer.status === 500) surprises.push(`${method} ${path}: 500 ${JSON.stringify(answer.body)}`);
    if (Date.now() > deadline) return answer;
    await sleep(100);
  }
}

async function newUser(name) {
  const email = `${name}-${randomUUID()}@example.test`;
  const user = { email, chats: [], token: null };
  const signup = { email, password: "correct horse battery", tokenDelivery: "BODY" };
  let answer = await insist(user, "POST", "/api/v1/auth/signup", signup);
  // The first answer may be lost with a killed process.
  if (answer.status === 409) answer = await insist(user, "POST", "/api/v1/auth/login", signup);
  if (answer.status !== 200) throw new Error(`sign-up: ${answer.status} ${JSON.stringify(answer.body)}`);
  user.token = answer.body.accessToken;
  return user;
}

// Reads server-sent events until the end, or until the connection breaks. A cut answer has status 0 when not even its head came.
async function read(user, method, path, body, headers, leave, each) {
  let rest = "", last = null, status = 0;
  const piece = (text, code) => {
    status = code;
    rest += text;
    if (code !== 200) return;
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = {};
      for (const line of block.split("\n")) {
        const at = line.indexOf(": ");
        if (at > 0) event[line.slice(0, at)] = line.slice(at + 2);
      }
      if (!event.data) continue; // a heartbeat
      event.data = JSON.parse(event.data);
      last = event.event;
      each(event);
    }
  };
  const code = await send(user, method, path, body, { accept: "text/event-stream", ...headers }, leave, piece).catch(() => status);
  return { status: code, last, problem: code === 200 ? null : rest };
}

// One question. Faults hit once for each key, so that a quick retry answers.
async function ask(user, next) {
  const tokens = 5 + Math.floor(next() * 60);
  const fault = next() < 0.3 ? ` [[fault:${pick(next, ["500", "cut after=0", "cut after=3", "broken_json after=2", "no_usage"])} times=1 key=${randomUUID()}]]` : "";
  const text = `question ${randomUUID()} [[tokens:${tokens}]]${fault}`;
  const made = await insist(user, "POST", "/api/v1/chats", { model: MODEL });
  if (made.status !== 200) return surprises.push(`create chat: ${made.status} ${JSON.stringify(made.body)}`);
  const chat = { id: made.body.id, text, tokens, accepted: false };
  const key = randomUUID();
  const manner = next();
  const leave = new AbortController();
  counts.sent++;
  let seen = 0, generation, last;
  const note = (event) => {
    if (event.id) last = event.id;
    if (event.event === "accepted") {
      chat.accepted = true;
      generation = event.data.generation;
    }
    if (event.event === "delta" && ++seen === 5 && manner < 0.3) leave.abort();
    if (event.event === "delta" && seen === 5 && manner > 0.9) {
      counts.cancelled++;
      chat.cancelled = true;
      insist(user, "POST", `/api/v1/generations/${generation}:cancel`);
    }
  };
  user.chats.push(chat);
  let ended = false;
  for (let attempt = 0; !ended && attempt < 200; attempt++) {
    const path = generation ? `/api/v1/generations/${generation}/events` : `/api/v1/chats/${chat.id}:generate`;
    const headers = generation ? (last ? { "last-event-id": last } : {}) : { "idempotency-key": key };
    const result = await read(user, generation ? "GET" : "POST", path, generation ? undefined : { text }, headers, attempt ? undefined : leave.signal, note);
    if (attempt) counts.resumed++;
    if (result.status === 402) {
      counts.refused++;
      user.broke = true;
      return;
    }
    if (result.status === 500 || (result.status >= 400 && result.status < 500 && result.status !== 429))
      return surprises.push(`${path}: ${result.status} ${result.problem}`);
    ended = result.status === 204 || ["done", "error"].includes(result.last);
    if (!ended) await sleep(100);
  }
  if (!ended) surprises.push(`generation ${generation} of chat ${chat.id} never ended`);
}

async function reader(number, users) {
  const next = random(number + 1);
  let user = null;
  while (Date.now() < end) {
    if (!user || user.broke) users.push((user = await newUser(`reader${number}`)));
    await ask(user, next);
  }
}

async function killer() {
  const next = random(0);
  while (Date.now() < end) {
    await sleep(500 + next() * 2500);
    const victim = pick(next, VICTIMS);
    try {
      const pid = execFileSync("pgrep", ["-P", supervisor, "-x", victim], { encoding: "utf8" }).split("\n")[0];
      process.kill(Number(pid), next() < 0.8 ? "SIGKILL" : "SIGTERM");
      counts.killed++;
    } catch {
      // the process is starting again
    }
  }
}

const counted = (n) => Array.from({ length: n }, (_, i) => i + 1).join(" ");

// At the end every question is answered, or failed with a reason. Texts are complete, and prices right.
async function audit(user, wrong) {
  let spent = 0n;
  for (const chat of user.chats) {
    const deadline = Date.now() + SETTLE_MS;
    let messages;
    do {
      messages = (await insist(user, "GET", `/api/v1/chats/${chat.id}/messages`)).body?.messages ?? [];
      if (messages.every((message) => message.state !== "RUNNING")) break;
      await sleep(200);
    } while (Date.now() < deadline);
    const [question, answer] = messages;
    if (!question) {
      if (chat.accepted) wrong.push(`chat ${chat.id}: the question was accepted and is lost`);
      continue;
    }
    if (messages.length !== 2) wrong.push(`chat ${chat.id}: ${messages.length} messages`);
    if (question.text !== chat.text) wrong.push(`chat ${chat.id}: the question is another`);
    if (answer.state === "RUNNING") wrong.push(`chat ${chat.id}: still running`);
    if (answer.state === "DONE" && answer.text !== counted(chat.tokens)) wrong.push(`chat ${chat.id}: done with a wrong text: ${answer.text}`);
    if (answer.state !== "FAILED" && !counted(chat.tokens).startsWith(answer.text)) wrong.push(`chat ${chat.id}: a gap or a repeat: ${answer.text}`);
    const charged = BigInt(answer.creditsUsed);
    if (charged !== 0n && charged !== PRICE) wrong.push(`chat ${chat.id}: charged ${charged}`);
    if (answer.state === "DONE" && charged !== PRICE) wrong.push(`chat ${chat.id}: done and charged ${charged}`);
    spent += charged;
  }
  const expected = JSON.stringify({ available: String(100_000_000n - spent), held: "0" });
  const deadline = Date.now() + SETTLE_MS;
  let found;
  do {
    const balance = (await insist(user, "GET", "/api/v1/credits/balance")).body;
    found = JSON.stringify({ available: balance?.available, held: balance?.held });
    if (found !== expected) await sleep(200);
  } while (found !== expected && Date.now() < deadline);
  if (found !== expected) wrong.push(`${user.email}: ${found}, and its messages say ${expected}`);
}

const users = [];
await Promise.all([killer(), ...Array.from({ length: READERS }, (_, i) => reader(i, users))]);
console.error(JSON.stringify(counts));
const wrong = [];
for (const user of users) await audit(user, wrong);
for (const line of [...surprises, ...wrong]) console.error(line);
check(counts.sent > 0, true, "questions were asked");
check(surprises.length, 0, "no answer that a dead process does not explain");
check(wrong.length, 0, "no message lost, no wrong text, no wrong balance");
