// Addresses that lead nowhere, visitors without a log-in, and touch screens.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answers, ask, checkAxe, checkNoOverflow, composer, quiet, signUp, url, useBrowser, visit } from "./lib.mjs";

useBrowser();

test("an address that the page does not have: status 404, and ways on", async (t) => {
  const page = await visit(t);
  page.expected.push(/status of 40[04]/);
  for (const signedIn of [false, true]) {
    if (signedIn) await signUp(page);
    const answer = await page.goto("/nothing/here");
    assert.equal(answer.status(), 404);
    await page.getByRole("heading", { name: "There is no such page", level: 1 }).waitFor();
    assert.match(await page.title(), /^There is no such page/);
    if (signedIn) await checkAxe(page, "a page that does not exist");
    await page.getByRole("main").getByRole("link", { name: signedIn ? "Start a new chat" : "Log in" }).click();
    await page.getByRole("heading", { name: signedIn ? /^Good / : "Welcome back" }).waitFor();
  }
  for (const id of ["00000000-0000-7000-8000-000000000000", "no-id-at-all"]) {
    await page.goto(`/chat/${id}`);
    await page.getByRole("heading", { name: "There is no such chat", level: 1 }).waitFor();
    assert.equal(await composer(page).count(), 0, "no composer for a chat that does not exist");
    await page.getByRole("button", { name: "Search your chats" }).click();
    await page.getByRole("combobox").waitFor();
    await page.keyboard.press("Escape");
  }
});

test("logged out: no 401, and every button does something", async (t) => {
  const page = await visit(t);
  const refused = [];
  page.on("response", (response) => response.status() >= 400 && refused.push(response.url()));
  await page.goto("/");
  await page.waitForURL("**/login");
  await page.goto("/pricing");
  await page.getByRole("heading", { name: "Pricing", level: 1 }).waitFor();
  await quiet(page);
  assert.deepEqual(refused, []);
  await checkAxe(page, "the prices for a visitor");
  // Each button changes something on the screen.
  const buttons = page.getByRole("button");
  for (let at = 0; at < (await buttons.count()); at++) {
    const look = () => page.evaluate(() => document.documentElement.outerHTML);
    const before = await look();
    await buttons.nth(at).click();
    assert.notEqual(await look(), before, await buttons.nth(at).evaluate((one) => one.outerHTML));
  }
  for (const [name, path] of [["Log in", "/login"], ["Create account", "/signup"]]) {
    await page.goto("/pricing");
    await page.getByRole("banner").getByRole("link", { name }).click();
    await page.waitForURL(`${url}${path}`);
  }
});

/** Elements to touch that are smaller than 40 px, except links within a text. */
function smallTargets(page) {
  return page.evaluate(() => {
    const SELECT = "a[href],button,input,select,textarea,summary,[role=button],[role=menuitem],[role=menuitemradio],[role=option],[role=radio]";
    const small = [];
    for (const one of document.querySelectorAll(SELECT)) {
      const { width, height, right, bottom } = one.getBoundingClientRect();
      const style = getComputedStyle(one);
      if (width <= 1 || height <= 1 || style.visibility === "hidden" || right < 0 || bottom < 0) continue;
      if (one.matches("[aria-hidden=true] *, .sr-only") || (one.matches("a") && style.display === "inline" && one.closest("p,li,.prose"))) continue;
      if (width < 40 || height < 40) small.push(`${Math.round(width)}×${Math.round(height)} ${one.outerHTML.slice(0, 140)}`);
    }
    return small;
  });
}

test("phone: nothing to touch is smaller than 40 px", async (t) => {
  const page = await visit(t, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  page.expected.push(/status of 404/);
  const check = async (view) => {
    await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0))));
    if (process.env.LIMITLESS_LOOK) {
      await page.screenshot({ path: `${process.env.LIMITLESS_LOOK}/phone-${view.replace(/\W+/g, "-")}.png` });
    }
    assert.deepEqual(await smallTargets(page), [], view);
    await checkNoOverflow(page, view);
  };
  for (const path of ["/login", "/signup", "/pricing", "/nothing/here"]) {
    await page.goto(path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await quiet(page);
    await check(`visitor ${path}`);
  }
  await signUp(page);
  await check("/");
  const code = "```js\nlet a = 1;\n```";
  await ask(page, `A long question. ${"word ".repeat(400)} [[say:See [this](https://example.org).\n\n${code}]]`);
  await answers(page).getByRole("button", { name: "Ask again" }).waitFor();
  await check("a chat");
  await answers(page).getByRole("button", { name: "Ask again" }).click();
  await check("ask again");
  await page.getByRole("banner").getByRole("button", { name: /^Options for/ }).click();
  await page.getByRole("menuitem").first().waitFor();
  await check("options of a chat");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Model:/ }).click();
  await page.getByRole("menuitemradio").first().waitFor();
  await check("models");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Open the sidebar" }).click();
  await page.getByRole("dialog").waitFor();
  await check("the sidebar");
  await page.getByRole("dialog").getByRole("button", { name: "Search" }).click();
  await page.getByRole("option").first().waitFor();
  await check("the palette");
  for (const path of ["/pricing", "/credits", "/settings", "/settings/account", "/settings/archived", "/nothing/here"]) {
    await page.goto(path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await quiet(page);
    await check(path);
  }
});
