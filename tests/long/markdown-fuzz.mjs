// Random Markdown in a browser: constructs repeated, nested, left open and mixed, at random lengths, shown whole or
// growing. Each text is shown within a second of processor time. Nothing throws, and the page still takes a question.
//   markdown-fuzz.mjs URL SEED SECONDS     prints TAP; the seed and a number name a text
import { writeFileSync } from "node:fs";
import { answers, composer, launch, signUp } from "../web/lib.mjs";
import { cpuOf, goTo, rest, useFakes } from "../web/fake-chats.mjs";
import { answerWith, sentAll } from "../web/fake-stream.mjs";
import { CONSTRUCTS } from "../web/hostile-texts.mjs";

const [url, seed, seconds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const SHOWN_MAX_MS = 1000;

/** A growing text is read many times, so it is short and may take longer. In milliseconds. */
const GROWN_MAX_MS = 4000;
const LENGTH_MAX = 131_072;

let state = seed >>> 0;
function below(n) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
}
const one = (list) => list[below(list.length)];

const MARKS = "*_`~[](){}<>|#-+=!$\\&:;.\"'^@/ \n\n\t0aAé漢🙂\u202e\u0301\ud800".split("");
const names = Object.keys(CONSTRUCTS);

/** Short lengths are more likely: each number of digits has the same chance. */
const length = () => Math.floor(2 ** (1 + below(1000) * (Math.log2(LENGTH_MAX) - 1) / 1000));

function noise(chars) {
  const unit = Array.from({ length: 1 + below(12) }, () => one(MARKS)).join("");
  return unit.repeat(Math.ceil(chars / unit.length)).slice(0, chars);
}

function text() {
  const parts = Array.from({ length: 1 + below(4) }, () => {
    const chars = length();
    return below(3) === 0 ? noise(chars) : CONSTRUCTS[one(names)](chars).slice(0, chars);
  });
  return parts.join(one(["", "\n", "\n\n", "\n> ", "\n- ", "\n```js\n"])).slice(0, LENGTH_MAX);
}

const browser = await launch();
let page;
let thrown = [];

async function open() {
  await page?.context().close();
  const context = await browser.newContext({ baseURL: url, viewport: { width: 900, height: 700 } });
  page = await context.newPage();
  page.on("pageerror", (error) => thrown.push(error.message));
  await signUp(page);
  return { fakes: await useFakes(page), cpu: await cpuOf(page) };
}

let { fakes, cpu } = await open();
let shown = 0;
let slowest = 0;
const failures = [];
const end = Date.now() + seconds * 1000;
while (Date.now() < end && failures.length < 5) {
  const number = shown++;
  const given = text();
  const isGrowing = below(4) === 0;
  thrown = [];
  try {
    const before = await rest(page, cpu);
    if (isGrowing) {
      const grown = given.slice(0, 8192);
      const step = 1 + below(200);
      const tokens = Array.from({ length: Math.min(400, Math.ceil(grown.length / step)) }, (_, i) =>
        grown.slice(i * step, (i + 1) * step),
      );
      const chat = fakes.add("Q", "A");
      await goTo(page, chat);
      await answerWith(page, chat, tokens, 400);
      await composer(page).fill("Go on");
      await page.keyboard.press("Enter");
      await sentAll(page, tokens.length);
    } else {
      await goTo(page, fakes.add(given));
    }
    const ms = (await rest(page, cpu)) - before;
    slowest = Math.max(slowest, isGrowing ? 0 : ms);
    const broken = await page.getByText("could not be shown").count();
    const most = isGrowing ? GROWN_MAX_MS : SHOWN_MAX_MS;
    if (ms > most || broken > 0 || thrown.length > 0) throw new Error(`${Math.round(ms)} ms, ${broken} broken, ${thrown}`);
    await answers(page).first().innerText();
  } catch (error) {
    const file = `/tmp/markdown-fuzz-${seed}-${number}.json`;
    writeFileSync(file, JSON.stringify({ isGrowing, text: given }));
    failures.push(`seed ${seed}, text ${number}: ${error.message.split("\n")[0]}; ${given.length} characters in ${file}`);
    ({ fakes, cpu } = await open());
  }
  if (number % 200 === 199) ({ fakes, cpu } = await open());
}
await browser.close();
for (const failure of failures) console.log(`# ${failure}`);
console.log(`${failures.length === 0 ? "ok" : "not ok"} 1 - ${shown} random texts shown, seed ${seed}, slowest ${Math.round(slowest)} ms`);
process.exit(failures.length > 0 ? 1 : 0);
