// Runs one flood after the other, while a person goes on using the product. Prints got, expected and name of each check,
// tab-separated, and the person's times on standard error.
//   node tests/long/floods.mjs URL SEED SECONDS            all floods, in an order that the seed decides
//   node tests/long/floods.mjs URL SEED SECONDS FLOOD      (as a child process) one flood until it is killed
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { connect } from "node:net";

const [url, seed, seconds, flood] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const MODEL = "gpt-4o-mini";
const LATE_MS = 15_000; // a longer answer counts as not served
const ATTACKERS = ["127.0.0.66", "127.0.0.67"]; // the person is 127.0.0.1

const check = (got, expected, name) => console.log([JSON.stringify(got), JSON.stringify(expected), name].join("\t"));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const times = (n, each) => Promise.all(Array.from({ length: n }, (_, i) => each(i)));
const agent = new Agent({ keepAlive: true, maxSockets: 1000 });

// Resolves with status and text at the end of the answer. Status 0: no answer, or a late one.
function call(from, method, path, { token, body, headers = {}, stream } = {}) {
  return new Promise((done) => {
    const outgoing = request(url + path, {
      method,
      agent,
      localAddress: from,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(stream ? { accept: "text/event-stream" } : {}),
        ...headers,
      },
    });
    const end = (status, text) => {
      clearTimeout(late);
      done({ status, text, body: status && text.startsWith("{") ? JSON.parse(text) : null });
    };
    const late = setTimeout(() => (outgoing.destroy(), end(0, "late")), LATE_MS);
    outgoing.on("error", (error) => end(0, String(error)));
    outgoing.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece) => (text += piece));
      response.on("error", (error) => end(0, String(error))).on("end", () => end(response.statusCode, text));
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function signUp(from, name) {
  const body = { email: `${name}-${randomUUID()}@example.test`, password: "correct horse battery", tokenDelivery: "BODY" };
  for (let tries = 0; tries < 50; tries++) {
    const answer = await call(from, "POST", "/api/v1/auth/signup", { body });
    if (answer.status === 200) return { token: answer.body.accessToken, email: body.email };
    await sleep(200);
  }
  throw new Error("no account");
}

const newChat = async (from, user) => (await call(from, "POST", "/api/v1/chats", { token: user.token, body: { model: MODEL } })).body?.id;
const generate = (from, user, chat, body, options = {}) =>
  call(from, "POST", `/api/v1/chats/${chat}:generate`, { token: user.token, body, stream: true, headers: { "idempotency-key": randomUUID() }, ...options });

// ---------------------------------------------------------------------------------------------- the floods
// Each flood gets an address, and reports when it has begun. It goes on until its process is killed.
const forever = async (n, each) => times(n, async (i) => { for (;;) await each(i); });

const floods = {
  // Streams of one user that are not read.
  async readers(from, stands) {
    const user = await signUp(from, "reader");
    const chat = await newChat(from, user);
    const open = (path, body) => {
      const socket = connect({ host: hostname, port, localAddress: from }, () => {
        const text = body ? JSON.stringify(body) : "";
        socket.write(`${body ? "POST" : "GET"} ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${user.token}\r\nAccept: text/event-stream\r\n`);
        socket.write(body ? `Content-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}` : "\r\n");
        setTimeout(() => socket.pause(), body ? 0 : 1000);
      });
      socket.on("error", () => {}).on("data", () => {});
    };
    open(`/api/v1/chats/${chat}:generate`, { text: "endless [[tokens:90000]]" });
    let running;
    while (!running) {
      await sleep(100);
      running = (await call(from, "GET", `/api/v1/chats/${chat}`, { token: user.token })).body?.runningGeneration;
    }
    for (let i = 0; i < 1200; i++) {
      open(`/api/v1/generations/${running}/events`);
      if (i % 100 === 99) await sleep(50);
    }
    stands();
    await sleep(1e9);
  },

  // Hundreds of busy streams of many users, which are read.
  async busy(from, stands) {
    const users = [];
    for (let i = 0; i < 20; i++) users.push(await signUp(from, "busy"));
    stands();
    await forever(users.length, async (i) => {
      const chat = await newChat(from, users[i]);
      const answer = generate(from, users[i], chat, { text: "long [[tokens:1000]]" });
      await sleep(500);
      const running = (await call(from, "GET", `/api/v1/chats/${chat}`, { token: users[i].token })).body?.runningGeneration;
      const readers = running ? times(25, () => call(from, "GET", `/api/v1/generations/${running}/events`, { token: users[i].token, stream: true })) : null;
      await Promise.all([answer, readers, sleep(200)]);
    });
  },

  // Many answers to one question, listed all the time.
  async siblings(from, stands) {
    const user = await signUp(from, "siblings");
    const chat = await newChat(from, user);
    await generate(from, user, chat, { text: "first [[tokens:1]]" });
    const first = (await call(from, "GET", `/api/v1/chats/${chat}/messages`, { token: user.token })).body.messages.at(-1).id;
    stands();
    await forever(16, async (i) => {
      if (i % 2) await generate(from, user, chat, { text: "again", parent: first });
      else await call(from, "GET", `/api/v1/chats/${chat}/messages?view=TREE`, { token: user.token });
    });
  },

  // Long questions of a user without credits.
  async penniless(from, stands) {
    const user = await signUp(from, "poor");
    const chat = await newChat(from, user);
    let status;
    do ({ status } = await generate(from, user, chat, { text: "spend [[tokens:1]]" }));
    while (status === 200);
    stands();
    const text = "x".repeat(100_000);
    await forever(16, () => generate(from, user, chat, { text }));
  },

  async logins(from, stands) {
    stands();
    await forever(200, (i) => call(from, "POST", "/api/v1/auth/login", { body: { email: `nobody${i}@example.test`, password: "not the password" } }));
  },

  // Places for answers, taken by many accounts.
  async places(from, stands) {
    const users = [];
    for (let i = 0; i < 20; i++) users.push(await signUp(from, "place"));
    stands();
    await forever(20 * 60, async (i) => {
      const user = users[i % users.length];
      const chat = await newChat(from, user);
      if (chat) await generate(from, user, chat, { text: "slow [[tokens:3000]]" });
      await sleep(100);
    });
  },

  async connections(from, stands) {
    const open = (address) => {
      const socket = connect({ host: hostname, port, localAddress: address });
      socket.on("error", () => {}).on("close", () => setTimeout(open, 500, address));
    };
    for (let i = 0; i < 18_000; i++) {
      open(ATTACKERS[i % ATTACKERS.length]);
      if (i % 500 === 499) await sleep(20);
    }
    stands();
    await sleep(1e9);
  },

  // Slow bodies, to routes that take them and to routes that do not exist.
  async bodies(from, stands) {
    const paths = ["/api/v1/nothing", "/api/v1/auth/login", "/api/v1/auth/signup"];
    const open = (i) => {
      const socket = connect({ host: hostname, port, localAddress: from }, () => {
        socket.write(`POST ${paths[i % paths.length]} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n{"email":"`);
        socket.write("x".repeat(1_000_000));
      });
      const drip = setInterval(() => socket.write("x"), 1000);
      socket.on("error", () => {}).on("data", () => {});
      socket.on("close", () => (clearInterval(drip), setTimeout(open, 200, i)));
    };
    for (let i = 0; i < 500; i++) open(i);
    stands();
    await sleep(1e9);
  },

  // JSON that is costly to read, on a route without a log-in.
  async elements(from, stands) {
    const array = `{"email":[${"1,".repeat(400_000)}1]}`;
    stands();
    await forever(16, () =>
      new Promise((done) => {
        const outgoing = request(`${url}/api/v1/auth/login`, { method: "POST", agent, localAddress: from, headers: { "content-type": "application/json" } });
        outgoing.on("error", done).on("response", (response) => response.resume().on("end", done).on("error", done));
        outgoing.end(array);
      }),
    );
  },
};

// ---------------------------------------------------------------------------------------------- the person
const HERE = "127.0.0.1";

// One visit. Each of its steps must succeed.
async function visit(person, took, wrong) {
  const step = async (name, promise, good) => {
    const began = performance.now();
    const answer = await promise;
    took.push({ name, ms: performance.now() - began });
    if (!good(answer)) wrong.push(`${name}: ${answer.status} ${answer.text.slice(0, 300)}`);
    return answer;
  };
  const fine = (answer) => answer.status === 200;
  const { token } = person;
  await step("me", call(HERE, "GET", "/api/v1/auth/me", { token }), fine);
  await step("balance", call(HERE, "GET", "/api/v1/credits/balance", { token }), fine);
  await step("chats", call(HERE, "GET", "/api/v1/chats", { token }), fine);
  const made = await step("chat", call(HERE, "POST", "/api/v1/chats", { token, body: { model: MODEL } }), fine);
  if (made.status !== 200) return;
  const chat = made.body.id;
  await step("answer", generate(HERE, person, chat, { text: "hello [[tokens:5]]" }), (a) => fine(a) && a.text.includes("event: done"));
  await step("messages", call(HERE, "GET", `/api/v1/chats/${chat}/messages`, { token }), (a) => fine(a) && a.body.messages.length === 2);
  await step("delete", call(HERE, "DELETE", `/api/v1/chats/${chat}`, { token }), fine);
}

async function visits(until) {
  const took = [], wrong = [];
  const began = performance.now();
  let person = null, left = 0;
  while (performance.now() < until || took.length === 0) {
    if (left-- === 0) {
      person = await signUp(HERE, "person"); // the gift pays for 50 answers
      left = 40;
    }
    await visit(person, took, wrong);
    await sleep(20);
  }
  const sorted = (list) => list.map((one) => one.ms).sort((a, b) => a - b);
  const at = (share, list = took) => sorted(list)[Math.floor((list.length - 1) * share)].toFixed(1);
  const me = took.filter((one) => one.name === "me");
  const slowest = took.reduce((a, b) => (a.ms > b.ms ? a : b));
  const line = `${took.length} requests in ${Math.round((performance.now() - began) / 1000)} s: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, /auth/me p50 ${at(0.5, me)} ms, p99 ${at(0.99, me)} ms, slowest ${slowest.name} ${Math.round(slowest.ms)} ms`;
  return { served: took.length, wrong, line };
}

function shuffled(names) {
  let state = Number(seed) >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return names.map((name) => ({ name, at: next() })).sort((a, b) => a.at - b.at).map((one) => one.name);
}

async function under(name, ms) {
  const child = spawn(process.execPath, [import.meta.filename, url, seed, seconds, name], { stdio: ["ignore", "pipe", "inherit"] });
  const stands = new Promise((done) => child.stdout.once("data", () => done(true)));
  const ended = new Promise((done) => child.once("exit", () => done(false)));
  const began = await Promise.race([stands, ended]);
  const result = began ? await visits(performance.now() + ms) : null;
  child.kill("SIGKILL");
  await ended;
  check(Boolean(began), true, `${name}: the flood came`);
  if (!result) return;
  for (const line of result.wrong.slice(0, 5)) console.error(`${name}: ${line}`);
  console.error(`${name}: ${result.line}`);
  check(result.wrong.length, 0, `${name}: everything that the person asked beside it was served`);
}

if (flood) {
  await floods[flood](ATTACKERS[0], () => process.stdout.write("stands\n"));
} else {
  const names = shuffled(Object.keys(floods));
  const only = process.env.ONLY ? names.filter((name) => process.env.ONLY.split(",").includes(name)) : names;
  const share = Math.max(3000, (Number(seconds) * 1000) / (only.length + 1));
  const idle = await visits(performance.now() + Math.min(share, 10_000));
  console.error(`no flood: ${idle.line}`);
  check(idle.wrong.length, 0, "without a flood everything is served");
  for (const name of only) await under(name, share);
  process.exit(0);
}
