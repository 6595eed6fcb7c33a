// The clients of api.t. Prints got, expected and name of each check, tab-separated.
//   node tests/long/api.cjs URL PROGRAM DIR SEED EVERY LOSSES
// EVERY: each how many-th of 50 points a client leaves at. LOSSES: replies that get lost on their way to the official client.
const { execFileSync } = require("node:child_process");
const { readFileSync } = require("node:fs");
const { request } = require("node:http");
const { OpenAI } = require("openai");

const [url, program, dir, seed, every, losses] = process.argv.slice(2);
const MODEL = "gpt-4o-mini"; // 2 credits a message
const PRICE = 2_000_000;
const GIFT = 100_000_000;
const TOKENS = 50;
const EARLY = 10; // points before the provider is asked for certain
const EARLY_MS = 3; // between two of them
const WHOLE_MS = 5; // between two points of an answer that shows nothing until its end: the pace of its tokens
const AT_ONCE = 6;
const PER_USER = 20; // who can pay for each answer twice
const TEXT = Array.from({ length: TOKENS }, (_, i) => i + 1).join(" ");
const SETTLE_MS = 60_000;
const SHOWN = 5; // of what is wrong

const check = (got, expected, name) => console.log([JSON.stringify(got), JSON.stringify(expected), name].join("\t"));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const sql = (text) => execFileSync(program, ["psql", "--dir", dir, "--", "-Atqc", text], { encoding: "utf8", maxBuffer: 64 << 20 }).trim();

let state = Number(seed) >>> 0;
function below(n) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 4294967296) * n);
}

let users = 0;
async function newUser() {
  const email = `api${++users}@example.test`;
  const response = await fetch(`${url}/api/v1/auth/signup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password: "correct horse battery", tokenDelivery: "BODY" }),
  });
  const { user, accessToken } = await response.json();
  const key = execFileSync(program, ["keys", "add", "--dir", dir, "--user", email, "--name", "long"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  return { id: user.id, accessToken, key };
}

async function balance(user) {
  const response = await fetch(`${url}/api/v1/credits/balance`, { headers: { authorization: `Bearer ${user.accessToken}` } });
  const { available, held } = await response.json();
  return { available: Number(available), held: Number(held) };
}

/** The members of a list by a word of each. */
function byWord(list, word) {
  const groups = new Map();
  for (const one of list) groups.set(word(one), [...(groups.get(word(one)) ?? []), one]);
  return groups;
}

/** Polls until it is true, or the time is over. */
async function eventually(condition, ms = SETTLE_MS) {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    if (await condition()) return true;
    await sleep(100);
  }
  return false;
}

// ---- what others saw

const control = readFileSync(`${dir}/secrets/standin-control`, "utf8").trim();
const standin = readFileSync(`${dir}/standin.url`, "utf8").trim();

/** The provider's own log: its requests by the first word of their question. Callers that ask at once share one look. */
let look = null;
function asked() {
  look ??= fetch(`${standin}/standin/requests`, { headers: { authorization: `Bearer ${control}` } })
    .then((response) => response.json())
    .then(({ requests }) => {
      look = null;
      return byWord(requests, (one) => one.prompt.split(" ")[0]);
    });
  return look;
}

/** Whether the gateway was asked, by its log: it has each request that it answered, or whose client left. */
function arrived() {
  const lines = readFileSync(`${dir}/log/gateway.log`, "utf8").split("\n");
  return new Set(lines.flatMap((line) => /"request_id":"((?:leave|storm)-[^"]+)"/.exec(line)?.[1] ?? []));
}

/** What the books have of calls: a list for each key, as there must be one. */
function booked() {
  const rows = sql(`SELECT json_build_object('key', regexp_replace(a.idempotency_key, '^.*(leave-)', '\\1'), 'state', g.state, 'text', a.text, 'calls',
      (SELECT count(*) FROM chat.usage u WHERE u.generation_id = g.id), 'source', u.source, 'tokens', u.completion_tokens, 'cost', coalesce(u.cost_microcredits, 0))
    FROM chat.api_call a JOIN chat.generation g ON g.id = a.generation_id LEFT JOIN chat.usage u ON u.generation_id = g.id WHERE a.idempotency_key LIKE '%leave-%'`);
  return byWord(rows.split("\n").filter(Boolean).map((row) => JSON.parse(row)), (row) => row.key);
}
const running = () => Number(sql("SELECT count(*) FROM chat.generation WHERE end_time IS NULL"));

// ---- formats

const question = (name) => `${name} [[tokens:${TOKENS}]]`;
const FORMATS = {
  chat: {
    path: "chat/completions",
    body: (name, stream) => ({ model: MODEL, stream, messages: [{ role: "user", content: question(name) }] }),
    piece: (event) => event.choices?.[0]?.delta?.content,
    whole: (answer) => answer.choices[0].message.content,
  },
  responses: {
    path: "responses",
    body: (name, stream) => ({ model: MODEL, stream, store: false, input: question(name) }),
    piece: (event) => (event.type === "response.output_text.delta" ? event.delta : ""),
    whole: (answer) => answer.output.find((item) => item.type === "message").content[0].text,
  },
  messages: {
    path: "messages",
    body: (name, stream) => ({ model: MODEL, stream, max_tokens: 1000, messages: [{ role: "user", content: question(name) }] }),
    piece: (event) => (event.type === "content_block_delta" ? event.delta.text : ""),
    whole: (answer) => answer.content[0].text,
  },
};

const words = (text) => (text ? text.split(" ").length : 0);

/** Asks, and hands on the text so far. Resolves at the answer's end or when the client has left. */
function ask(user, one, tries, more = () => {}) {
  return new Promise((done) => {
    const format = FORMATS[one.format];
    let text = "", rest = "", status = 0;
    const req = request(`${url}/v1/${format.path}`, {
      method: "POST",
      agent: false,
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${user.key}`,
        "x-on-disconnect": one.policy,
        "idempotency-key": one.key,
        "x-request-id": `${one.key}-${tries}`,
      },
    });
    const end = () => done({ status, text, rest });
    req.on("error", end).on("close", end);
    req.on("response", (response) => {
      status = response.statusCode;
      response.setEncoding("utf8");
      response.on("error", end);
      response.on("data", (bytes) => {
        rest += bytes;
        if (!one.stream) return;
        const lines = rest.split("\n");
        rest = lines.pop();
        for (const line of lines) if (line.startsWith("data: {")) text += format.piece(JSON.parse(line.slice(6))) ?? "";
        more(text, req);
      });
      response.on("end", () => {
        if (!one.stream && status === 200) text = format.whole(JSON.parse(rest));
        end();
      });
    });
    req.on("finish", () => more(null, req));
    req.end(JSON.stringify(format.body(one.key, one.stream)));
  });
}

// ---- clients leave

/** Early points are moments after the request was sent. The others begin when it is at the provider: words of a stream, or as long as they take. */
async function leave(user, one) {
  const gone = async (req) => {
    if (one.early) await sleep(one.point * EARLY_MS);
    else {
      one.sent = await eventually(async () => (await asked()).has(one.key));
      if (one.stream && one.point > 0) return;
      await sleep(one.point * WHOLE_MS);
    }
    req.destroy();
  };
  const answer = await ask(user, one, 1, (text, req) => {
    if (text === null) gone(req);
    else if (one.stream && !one.early && one.point > 0 && words(text) >= one.point) req.destroy();
  });
  one.seen = words(answer.text);
}

/** What is wrong with the outcome of a request, or nothing. */
function fault(one, requests, rows) {
  if (requests.length > 1) return "the provider was asked more than once";
  if (rows.length > 1) return "it is booked more than once";
  const [row] = rows;
  if (requests.length === 0) {
    if (!one.early || one.seen > 0) return "the provider was never asked";
    return row && (row.cost > 0 || row.text || row.state === "DONE") ? "it was charged, and the provider was never asked" : null;
  }
  if (!row) return "the provider was asked, and there is no row";
  const kept = words(row.text);
  if (!TEXT.startsWith(row.text)) return "its text is another";
  // What is free has no usage: nothing was written, or nothing was asked.
  if (row.calls !== (kept > 0 ? 1 : 0)) return "it is not metered once";
  if (row.state === "DONE") {
    if (row.text !== TEXT || row.source !== "PROVIDER" || row.tokens !== TOKENS || row.cost !== PRICE) return "a whole answer is not metered as the provider says";
    return requests[0].outcome === "done" ? null : "the provider did not finish it";
  }
  if (one.policy === "finish") return "it was not finished";
  if (row.state !== "CANCELLED") return "it was not cancelled";
  if (kept < one.seen) return "less is kept than was shown";
  if (row.cost !== (kept > 0 ? PRICE : 0)) return "it costs something else";
  return kept === 0 || row.tokens > 0 ? null : "its tokens are not metered";
}

/** All have a place in a list: so many at once. */
async function eachOf(list, one) {
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < list.length) await one(list[next++]);
  }));
}

async function clientsLeave() {
  const points = [...Array(EARLY).keys()].map((point) => ({ point, early: true })).concat([...Array(TOKENS).keys()].map((point) => ({ point, early: false })));
  const cases = [];
  for (const policy of ["cancel", "finish"])
    for (const format of Object.keys(FORMATS))
      for (const stream of [true, false])
        for (const point of points.filter((_, i) => i % Number(every) === 0)) cases.push({ policy, format, stream, ...point });
  const people = [];
  for (let i = 0; i * PER_USER < cases.length; i++) people.push(await newUser());
  cases.forEach((one, i) => {
    one.user = people[Math.floor(i / PER_USER)];
    one.key = `leave-${one.policy}-${one.format}-${one.stream ? "stream" : "whole"}-${one.early ? "early" : "point"}${one.point}`;
  });
  await eachOf(cases, (one) => leave(one.user, one));
  await eventually(() => running() === 0);

  const came = arrived(), provider = await asked(), books = booked(), wrong = [];
  const counts = { clients: cases.length, finished: 0, cancelled: 0, cancelledFree: 0, cancelledAtTheProvider: 0, leftBeforeTheHold: 0, neverArrived: 0 };
  for (const one of cases) {
    const requests = provider.get(one.key) ?? [], rows = books.get(one.key) ?? [];
    const why = fault(one, requests, rows);
    one.row = rows[0];
    one.user.paid = (one.user.paid ?? 0) + (one.row?.cost ?? 0);
    if (why) wrong.push({ why, key: one.key, seen: one.seen, requests, rows });
    else if (requests.length === 0) counts[came.has(`${one.key}-1`) || one.row ? "leftBeforeTheHold" : "neverArrived"]++;
    else if (one.row.state === "DONE") counts.finished++;
    else {
      counts[one.row.cost ? "cancelled" : "cancelledFree"]++;
      counts.cancelledAtTheProvider += requests[0].outcome === "client gone";
    }
  }
  check(wrong.slice(0, SHOWN), [], `clients that leave at ${points.length / Number(every)} points, in each format and policy: each request is at the provider once, and its outcome is exact`);

  // A finished answer can be read later by the same key, free. One that was stopped, or had not begun, is asked for anew and paid.
  const lost = [];
  await eachOf(cases, async (one) => {
    const answer = await ask(one.user, one, 2);
    if (answer.status !== 200 || answer.text !== TEXT) lost.push({ key: one.key, ...answer });
    if (one.row?.state !== "DONE") one.user.paid += PRICE;
  });
  check(lost, [], "a repeat by the same key has the whole answer");
  const unpaid = [];
  for (const user of people) {
    const expected = { available: GIFT - user.paid, held: 0 };
    let found;
    await eventually(async () => JSON.stringify((found = await balance(user))) === JSON.stringify(expected));
    if (JSON.stringify(found) !== JSON.stringify(expected)) unpaid.push({ found, expected });
  }
  check(unpaid, [], "every balance is what the books say, and nothing is held");
  const again = await asked();
  const times = (one) => (provider.get(one.key) && one.row.state !== "DONE" ? 2 : 1);
  check(cases.filter((one) => again.get(one.key)?.length !== times(one)).map((one) => one.key), [], "the repeat of a finished answer asks no provider");
  console.error(JSON.stringify(counts));
}

// ---- replies are lost

/** Loses replies of the client's requests: at once, when the head has come, or when the server is about anywhere in its answer. */
function losingFetch(one) {
  return async (input, init) => {
    const headers = new Headers(init.headers);
    headers.set("x-request-id", `${one.name}-${one.sent++}`);
    if (one.left === 0) return fetch(input, { ...init, headers });
    one.left--;
    const leave = new AbortController();
    const head = fetch(input, { ...init, headers, signal: leave.signal });
    const reply = head.then((response) => response.text());
    const manner = below(3);
    await Promise.race([(manner === 0 ? head : reply).catch(() => {}), sleep(manner === 1 ? below(40) : below(500))]);
    leave.abort();
    reply.catch(() => {});
    throw new TypeError("fetch failed");
  };
}

async function repliesAreLost() {
  const wrong = [];
  let lost = 0, n = 0, sent = 0;
  while (lost < Number(losses)) {
    const user = await newUser();
    const some = Array.from({ length: Math.min(PER_USER, Math.ceil((Number(losses) - lost) / 2)) }, () => ({ left: 1 + below(3), sent: 0, stream: below(2) === 1, name: `storm-${n++}` }));
    await Promise.all(
      some.map(async (one) => {
        const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: user.key, maxRetries: 8, fetch: losingFetch(one), defaultHeaders: { "x-on-disconnect": "finish" } });
        try {
          const reply = await client.chat.completions.create(FORMATS.chat.body(one.name, one.stream));
          let text = "";
          if (one.stream) for await (const chunk of reply) text += chunk.choices[0]?.delta.content ?? "";
          else text = reply.choices[0].message.content;
          if (text !== TEXT) wrong.push({ ...one, text });
        } catch (error) {
          wrong.push({ ...one, error: String(error) });
        }
      }),
    );
    const expected = { available: GIFT - some.length * PRICE, held: 0 };
    let found;
    await eventually(async () => JSON.stringify((found = await balance(user))) === JSON.stringify(expected));
    const bills = Number(sql(`SELECT count(*) FROM chat.usage WHERE user_id = '${user.id}' AND cost_microcredits > 0`));
    if (bills !== some.length || JSON.stringify(found) !== JSON.stringify(expected)) wrong.push({ answers: some.length, bills, found, expected });
    // A reply is lost when its request arrived, and the gateway's log has that one.
    const came = arrived(), provider = await asked();
    for (const one of some) {
      sent += one.sent - 1;
      for (let i = 0; i < one.sent - 1; i++) lost += came.has(`${one.name}-${i}`);
      if (provider.get(one.name)?.length !== 1) wrong.push({ ...one, requests: provider.get(one.name) });
    }
  }
  console.error(`${lost} replies of ${n} answers were lost; ${sent - lost} more requests never arrived`);
  check(wrong, [], "the official client asks again, has every answer whole, and each is asked for once and billed once");
}

(async () => {
  await clientsLeave();
  await repliesAreLost();
})();
