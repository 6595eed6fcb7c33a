// Fills the chat schema of a stack with messages as years of use would leave them, by COPY: owners take turns, so that the messages of one lie
// far apart. One owner has many.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const EACH = 200; // messages of an owner
const CHAT = 20; // messages of a chat
const ERA = 2048; // messages of one: services/chat/search/index.c
const WORDS = 12; // of a message
const VOCABULARY = 50_000;
const START_MS = Date.UTC(2026, 0, 1);

/** The same numbers for the same seed. */
export function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
  return { next, below: (n) => Math.floor(next() * n) };
}

const SYLLABLES = "ka to mi ra se lo ne vi du pa ri mo te sa nu li fo ge ba ze".split(" ");
/** Word n of the vocabulary; those with small numbers are frequent. */
export function word(n) {
  let text = "";
  for (let rest = n + 20; rest > 0; rest = Math.floor(rest / SYLLABLES.length)) text += SYLLABLES[rest % SYLLABLES.length];
  return text;
}
const vocabulary = Array.from({ length: VOCABULARY }, (_, n) => word(n));
/** A number of a word, by Zipf's law: the n-th one comes a n-th as often. */
export const zipf = (r) => Math.min(VOCABULARY - 1, Math.floor(VOCABULARY ** r.next()) - 1);

const hex = (n, digits) => n.toString(16).padStart(digits, "0");
/** A UUIDv7 of this time, and of a number that tells it from the others of its kind. */
const uuid = (ms, kind, n) => {
  const time = hex(ms, 12);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(kind, 3)}-8000-${hex(n, 12)}`;
};
export const ownerOf = (n) => uuid(START_MS, 1, n * 2654435761 + 17);
const chatOf = (n) => uuid(START_MS + n, 2, n);
const messageOf = (n) => uuid(START_MS + n, 3, n);
const prefix = (owner, era) => Buffer.from(owner.replaceAll("-", "").slice(20), "hex").toString("base64") + hex((era + 32768) & 0xffff, 4);

/** Every message: owner (0: the one with many), its number among those of the owner, its number among all. */
function* turns(messages, heavy) {
  const owners = Math.floor((messages - heavy) / EACH);
  const perRound = Math.ceil(heavy / EACH);
  let n = 0, done = 0;
  for (let round = 0; round < EACH; round++) {
    for (let i = 0; i < perRound && done < heavy; i++) yield { owner: 0, mine: done++, n: n++ };
    for (let owner = 1; owner <= owners; owner++) yield { owner, mine: round, n: n++ };
  }
}

/** The numbers of the words of message n, always the same ones. */
export function wordsOf(n) {
  const r = random(n);
  return Array.from({ length: WORDS }, () => zipf(r));
}

export function psql(build, dir, sql, stdin) {
  const child = spawn(join(build, "bin/limitless"), ["psql", "--dir", dir, "--", "-qAtX", "-v", "ON_ERROR_STOP=1", ...(stdin ? ["-c", sql] : [])], { stdio: ["pipe", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (data) => (out += data));
  const ended = once(child, "close").then(([code]) => {
    if (code !== 0) throw new Error(`psql ended with ${code}`);
    return out.trim();
  });
  if (!stdin) child.stdin.end(sql);
  return { child, ended };
}
export const query = (build, dir, sql) => psql(build, dir, sql).ended;

/** Settings of a server that is filled and can be made anew; they hold after its next start, as do those before afterwards. */
export const hurry = (build, dir) =>
  query(build, dir, ["wal_level = minimal", "max_wal_senders = 0", "fsync = off", "full_page_writes = off", "max_wal_size = '16GB'", "autovacuum = off"].map((one) => `ALTER SYSTEM SET ${one};`).join("\n"));
export const calm = (build, dir) => query(build, dir, "ALTER SYSTEM RESET ALL");

// In the transaction that empties a table its rows need no log.
async function copy(build, dir, table, rows) {
  const { child, ended } = psql(build, dir, `SET session_replication_role = replica; ${table.startsWith("chat") ? "" : `TRUNCATE chat.${table.split(" ")[0]} CASCADE;`} COPY chat.${table} FROM STDIN`, true);
  let part = "";
  for (const row of rows) {
    part += row;
    if (part.length < 1 << 20) continue;
    if (!child.stdin.write(part)) await Promise.race([once(child.stdin, "drain"), ended]);
    part = "";
  }
  child.stdin.end(part);
  await ended;
}

/** The rows of each table, for `messages` in all, `heavy` of them of owner 0. */
function rowsOf(messages, heavy) {
  const chats = new Map(); // owner and place → number, last message and their count
  const chatAt = ({ owner, mine, n }) => {
    const key = owner * 100_000 + Math.floor(mine / CHAT);
    let chat = chats.get(key);
    if (!chat) chats.set(key, (chat = { number: chats.size, owner: ownerOf(owner), before: -1, last: -1, count: 0 }));
    [chat.before, chat.last, chat.count] = [chat.last, n, (mine % CHAT) + 1];
    return chat;
  };
  const time = (n) => new Date(START_MS + n).toISOString();
  const model = (mine) => (mine % 2 ? "gpt-4o-mini" : "");
  const text = (numbers) => numbers.map((one) => vocabulary[one]).join(" ");
  const lexemes = (numbers, mark) => numbers.map((one, at) => `'${mark}${vocabulary[one]}':${at + 1}`).join(" ");
  const titleOf = (chat) => wordsOf(chat.last + 1e9).slice(0, 4);
  return {
    *messages() {
      chats.clear();
      for (const turn of turns(messages, heavy)) {
        const { mine, n } = turn, depth = mine % CHAT, chat = chatAt(turn);
        yield `${messageOf(n)}\t${chatOf(chat.number)}\t${chat.owner}\t${depth ? messageOf(chat.before) : "\\N"}\t${depth}\t${depth % 2 ? "ASSISTANT" : "USER"}\tDONE\t${text(wordsOf(n))}\t${WORDS * 2}\t${model(mine)}\t${time(n)}\n`;
      }
    },
    *words() {
      chats.clear();
      for (const turn of turns(messages, heavy)) {
        const { mine, n } = turn, chat = chatAt(turn);
        yield `${messageOf(n)}\t${chatOf(chat.number)}\t${chat.owner}\t${time(n)}\t${model(mine)}\t${lexemes(wordsOf(n), prefix(chat.owner, Math.floor(mine / ERA)))}\n`;
      }
    },
    // After one of the two above.
    *chats() {
      for (const chat of chats.values()) yield `${chatOf(chat.number)}\t${chat.owner}\t${text(titleOf(chat))}\tgpt-4o-mini\t${messageOf(chat.last)}\t${chat.count}\t${time(chat.last)}\n`;
    },
    *titles() {
      for (const chat of chats.values()) yield `${chatOf(chat.number)}\t${chat.owner}\t${lexemes(titleOf(chat), prefix(chat.owner, -32768))}\n`;
    },
  };
}

const MESSAGES = "message (id, chat_id, user_id, parent_id, depth, role, state, text, tokens, model, create_time)";
const CHATS = "chat (id, user_id, title, model, leaf_id, messages, update_time)";
const TITLES = "search_title (chat_id, user_id, words)";
const FOUND = "search_message (id, chat_id, user_id, create_time, model, words)";
const INDEXES = ["message_family", "message_chat", "chat_list", "search_message_words", "search_title_words"];

/** `messages` in all, `heavy` of them of owner 0. */
export async function fill(build, dir, messages, heavy) {
  const sql = (text) => query(build, dir, text);
  const rows = rowsOf(messages, heavy);
  const names = INDEXES.map((name) => `'${name}'`).join();
  const indexes = (await sql(`SELECT indexdef FROM pg_indexes WHERE schemaname = 'chat' AND indexname IN (${names})`)).split("\n");
  const make = (table) => sql(`SET maintenance_work_mem = '1GB'; SET search_path = chat, lc; ${indexes.filter((one) => one.includes(` ON chat.${table} `)).join(";")}`);
  await sql(`DROP INDEX ${INDEXES.map((name) => `chat.${name}`).join()}`);
  await copy(build, dir, MESSAGES, rows.messages());
  await Promise.all([
    make("message"),
    (async () => {
      await copy(build, dir, FOUND, rows.words());
      await Promise.all([
        make("search_message"),
        (async () => {
          await copy(build, dir, CHATS, rows.chats());
          await copy(build, dir, TITLES, rows.titles());
          await make("chat");
          await make("search_title");
        })(),
      ]);
    })(),
  ]);
  await sql(`SET search_path = chat, lc;
    INSERT INTO search_era SELECT user_id, n / ${ERA}, count(*), min(create_time), max(create_time)
    FROM (SELECT user_id, create_time, row_number() OVER (PARTITION BY user_id ORDER BY id) - 1 AS n FROM search_message) m GROUP BY 1, 2;
    INSERT INTO user_total SELECT user_id, count(*), sum(messages) * 100 FROM chat GROUP BY user_id ON CONFLICT DO NOTHING;
    UPDATE search_start SET message = NULL, chat = NULL;`);
  await sql("VACUUM (ANALYZE) chat.message, chat.chat, chat.search_message, chat.search_title, chat.search_era, chat.user_total");
}
