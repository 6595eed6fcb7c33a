// An upgrade while the page is open, when parts that load late are gone from the server. And a page on plain http.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answers, ask, composer, eventually, launch, password, quiet, signUp, someone, url, useBrowser, visit } from "./lib.mjs";

useBrowser();

/** As after an upgrade: the server lacks the parts that the page did not load yet. Counts the reloads. */
async function upgrade(page, { mended = true } = {}) {
  page.expected.push(/status of 404/, /Failed to (fetch|load)/, /preload/);
  const loaded = new Set(await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name)));
  let reloads = 0;
  await page.route("**/assets/*.js", (route) =>
    loaded.has(route.request().url()) || (mended && reloads > 0) ? route.continue() : route.fulfill({ status: 404 }),
  );
  page.on("request", (request) => {
    if (request.isNavigationRequest()) reloads++;
  });
  return () => reloads;
}

async function settle(page) {
  await quiet(page);
}

test("a view that is gone after an upgrade: one reload, and the draft is kept", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await settle(page);
  await composer(page).fill("half a thought");
  await upgrade(page);
  await page.getByRole("navigation").getByRole("link", { name: "Pricing" }).click();
  await page.getByRole("heading", { name: "Pricing", level: 1 }).waitFor();
  await page.getByRole("link", { name: "New chat", exact: true }).first().click();
  assert.equal(await composer(page).inputValue(), "half a thought");
});

test("Ctrl-K is gone after an upgrade: one reload, and it opens", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await settle(page);
  await composer(page).fill("half a thought");
  await upgrade(page);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await composer(page).inputValue(), "half a thought");
});

test("a part that stays away: no loop, a message, and everything else works", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await settle(page);
  await composer(page).fill("half a thought");
  const reloads = await upgrade(page, { mended: false });
  await page.keyboard.press("Control+k");
  await page.getByRole("alert").getByText("could not be loaded").waitFor();
  assert.equal(reloads(), 1);
  await page.keyboard.press("Control+k");
  await page.getByRole("alert").waitFor({ state: "detached" });
  await page.getByRole("navigation").getByRole("link", { name: "Pricing" }).click();
  await page.getByRole("main").or(page.getByRole("alert")).getByText("could not be loaded").waitFor();
  await page.getByRole("link", { name: "New chat", exact: true }).first().click();
  assert.equal(await composer(page).inputValue(), "half a thought");
  assert.equal(reloads(), 1);
});

test("a message on its way survives a reload, and is sent once", async (t) => {
  const page = await visit(t);
  page.expected.push(/ERR_FAILED/);
  await signUp(page);
  await page.route("**:generate", (route) => route.abort());
  await composer(page).fill("On its way [[say:Arrived.]]");
  await composer(page).press("Enter");
  await page.getByText("goes out as soon as it can").waitFor();
  await page.unroute("**:generate");
  await page.reload();
  await answers(page).getByText("Arrived.").waitFor();
  await page.waitForURL("**/chat/*");
  assert.equal(await composer(page).inputValue(), "");
  await page.reload();
  await answers(page).getByText("Arrived.").waitFor();
  assert.equal(await page.getByRole("article", { name: "Your message" }).count(), 1);
  // There is one chat, and not two.
  const { chats } = await page.evaluate(async () => (await fetch("/api/v1/chats")).json());
  assert.equal(chats.length, 1);
});

test("everything works on plain http, which is not a secure context", async (t) => {
  const { port } = new URL(url);
  // A browser takes loopback for secure under its own names only.
  const browser = await launch(["--host-resolver-rules=MAP chat.example 127.0.0.1"]);
  t.after(() => browser.close());
  const page = await (await browser.newContext({ baseURL: `http://chat.example:${port}` })).newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto("/signup");
  assert.equal(await page.evaluate(() => isSecureContext), false);
  await page.getByLabel("E-mail").fill(someone("plain"));
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: /^Good / }).waitFor();
  await ask(page, "Over plain http [[say:**It works.**]]");
  await answers(page).getByText("It works.").waitFor();
  await page.getByRole("button", { name: "Copy the answer" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  await composer(page).fill("");
  await page.keyboard.press("Control+v");
  assert.equal(await composer(page).inputValue(), "**It works.**");
  // The session is renewed without navigator.locks.
  await page.evaluate(() => localStorage.setItem("lc.session", new Date(0).toISOString()));
  await composer(page).fill("And again [[say:Renewed.]]");
  await composer(page).press("Enter");
  await answers(page).getByText("Renewed.").waitFor();
  assert.deepEqual(faults, []);
});

test("an unexpected error of a click is shown in a note", async (t) => {
  const page = await visit(t);
  page.expected.push(/exception/, /no such thing/);
  await signUp(page);
  await page.evaluate(() => {
    crypto.getRandomValues = () => {
      throw new Error("no such thing");
    };
  });
  await composer(page).fill("x");
  await composer(page).press("Enter");
  await page.getByText("That did not work. Error: no such thing").waitFor();
  await eventually(async () => assert.equal(await composer(page).inputValue(), "x"));
});
