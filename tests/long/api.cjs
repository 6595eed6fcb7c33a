// The clients of api.t. Prints got, expected and name of each check, tab-separated.
//   node tests/long/api.cjs URL PROGRAM DIR SEED EVERY LOSSES
// EVERY: each how many-th of 50 points a client leaves at. LOSSES: replies that get lost on their way to the official client.
const { execFileSync } = require("node:child_process");
const { request } = require("node:http");
const { OpenAI } = require("openai");

const [url, program, dir, seed, every, losses] = process.argv.slice(2);
const MODEL = "gpt-4o-mini"; // 2 credits a message
const PRICE = 2_000_000;
const GIFT = 100_000_000;
const TOKENS = 50;
const PER_USER = 40;
const TEXT = Array.from({ length: TOKENS }, (_, i) => i + 1).join(" ");
const SETTLE_MS = 60_000;
const UNSENT_MS = 5_000; // for a request that may not have left

const check = (got, expected, name) => console.log([JSON.stringify(got), JSON.stringify(expected), name].join("\t"));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const sql = (text) => execFileSync(program, ["psql", "--dir", dir, "--", "-Atqc", text], { encoding: "utf8" }).trim();

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
  return Number((await response.json()).available);
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

const question = (i, stream) => ({ model: MODEL, stream, messages: [{ role: "user", content: `${i} [[tokens:${TOKENS}]]` }] });

// Leaves after so many pieces of text; 0: when the request is sent, 1: when the head has come. Resolves with the pieces seen.
function leave(user, key, policy, stream, point) {
  return new Promise((done) => {
    const body = JSON.stringify(question(key, stream));
    let seen = 0;
    const req = request(`${url}/v1/chat/completions`, {
      method: "POST",
      agent: false,
      headers: { "content-type": "application/json", authorization: `Bearer ${user.key}`, "x-on-disconnect": policy, "idempotency-key": key },
    });
    const go = () => {
      req.destroy();
      done(seen);
    };
    req.on("error", () => done(seen));
    req.on("finish", () => point === 0 && setTimeout(go, below(20)));
    req.on("response", (response) => {
      if (point === 1) return go();
      response.on("error", () => {});
      response.on("data", (bytes) => {
        seen += String(bytes).split('"content":"').length - 1;
        if (seen >= point) go();
      });
      response.on("end", () => done(seen));
    });
    req.end(body);
    if (!stream) setTimeout(go, point * 6); // it has no pieces: the time of as many
  });
}

// What the books have of a call: state, source, tokens and cost.
function booked(key) {
  const row = sql(`SELECT g.state, coalesce(u.source, ''), coalesce(u.completion_tokens, 0), coalesce(u.cost_microcredits, 0)
    FROM chat.api_call a JOIN chat.generation g ON g.id = a.generation_id LEFT JOIN chat.usage u ON u.generation_id = g.id
    WHERE a.idempotency_key LIKE '%${key}' AND g.end_time IS NOT NULL`);
  if (!row) return null;
  const [state, source, tokens, cost] = row.split("|");
  return { state, source, tokens: Number(tokens), cost: Number(cost) };
}

async function clientsLeave() {
  const points = Array.from({ length: TOKENS }, (_, i) => i).filter((i) => i % Number(every) === 0);
  const cases = ["cancel", "finish"].flatMap((policy) => [true, false].flatMap((stream) => points.map((point) => ({ policy, stream, point }))));
  const wrong = [];
  let paid = 0, lost = 0, user;
  for (const [i, one] of cases.entries()) {
    if (i % PER_USER === 0) user = await newUser();
    const key = `leave-${one.policy}-${one.stream}-${one.point}-${seed}`;
    const seen = await leave(user, key, one.policy, one.stream, one.point);
    let books = null;
    await eventually(() => (books = booked(key)), seen === 0 ? UNSENT_MS : SETTLE_MS);
    const whole = books?.cost === PRICE && books.tokens === TOKENS;
    const fits = one.policy === "finish" ? whole && books.source === "PROVIDER" : books && (seen > 0 || books.cost > 0 ? books.cost === PRICE && books.tokens >= seen : true);
    // A request that was gone before anybody took it is none. It costs nothing: the balance says so.
    if (!books && seen === 0) lost++;
    else if (!fits) wrong.push({ ...one, seen, books });
    user.paid = (user.paid ?? 0) + (books?.cost ?? 0);
    paid += books?.cost > 0;
    const last = i % PER_USER === PER_USER - 1 || i === cases.length - 1;
    if (last && !(await eventually(async () => (await balance(user)) === GIFT - user.paid))) wrong.push({ balance: await balance(user), paid: user.paid });
  }
  console.error(`${cases.length} clients left, ${paid} answers were paid, ${lost} requests never came`);
  check(lost < cases.length / 2, true, "most requests reached the server");
  check(wrong, [], `clients that leave at ${points.length} points, streams and whole answers, both policies: all metered`);
}

// Loses replies of the client's requests: at once, or when the server is about anywhere in its answer. It keeps what goes out.
function losingFetch(count) {
  return async (input, init) => {
    if (count.left === 0) return fetch(input, init);
    count.left--;
    count.lost++;
    const leave = new AbortController();
    const reply = fetch(input, { ...init, signal: leave.signal }).then((response) => response.text());
    await Promise.race([reply.catch(() => {}), sleep(below(400))]);
    leave.abort();
    throw new TypeError("fetch failed");
  };
}

async function repliesAreLost() {
  const wrong = [];
  let lost = 0, n = 0;
  while (lost < Number(losses)) {
    const user = await newUser();
    const some = Array.from({ length: Math.min(PER_USER, Math.ceil((Number(losses) - lost) / 2)) }, () => ({ left: 1 + below(3), lost: 0, stream: below(2) === 1, number: n++ }));
    await Promise.all(
      some.map(async (one) => {
        const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: user.key, maxRetries: 8, fetch: losingFetch(one), defaultHeaders: { "x-on-disconnect": "finish" } });
        try {
          const reply = await client.chat.completions.create(question(`storm ${one.number}`, one.stream));
          let text = "";
          if (one.stream) for await (const chunk of reply) text += chunk.choices[0]?.delta.content ?? "";
          else text = reply.choices[0].message.content;
          if (text !== TEXT) wrong.push({ ...one, text });
        } catch (error) {
          wrong.push({ ...one, error: String(error) });
        }
        lost += one.lost;
      }),
    );
    const expected = GIFT - some.length * PRICE;
    await eventually(async () => (await balance(user)) === expected);
    const bills = Number(sql(`SELECT count(*) FROM chat.usage WHERE user_id = '${user.id}' AND cost_microcredits > 0`));
    if (bills !== some.length || (await balance(user)) !== expected) wrong.push({ answers: some.length, bills, balance: await balance(user), expected });
  }
  console.error(`${lost} replies of ${n} answers were lost`);
  check(wrong, [], "the official client asks again, has every answer whole, and each is billed once");
}

(async () => {
  await clientsLeave();
  await repliesAreLost();
})();
