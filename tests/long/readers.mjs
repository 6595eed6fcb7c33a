// The readers of readers.t. Prints got, expected and name of each check, tab-separated.
//   node tests/long/readers.mjs URL GATEWAY_PID SEED TABS SLOW TOKENS
import { readFileSync } from "node:fs";
import { request } from "node:http";

const [url, gateway, seed, tabs, slow, tokens] = process.argv.slice(2);
const PACE = 40; // tokens a second
const OPENINGS = 100; // of the tab that is opened anew
const GROWTH_KIB = 100 << 10; // of the gateway
const SIP_BYTES = 10; // that a slow reader takes a second; every other one takes nothing
const FLOOR_MS = 500; // a wait that is no sign of trouble on a busy machine
const COME_BACK = 5; // of the slow ones, at the end

const check = (got, expected, name) => console.log([JSON.stringify(got), JSON.stringify(expected), name].join("\t"));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

let state = Number(seed) >>> 0;
function below(n) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 4294967296) * n);
}

async function call(method, path, token, body) {
  const response = await fetch(`${url}/api/v1/${path}`, {
    method,
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: body && JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

let users = 0;
async function signUp() {
  const { body } = await call("POST", "auth/signup", null, { email: `reader${++users}@example.test`, password: "correct horse battery", tokenDelivery: "BODY" });
  return body.accessToken;
}

function open(generation, token, cursor, response) {
  const headers = { accept: "text/event-stream", authorization: `Bearer ${token}`, ...(cursor ? { "last-event-id": cursor } : {}) };
  const req = request(`${url}/api/v1/generations/${generation}/events`, { agent: false, headers }, response);
  req.end();
  return req;
}

/** Reads from a cursor until so many events have come, or the end. `tab` has text, cursor and ended. */
function readSome(generation, token, tab, most) {
  return new Promise((done) => {
    const from = performance.now();
    const req = open(generation, token, tab.cursor, (response) => {
      let rest = "", n = 0;
      tab.status = response.statusCode;
      if (response.statusCode === 204) tab.ended = true; // nothing is left
      response.setEncoding("utf8");
      response.on("data", (piece) => {
        tab.waits.push(...(n === 0 && !rest ? [performance.now() - from] : []));
        const blocks = (rest + piece).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) {
          if (n === most) return req.destroy(); // the rest is lost with the connection
          const field = (name) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
          if (!field("event")) continue;
          n++;
          if (field("event") === "delta") tab.text += JSON.parse(field("data")).text;
          if (field("event") === "reset") tab.text = "";
          if (field("event") === "done") tab.ended = true;
          tab.cursor = field("id") ?? tab.cursor;
        }
        if (n === most || tab.ended) req.destroy();
      });
      response.on("error", () => {}).on("close", done);
    });
    req.on("error", done);
  });
}

async function readAll(generation, token, tab, most) {
  while (!tab.ended) {
    await readSome(generation, token, tab, most());
    if (++tab.openings > Number(tokens) * 4) throw new Error("a tab comes to no end");
  }
  return tab;
}
const newTab = () => ({ text: "", cursor: null, ended: false, openings: 0, waits: [] });

const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway}/status`, "utf8"))[1]);

const token = await signUp(), stranger = await signUp();
const { body: chat } = await call("POST", "chats", token, {});
const { body: generation } = await call("POST", `chats/${chat.id}:generate`, token, { text: `Count [[tokens:${tokens}]] [[pace:${PACE}]]` });
const expected = Array.from({ length: Number(tokens) }, (_, i) => i + 1).join(" ");
const before = rss();

const at = (list, share) => list.sort((a, b) => a - b)[Math.floor(list.length * share)];
/** The waits of some openings, one after the other. */
async function openingWaits() {
  const tab = newTab();
  for (let i = 0; i < OPENINGS; i++) await readSome(generation.id, token, Object.assign(tab, { cursor: null }), 1);
  return tab.waits;
}
const reading = Array.from({ length: Number(tabs) }, (_, i) => readAll(generation.id, token, newTab(), () => (i % 2 ? 1 : 1 + below(20))));
const alone = at(await openingWaits(), 0.99); // among the tabs

/** Takes a few bytes a second, or nothing. */
const sips = []; // a response that ended unread never says that it is closed
function sip(response, takes) {
  response.pause();
  response.on("error", () => {});
  if (takes) sips.push(setInterval(() => response.read(SIP_BYTES), 1000));
}
const idle = Array.from({ length: Number(slow) }, (_, i) => open(generation.id, token, null, (response) => sip(response, i % 2)).on("error", () => {}));
const opened = [];
for (let i = 0; i < OPENINGS; i++) {
  const tab = newTab();
  await readSome(generation.id, token, tab, 1 + below(3));
  opened.push(expected.startsWith(tab.text));
}
const foreign = newTab();
await readSome(generation.id, stranger, foreign, 5);
const among = at(await openingWaits(), 0.99);
const read = await Promise.all(reading);
const growth = rss() - before;
idle.forEach((req) => req.destroy());
sips.forEach((timer) => clearInterval(timer));
const back = await Promise.all(Array.from({ length: COME_BACK }, () => readAll(generation.id, token, newTab(), () => Infinity)));

const waits = read.flatMap((tab) => tab.waits).sort((a, b) => a - b);
console.error(`${waits.length} connections of ${tabs} tabs; first byte p50 ${waits[waits.length >> 1].toFixed(1)} ms, p99 ${waits[Math.floor(waits.length * 0.99)].toFixed(1)} ms; gateway grew by ${growth} KiB; an opening waits p99 ${alone.toFixed(1)} ms without and ${among.toFixed(1)} ms with ${slow} slow ones`);
check(read.filter((tab) => tab.text !== expected).map((tab) => tab.text), [], "every tab has the whole text, without gap and repeat");
check(opened.every(Boolean), true, `a tab that is opened ${OPENINGS} times sees the beginning each time`);
check([foreign.status, foreign.text], [404, ""], "a stranger sees nothing of it");
check(growth < GROWTH_KIB, true, `${slow} readers that take ${SIP_BYTES} bytes a second or nothing cost the gateway less than 100 MiB`);
check(among < Math.max(2 * alone, FLOOR_MS), true, "others wait less than twice as long beside them");
check(back.filter((tab) => tab.text !== expected).length, 0, "slow ones that come back have the whole text");
await sleep(500);
const { body: messages } = await call("GET", `chats/${chat.id}/messages`, token);
check(messages.messages.at(-1).text, expected, "and the same is stored");
