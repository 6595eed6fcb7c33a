// Takes the README's picture of the page: `node tests/web/screenshot.mjs FILE`, with LIMITLESS_URL set.
// The stand-in gets its answers behind the page's back, so that the questions look as people write them.
import { readFileSync } from "node:fs";
import { answers, ask, eventually, launch, signUp, url } from "./lib.mjs";

const TALK = readFileSync(new URL("screenshot.md", import.meta.url), "utf8");
const [first, second] = TALK.split(/^# .*\n/m).slice(1);
const [firstQuestion, secondQuestion] = [...TALK.matchAll(/^# (.*)$/gm)].map((match) => match[1]);
const OTHERS = ["Names for a small bakery", "Letter to the landlord", "Why is my query slow?"];
const TITLE = "Otters and kelp";

const browser = await launch();
const context = await browser.newContext({
  baseURL: url,
  viewport: { width: 1280, height: 800 },
  deviceScaleFactor: 1.5,
});
const page = await context.newPage();
await signUp(page);

const call = (method, path, data) => context.request.fetch(path, { method, data });
for (const title of OTHERS) await call("POST", "/api/v1/chats", { title });
const chat = await (await call("POST", "/api/v1/chats", { title: TITLE })).json();
await page.goto(`/chat/${chat.id}`);

async function talk(question, answer, pace, options) {
  await page.route("**:generate", async (route) => {
    const body = route.request().postDataJSON();
    const text = `${body.text} [[say:${answer.trim()}]] [[pace:${pace}]]`;
    await route.continue({ postData: { ...body, text } });
  });
  await ask(page, question, options);
  await page.unroute("**:generate");
}

await talk(firstQuestion, first, 0);
await talk(secondQuestion, second, 40, { wait: false });
const last = second.trim().split(" ").slice(-8, -4).join(" ");
await eventually(() => answers(page).last().getByText(last).waitFor({ timeout: 50 }));
await page.screenshot({ path: process.argv[2] });
await browser.close();
