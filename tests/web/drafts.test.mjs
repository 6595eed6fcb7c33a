// Texts that are not sent yet, on two devices.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, composer, eventually, signUp, useBrowser, visit } from "./lib.mjs";

useBrowser();

/** Another device of the same user: a profile that has the session and nothing else. */
async function device(t, page) {
  const other = await visit(t);
  await other.context().addCookies(await page.context().cookies());
  const session = await page.evaluate(() =>
    Object.entries(localStorage).filter(([key]) => !key.includes("draft")),
  );
  await other.context().addInitScript((entries) => {
    for (const [key, value] of entries) localStorage.setItem(key, value);
  }, session);
  return other;
}

const shows = (page, text) =>
  eventually(async () => assert.equal(await composer(page).inputValue(), text));

/** Types, and waits until the server has the text. */
async function write(page, text) {
  const answer = page.waitForResponse(
    (one) => one.request().method() === "PUT" && one.url().endsWith("/api/v1/draft"),
  );
  await composer(page).fill(text);
  assert.equal((await answer).status(), 200);
}

test("a draft moves to another device and back, and goes when it is sent", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await write(page, "Dear otters,");
  const other = await device(t, page);
  await other.goto("/");
  await shows(other, "Dear otters,");
  // Both are open: what is typed here shows there.
  await write(other, "Dear sea otters,");
  await shows(page, "Dear sea otters,");
  await ask(page, "Dear sea otters, [[say:Hello.]]");
  await shows(page, "");
  await shows(other, "");

  const chat = page.url();
  await write(page, "a second question");
  await other.goto(chat);
  await shows(other, "a second question");
  await page.reload();
  await shows(page, "a second question");
});

test("an old page does not overwrite a newer text", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await write(page, "old");
  const other = await device(t, page);
  await other.goto("/");
  await shows(other, "old");
  // This page was typed in long ago, and could not store it.
  page.expected.push(/ERR_FAILED/);
  await page.route("**/api/v1/draft*", (route) => route.abort());
  await page.route("**/api/v1/events", (route) => route.abort());
  await composer(page).fill("old and stale");
  await eventually(async () =>
    assert.match(await page.evaluate(() => localStorage["lc.draftstate.new"]), / [1-9]\d+$/),
  );
  await page.evaluate(() => {
    localStorage["lc.draftstate.new"] = localStorage["lc.draftstate.new"].replace(
      / .*/,
      " 1000000000000",
    );
  });
  await write(other, "new");
  await page.unroute("**/api/v1/draft*");
  await page.reload();
  await shows(page, "new");
  await shows(other, "new");
});
