// An answer while it is written: stopped, after a reload, in two tabs, over a network that breaks.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answers,
  ask,
  composer,
  eventually,
  questions,
  signUp,
  stopButton,
  tab,
  textOf,
  useBrowser,
  visit,
} from "./lib.mjs";

useBrowser();

const SLOW = "[[tokens:200]] [[pace:30]]";
const length = async (page) => (await textOf(page)).length;

async function begin(page) {
  await signUp(page);
  await ask(page, `Write slowly. ${SLOW}`, { wait: false });
  await eventually(async () => assert.ok((await length(page)) > 40));
}

test("a reload in the middle goes on, with no duplicate", async (t) => {
  const page = await visit(t);
  await begin(page);
  await page.reload();
  await stopButton(page).waitFor();
  // The stored beginning is shown at once, and the text never gets shorter.
  let longest = 0;
  while (await stopButton(page).isVisible()) {
    const now = (await answers(page).last().innerText()).length;
    assert.ok(now >= longest - 2, `${now} after ${longest}`);
    longest = Math.max(longest, now);
    await page.waitForTimeout(20);
  }
  assert.equal(await questions(page).count(), 1);
  assert.equal(await answers(page).count(), 1);
  const text = await textOf(page);
  await page.reload();
  await eventually(async () => assert.equal(await textOf(page), text));
});

test("the button stops the answer, and its text stays", async (t) => {
  const page = await visit(t);
  await begin(page);
  await stopButton(page).click();
  await page.getByText("You stopped this answer.").waitFor();
  const text = await textOf(page);
  assert.ok(text.length > 40);
  await page.reload();
  await eventually(async () => assert.equal(await textOf(page), text));
  await page.getByText("You stopped this answer.").waitFor();
});

test("Escape stops it too", async (t) => {
  const page = await visit(t);
  await begin(page);
  await page.keyboard.press("Escape");
  await page.getByText("You stopped this answer.").waitFor();
});

test("another tab shows the same while it is written", async (t) => {
  const page = await visit(t);
  await begin(page);
  const other = await tab(page);
  await other.goto(page.url());
  await stopButton(other).waitFor();
  await eventually(async () => assert.ok((await length(other)) > 40));
  await stopButton(other).waitFor({ state: "detached" });
  await stopButton(page).waitFor({ state: "detached" });
  assert.equal(await textOf(other), await textOf(page));
  // A question of one tab appears in the other without a reload.
  await ask(other, "And this? [[say:Seen everywhere.]]");
  await answers(page).getByText("Seen everywhere.").waitFor();
});

test("leaving the chat and coming back finds it where it is", async (t) => {
  const page = await visit(t);
  await begin(page);
  await page.keyboard.press("Control+Shift+O");
  await page.getByRole("heading", { name: /^Good / }).waitFor();
  await page.goBack();
  await eventually(async () => assert.ok((await length(page)) > 40));
  await stopButton(page).waitFor({ state: "detached" });
  assert.equal(await answers(page).count(), 1);
});

test("a cut connection is taken up again", async (t) => {
  const page = await visit(t);
  await begin(page);
  page.expected.push(/ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_INCOMPLETE/);
  const before = await length(page);
  await page.context().setOffline(true);
  await page.getByText("You are offline.").waitFor();
  await composer(page).fill("a draft that stays");
  await page.context().setOffline(false);
  await stopButton(page).waitFor({ state: "detached" });
  assert.ok((await length(page)) > before);
  assert.equal(await answers(page).count(), 1);
  assert.equal(await composer(page).inputValue(), "a draft that stays");
});

test("it sticks to the end until the reader scrolls up", async (t) => {
  const page = await visit(t, { viewport: { width: 1280, height: 480 } });
  await signUp(page);
  await ask(page, "Long. [[tokens:900]] [[pace:0]]");
  await ask(page, "And on. [[tokens:400]] [[pace:60]]", { wait: false });
  const list = page.getByRole("region", { name: "Messages" });
  const toEnd = () => list.evaluate((one) => one.scrollHeight - one.scrollTop - one.clientHeight);
  await eventually(async () => assert.ok((await length(page)) > 300));
  assert.ok((await toEnd()) <= 2);
  await list.hover();
  await page.mouse.wheel(0, -400);
  const latest = page.getByRole("button", { name: "Go to the latest message" });
  await latest.waitFor();
  const [at, long] = [await list.evaluate((one) => one.scrollTop), await length(page)];
  await eventually(async () => assert.ok((await length(page)) > long + 200));
  assert.ok(Math.abs((await list.evaluate((one) => one.scrollTop)) - at) <= 2, "the reader is left alone");
  await latest.click();
  await eventually(async () => assert.ok((await toEnd()) <= 2));
});

test("an answer that is written leaves the messages above alone", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await ask(page, "First. [[say:**One**\n\n```js\nlet a = 1;\n```]]");
  await answers(page).first().locator("pre span").first().waitFor();
  const html = () => answers(page).first().locator(".prose").innerHTML();
  await eventually(async () => {
    const before = await html();
    await page.waitForTimeout(300);
    assert.equal(await html(), before, "its colours are there");
  });
  await answers(page).first().locator(".prose").evaluate((text) => {
    window.watched = text;
    window.changes = 0;
    const watch = { subtree: true, childList: true, characterData: true };
    new MutationObserver((changes) => (window.changes += changes.length)).observe(text, watch);
  });
  await ask(page, "Second. [[tokens:60]] [[pace:60]]");
  assert.ok(await page.evaluate(() => window.watched.isConnected));
  assert.equal(await page.evaluate(() => window.changes), 0);
});

test("Markdown is rendered, and HTML stays text", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await ask(page, "[[say:**bold** <b>tag</b> <img src=x onerror=alert(1)> `code` [link](javascript:alert(1))]]");
  const answer = answers(page).last();
  assert.equal(await answer.locator("strong").innerText(), "bold");
  await answer.getByText("<b>tag</b>").waitFor();
  assert.equal(await answer.locator("img, a").count(), 0);
});
