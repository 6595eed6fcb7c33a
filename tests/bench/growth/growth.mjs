// Whether a list, a read, a send and a search cost the same when the database has 10 million messages: two stacks, one with 10,000 and one with
// MESSAGES, asked in turns. PostgreSQL's CPU decides, for neighbours do not change it. One JSON object a line; it fails where a ratio is above 1.2.
//   node tests/bench/growth/growth.mjs [build folder]   MESSAGES=10000000 HEAVY=200000 SEARCHES=2000 SEED=1 ONLY=list,search BIG=folder of a filled stack
import { existsSync, rmSync } from "node:fs";
import { call, isDatabase, json, newFolder, processes, rounded, signUp, sleep, spent, startStack, stop, sumOf } from "../lib.mjs";
import { calm, fill, hurry, ownerOf, query, random, word, zipf } from "./fill.mjs";

const build = process.argv[2] ?? "build";
const messages = Number(process.env.MESSAGES ?? 10_000_000);
const heavy = Number(process.env.HEAVY ?? 200_000);
const searches = Number(process.env.SEARCHES ?? 2000);
const seed = Number(process.env.SEED ?? 1);
const RATIO_MAX = 1.2;
const TURNS = 3;
const EACH = 200; // calls of a turn: the kernel counts CPU by 10 ms
const LENGTH = 20; // messages of the user's chat

const env = { LIMITLESS_STANDIN_PACE: "0", LIMITLESS_STANDIN_FIRST_TOKEN: "0", LIMITLESS_CREDITS_GIFT_AMOUNT_MICROCREDITS: "1000000000000" };

/** A stack with so many messages; it is filled without a log and started again. */
async function filled(dir, n, many) {
  let stack = await startStack(build, dir, env);
  await hurry(build, dir);
  await stop(stack.child);
  stack = await startStack(build, dir, env);
  await fill(build, dir, n, many);
  await calm(build, dir);
  await stop(stack.child);
}

/** Its user has chats of its own, as every user of a full database has. */
async function ready(dir) {
  const stack = await startStack(build, dir, env);
  const { accessToken: token } = await signUp(stack, `growth${Date.now()}`);
  const { models } = await call(stack, "GET", "/api/v1/models", undefined, token);
  const model = models[0].id;
  const chats = [];
  for (let i = 0; i < 3; i++) chats.push((await call(stack, "POST", "/api/v1/chats", { model }, token)).id);
  const send = async (chat) => {
    const response = await fetch(`${stack.url}/api/v1/chats/${chat}:generate`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${token}` },
      body: JSON.stringify({ text: `kamira ${Math.random()} [[say:lonevi]]` }),
    });
    if (!(await response.text()).includes("event: done")) throw new Error("no answer");
  };
  for (let i = 0; i < LENGTH / 2; i++) await send(chats[0]);
  const get = (path) => call(stack, "GET", path, undefined, token);
  return {
    stack,
    dir,
    steps: {
      list: () => get("/api/v1/chats"),
      read: () => get(`/api/v1/chats/${chats[0]}/messages?order=NEWEST_FIRST&pageSize=24`),
      search: () => get("/api/v1/search?q=kamira%20"),
      send: () => send(chats[1]),
    },
  };
}

async function cost({ stack }, step) {
  const before = processes(stack.child.pid);
  for (let i = 0; i < EACH; i++) await step();
  await sleep(1500); // what follows an answer: the outbox, the index
  return sumOf(spent(before, processes(stack.child.pid)), isDatabase) / EACH;
}

const only = (process.env.ONLY ?? "list,read,search,send").split(",");
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Whether all ratios are good. */
async function compare(small, big) {
  let good = true;
  for (const name of only) {
    for (const side of [small, big]) await cost(side, side.steps[name]); // plans and pages
    const ours = [], peers = [];
    for (let turn = 0; turn < TURNS; turn++) {
      peers.push(await cost(small, small.steps[name]));
      ours.push(await cost(big, big.steps[name]));
    }
    const ratio = median(ours) / median(peers);
    good &&= ratio <= RATIO_MAX;
    json({ bench: `growth.${name}`, ours: rounded(median(ours), 3), peer: rounded(median(peers), 3), ratio: rounded(ratio, 3), unit: "ms of PostgreSQL's CPU", aim: `<= ${RATIO_MAX}` });
  }
  return good;
}

/** Words as readers type them: by their frequency, some in part, some two at once, some as a phrase. */
function queryOf(r) {
  const one = () => word(zipf(r));
  switch (r.below(4)) {
    case 0:
      return `('@${one()}')`;
    case 1:
      return `('@${one().slice(0, 2 + r.below(4))}':*)`;
    case 2:
      return `('@${one()}') & ('@${one()}':*)`;
    default:
      return `('@${one()}' <1> '@${one()}')`;
  }
}

/** The searches of one owner in one session: milliseconds of each, and how many hits were another's. */
async function searchesOf(dir, owner, n) {
  const r = random(seed);
  const list = Array.from({ length: n }, () => queryOf(r).replaceAll("'", "''")).map((one) => `('${one}')`).join();
  return query(build, dir, `SELECT set_config('lc.user', '${owner}', false); SET search_path = chat, lc;
    CREATE TEMPORARY TABLE q (i serial, text text); INSERT INTO q (text) VALUES ${list};
    CREATE TEMPORARY TABLE took (i integer, ms double precision, hits integer, foreign_hits integer);
    DO $$ DECLARE one record; begun timestamptz; ids uuid[]; BEGIN FOR one IN SELECT * FROM q ORDER BY i LOOP
      begun := clock_timestamp();
      SELECT array_agg(f.id) INTO ids FROM (SELECT s.id, s.score FROM chat.search_messages(one.text, now(), NULL, NULL, 200, 40, NULL, NULL,
        '-infinity', 'infinity', NULL) s WHERE s.id IS NOT NULL ORDER BY s.score DESC, s.id DESC LIMIT 21) f;
      INSERT INTO took SELECT one.i, extract(epoch FROM clock_timestamp() - begun) * 1000, coalesce(cardinality(ids), 0),
        (SELECT count(*) FROM chat.message m WHERE m.id = ANY (ids) AND m.user_id <> '${owner}');
    END LOOP; END $$;
    SELECT json_build_object('p50', percentile_disc(0.5) WITHIN GROUP (ORDER BY ms), 'p99', percentile_disc(0.99) WITHIN GROUP (ORDER BY ms),
      'max', max(ms), 'hits', sum(hits), 'without', count(*) FILTER (WHERE hits = 0), 'foreign', sum(foreign_hits)) FROM took WHERE i > ${Math.floor(n / 10)}`).then((out) => JSON.parse(out.split("\n").at(-1)));
}

async function report(dir, side) {
  for (const [name, owner] of [["heavy", ownerOf(0)], ["other", ownerOf(7)]]) {
    const { p50, p99, max, hits, without, foreign } = await searchesOf(dir, owner, searches);
    json({ bench: `search.${side}.${name}`, p50: rounded(p50), p99: rounded(p99), max: rounded(max), searches, hits, without, foreign, unit: "ms", seed, aim: "p50 < 10, p99 < 60, foreign 0" });
    if (foreign > 0) throw new Error("a search found what is another's");
  }
  const [table, index, n] = (await query(build, dir, "SELECT pg_table_size('chat.search_message'), pg_relation_size('chat.search_message_words'), (SELECT sum(messages) FROM chat.search_era)")).split("|").map(Number);
  json({ bench: `search.${side}.size`, table: rounded(table / n, 0), index: rounded(index / n, 0), messages: n, unit: "bytes a message" });
}

const dirs = { small: newFolder("growth-small"), big: process.env.BIG ?? newFolder("growth-big") };
const sides = [];
let good = false;
try {
  await filled(dirs.small, 10_000, 2_000);
  if (!process.env.BIG || !existsSync(`${dirs.big}/pg`)) await filled(dirs.big, messages, heavy);
  for (const name of ["small", "big"]) sides.push(await ready(dirs[name]));
  for (const name of ["small", "big"]) await report(dirs[name], name);
  good = await compare(...sides);
} finally {
  for (const { stack } of sides) await stop(stack.child);
  rmSync(dirs.small, { recursive: true, force: true });
  if (!process.env.BIG) rmSync(dirs.big, { recursive: true, force: true });
}
process.exitCode = good ? 0 : 1;
