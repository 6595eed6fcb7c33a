// What one user's programs can do to chat, for g00020-flood-figures.t.
const fs = require("fs");

const [url, chat, loud, busy, calm] = process.argv.slice(2);
const MIB = 1 << 20;
// api.memory_per_user, which counts each body twice; and what four threads need to read and store one body of 12 MiB each.
const BOUND = 64 + 4 * 5 * 12;
const check = (got, expected, name) => console.log([JSON.stringify(got), JSON.stringify(expected), name].join("\t"));
const note = (text) => console.error(text);
const megabytes = (name) => Math.round(Number(fs.readFileSync(`/proc/${chat}/status`, "utf8").match(new RegExp(`${name}:\\s+(\\d+)`))[1]) / 1024);

async function ask(key, content, more = {}) {
  const body = JSON.stringify({ model: "gpt-4o-mini", messages: [{ role: "user", content }], ...more });
  try {
    const answer = await fetch(`${url}/v1/chat/completions`, { method: "POST", body, headers: { authorization: `Bearer ${key}`, "content-type": "application/json" } });
    return { status: answer.status, after: answer.headers.get("retry-after"), body: await answer.json() };
  } catch (error) {
    return { status: 0, error: String(error.cause ?? error) };
  }
}

const count = (list) => list.reduce((all, { status }) => ({ ...all, [status]: (all[status] ?? 0) + 1 }), {});

// 12 bodies of 12 MiB, each with four images.
async function bodies() {
  const image = { type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(3 * MIB)}` } };
  const content = [image, image, image, image, { type: "text", text: "x [[tokens:40]]" }];
  const before = megabytes("VmRSS"), waits = [];
  let over = false;
  const other = (async () => {
    while (!over) {
      const begin = Date.now(), { status } = await ask(calm, "x [[say:Hello.]]");
      waits.push({ status, ms: Date.now() - begin });
    }
  })();
  const all = [];
  all.push(...(await Promise.all(Array.from({ length: 12 }, () => ask(loud, content)))));
  over = true;
  await other;
  const added = megabytes("VmHWM") - before;
  note(`bodies of 12 MiB: ${JSON.stringify(count(all))}; memory of chat ${before} MB before, ${added} MB more at the most, ${megabytes("VmRSS")} MB after`);
  note(`another user: ${waits.length} answers, the slowest after ${Math.max(...waits.map(({ ms }) => ms))} ms`);
  check(all.some(({ status }) => status === 200), true, "some of the largest bodies are answered");
  // A connection that sends too slowly is cut (408), which a busy machine brings.
  check(all.filter(({ status, after }) => ![200, 0, 408].includes(status) && !([429, 503].includes(status) && Number(after) >= 1)), [], "the others are told when to come back");
  check(added < BOUND, true, `chat takes less than ${BOUND} MB for them`);
  check([waits.some(({ status }) => status === 200), waits.filter(({ status }) => ![200, 0, 408].includes(status))], [true, []], "another user is answered meanwhile");
}

// 100 calls of one key at once: api.calls_per_key is the limit that they meet.
async function calls() {
  const all = await Promise.all(Array.from({ length: 100 }, () => ask(busy, "x [[tokens:100]]")));
  const refused = all.filter(({ status }) => status !== 200);
  note(`100 calls of one key: ${JSON.stringify(count(all))}`);
  check([all.length - refused.length >= 50, refused.length > 0], [true, true], "a key has as many calls at once as api.calls_per_key");
  const shape = ({ status, after, body }) => [status, Number(after) >= 1, body?.error?.type, body?.error?.code, /as many as may be at once/.test(body?.error?.message)];
  check(refused.map(shape).filter((one) => JSON.stringify(one) !== '[429,true,"rate_limit_error","rate_limit_exceeded",true]'), [], "all others are 429 in the format's shape, with the same reason");
}

(async () => {
  await bodies();
  await calls();
})();
