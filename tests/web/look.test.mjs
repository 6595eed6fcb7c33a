// Looks and accessibility: themes, 390 pixels, the keyboard alone, axe on every view.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answers,
  ask,
  checkAxe,
  checkNoOverflow,
  composer,
  eventually,
  password,
  signUp,
  someone,
  stopButton,
  useBrowser,
  visit,
} from "./lib.mjs";

useBrowser();

const TABLE = "| a | b |\\n|---|---|\\n| 1 | 2 |";
const SAMPLE = `[[say:# Title\n\nText with \`code\`, a [link](https://example.org).\n\n${TABLE.replaceAll("\\n", "\n")}\n\n\`\`\`python\nprint(1)\n\`\`\`\n]]`;
const PAGES = ["/", "/pricing", "/credits", "/settings", "/settings/account", "/settings/data", "/settings/archived"];

for (const colorScheme of ["light", "dark"]) {
  for (const [device, viewport] of [
    ["desktop", { width: 1280, height: 800 }],
    ["phone", { width: 390, height: 844 }],
  ]) {
    test(`axe finds nothing: ${device}, ${colorScheme}`, async (t) => {
      const page = await visit(t, { viewport, colorScheme, hasTouch: device === "phone" });
      const check = async (view, within) => {
        await checkAxe(page, view, within);
        await checkNoOverflow(page, view);
      };
      for (const path of ["/login", "/signup"]) {
        await page.goto(path);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await check(path);
      }
      await signUp(page);
      await ask(page, SAMPLE);
      await answers(page).getByRole("table").waitFor();
      await check("a chat");
      for (const path of PAGES) {
        await page.goto(path);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await page.getByTestId("balance").waitFor();
        await check(path);
      }
      await page.goto("/");
      await page.getByRole("button", { name: /^Model:/ }).click();
      await page.getByRole("menuitemradio").first().waitFor();
      await check("the models", "[role=menu]");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox").waitFor();
      await check("the commands", "[role=dialog]");
      await page.keyboard.press("Escape");
      if (device === "phone") {
        await page.getByRole("button", { name: "Open the sidebar" }).click();
        await page.getByRole("dialog").waitFor();
        await check("the sidebar", "[role=dialog]");
      }
    });
  }
}

test("dark and light: follows the system, remembers a choice, shows no flash", async (t) => {
  const page = await visit(t, { colorScheme: "dark" });
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await signUp(page);
  const dark = await background();
  await page.getByRole("button", { name: "Switch to the light theme" }).click();
  await eventually(async () => assert.notEqual(await background(), dark));
  const light = await background();
  // The choice holds before any of the page's modules ran.
  await page.route("**/assets/*.js", (route) => route.abort());
  page.expected.push(/ERR_FAILED/);
  await page.reload({ waitUntil: "domcontentloaded" });
  await eventually(async () => assert.equal(await background(), light));
  await page.unroute("**/assets/*.js");
  await page.goto("/settings");
  await page.getByRole("radio", { name: "System" }).click();
  await eventually(async () => assert.equal(await background(), dark));
  await page.emulateMedia({ colorScheme: "light" });
  await eventually(async () => assert.equal(await background(), light));
});

test("390 pixels: the sidebar is a sheet, the composer is at the bottom", async (t) => {
  const page = await visit(t, { viewport: { width: 390, height: 844 }, hasTouch: true });
  await signUp(page);
  await ask(page, SAMPLE);
  await checkNoOverflow(page, "a chat");
  const box = await composer(page).boundingBox();
  assert.ok(box.y > 640 && box.x >= 0 && box.x + box.width <= 390);
  await page.getByRole("button", { name: "Open the sidebar" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("link", { name: "New chat", exact: true }).first().click();
  await sheet.waitFor({ state: "detached" });
  await page.getByRole("heading", { name: /^Good / }).waitFor();
});

test("everything by the keyboard alone", async (t) => {
  const page = await visit(t);
  await page.goto("/signup");
  await page.getByLabel("Name").focus();
  await page.keyboard.type("Key Board");
  await page.keyboard.press("Tab");
  await page.keyboard.type(someone("key"));
  await page.keyboard.press("Tab");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /^Good / }).waitFor();

  await page.keyboard.type("By keys [[say:Fine.]]");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second line");
  await page.keyboard.press("Enter");
  await answers(page).getByText("Fine.").waitFor();
  await stopButton(page).waitFor({ state: "detached" });

  // ↑ puts the last message into the composer again.
  await composer(page).focus();
  await page.keyboard.press("ArrowUp");
  assert.equal(await composer(page).inputValue(), "By keys [[say:Fine.]]\nsecond line");
  await composer(page).fill("");

  // Every stop of the tab key can be seen.
  for (let stop = 0; stop < 25; stop++) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate(() => {
      const { activeElement: at } = document;
      if (!at || at === document.body || at.id === "message") return true;
      const style = getComputedStyle(at);
      const box = at.getBoundingClientRect();
      return box.width > 0 && box.height > 0 && style.outlineStyle !== "none";
    });
    assert.ok(seen, `stop ${stop}: ${await page.evaluate(() => document.activeElement.outerHTML.slice(0, 200))}`);
  }

  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("Control+Shift+S");
  await page.getByRole("complementary").waitFor({ state: "detached" });
});

test("the answer is read out by sentences, not by tokens", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await page.evaluate(() => {
    window.said = [];
    new MutationObserver(() => {
      const text = document.querySelector("[aria-live=polite].sr-only")?.textContent;
      if (text && text !== window.said.at(-1)) window.said.push(text);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await ask(page, "[[say:The first sentence is here. The second follows it. And a third.]] [[pace:20]]");
  await eventually(async () => {
    const said = await page.evaluate(() => window.said);
    assert.equal(said.at(-1), "The answer is complete.");
    assert.ok(said.length >= 3 && said.length <= 5, JSON.stringify(said));
    assert.equal(said[0], "The first sentence is here.");
  });
});
