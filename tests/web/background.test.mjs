// Answers in the background: the reader leaves, and finds the chat marked. The administrator sees the queue.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { answers, ask, chatLink, checkAxe, checkNoOverflow, composer, eventually, signUp, textOf, useBrowser, visit } from "./lib.mjs";

useBrowser();

const inBackground = (page) => page.getByRole("button", { name: /^Take your time/ });

/** Runs a statement as the operator does. */
const sql = (statement) => execFileSync(process.env.LIMITLESS_SQL, [statement], { encoding: "utf8" }).trim();

const FAILURE = { reason: "provider_busy", message: "the provider asked for a rest", provider: "demo", attempt: 5, time: "2026-01-01T00:00:00Z" };

test("an answer in the background marks its chat until the chat is opened", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await inBackground(page).click();
  await ask(page, "Slowly [[first:2500]] [[say:Here at last]]", { wait: false });
  await page.waitForURL(/\/chat\//);
  await page.goto("/");
  const mark = page.getByRole("navigation", { name: "Chats" }).getByRole("img", { name: "There is a new answer" });
  await mark.waitFor({ timeout: 12_000 }); // The server tells the page, which asks by itself each 15 s.
  await chatLink(page, /Slowly/).click();
  assert.equal((await textOf(page)).trim(), "Here at last");
  await mark.waitFor({ state: "detached" });
  await page.goto("/");
  await chatLink(page, /Slowly/).waitFor();
  assert.equal(await mark.count(), 0);
});

test("a question that waits says until when, and can be stopped for nothing", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await inBackground(page).click();
  assert.equal(await inBackground(page).getAttribute("aria-pressed"), "true");
  await ask(page, "Wait [[fault:429 retry_after=300]]", { wait: false });
  await page.getByText(/^No provider has room\. Next try at /).waitFor();
  assert.equal(await inBackground(page).getAttribute("aria-pressed"), "false");
  await page.reload();
  await page.getByText(/^No provider has room\. Next try at /).waitFor();
  await page.getByRole("button", { name: "Stop the answer" }).click();
  await page.getByText("You stopped this answer before it began. Nothing was charged.").waitFor();
});

test("an answer that failed is asked for again in the background", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await ask(page, `Again [[fault:503 times=3 key=${t.name.length}${Date.now()}]] [[say:Second time]]`);
  await page.getByRole("button", { name: "Answer it when there is room" }).click();
  await answers(page).last().getByText("Second time").waitFor();
  await composer(page).waitFor();
});

for (const [width, colorScheme] of [[1280, "light"], [390, "dark"]]) {
  test(`the administrator sees the queue (${width}, ${colorScheme})`, async (t) => {
    const page = await visit(t, { viewport: { width, height: 800 }, colorScheme });
    page.expected.push(/401/); // between the two sessions
    const email = await signUp(page);
    await inBackground(page).click();
    await ask(page, `Lost in ${width} [[fault:400 times=1 key=${width}${Date.now()}]] [[say:Found]]`);
    sql(`UPDATE auth.account SET role = 'admin' WHERE email = '${email}'`);
    sql(`UPDATE chat.generation SET state = 'DEAD', failures = '[${JSON.stringify(FAILURE)}]'
      WHERE chat_id = '${page.url().split("/").at(-1)}'`);
    await page.context().clearCookies();
    await page.goto("/login");
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: /^Good / }).waitFor();
    await page.goto("/admin/queue");
    await page.getByRole("heading", { name: "Replicas" }).waitFor();
    await eventually(async () => assert.ok(await page.getByText(/^\d+ answers?$/).count()));
    const letter = page.getByRole("main").getByRole("listitem").filter({ hasText: `Lost in ${width}` });
    await letter.getByText("1 failed round").click();
    await letter.getByText("provider_busy · demo · the provider asked for a rest").waitFor();
    await checkAxe(page, "queue");
    await checkNoOverflow(page, "queue");
    if (process.env.LIMITLESS_SHOTS) await page.screenshot({ path: `${process.env.LIMITLESS_SHOTS}/queue-${width}.png` });
    await letter.getByRole("button", { name: "Try again" }).click();
    await letter.waitFor({ state: "detached" });
    sql("INSERT INTO chat.token_factor (family, factor, margin, prompts) VALUES ('anthropic', 1.25, 1.07, 4321) ON CONFLICT DO NOTHING");
    await page.getByRole("link", { name: "Tokens" }).click();
    const family = page.getByRole("main").getByRole("listitem").filter({ hasText: "anthropic" });
    await family.getByText("1.25 tokens for one of ours").waitFor();
    await family.getByText("+7 % held").waitFor();
    await family.getByText(/^Learned from 4,?321 prompts/).waitFor();
    await checkAxe(page, "tokens");
    await checkNoOverflow(page, "tokens");
  });
}

test("for others the queue does not exist", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await page.goto("/admin/queue");
  await page.getByText("There is no such page").waitFor();
});
