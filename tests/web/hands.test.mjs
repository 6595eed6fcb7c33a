// The hands: the focus, the keyboard, input methods, writing from right to left, finding a chat by its words.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answers,
  ask,
  chatLink,
  composer,
  eventually,
  password,
  questions,
  signUp,
  stopButton,
  useBrowser,
  visit,
} from "./lib.mjs";

useBrowser();

const hasFocus = (page) =>
  eventually(async () => assert.equal(await page.evaluate(() => document.activeElement?.id), "message"));

/** Chats made by the API, the last one first in the list. */
function makeChats(page, titles) {
  return page.evaluate(async (all) => {
    const make = (title) =>
      fetch("/api/v1/chats", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ title }),
      });
    for (let at = 0; at < all.length; at += 10) await Promise.all(all.slice(at, at + 10).map(make));
  }, titles);
}

test("the composer has the focus whenever nothing else needs it", async (t) => {
  const page = await visit(t);
  const email = await signUp(page);
  await hasFocus(page);
  await page.reload();
  await hasFocus(page);

  // A starter, and Enter sends it.
  await page.getByRole("button", { name: "Write some code" }).click();
  await hasFocus(page);
  await page.keyboard.type(" [[say:Sent.]]");
  await page.keyboard.press("Enter");
  await answers(page).getByText("Sent.").waitFor();
  await stopButton(page).waitFor({ state: "detached" });
  await hasFocus(page);

  // A new chat by a click, once more on the new chat, and a chat of the list.
  for (let twice = 0; twice < 2; twice++) {
    await page.getByRole("navigation").getByRole("link", { name: "New chat" }).first().click();
    await hasFocus(page);
  }
  await page.getByRole("navigation", { name: "Chats" }).getByRole("listitem").last().getByRole("link").click();
  await answers(page).getByText("Sent.").waitFor();
  await hasFocus(page);

  // The menu of models, and the palette.
  await page.getByRole("button", { name: /^Model:/ }).click();
  await page.getByRole("menuitemradio").last().click();
  await hasFocus(page);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").waitFor();
  await page.keyboard.press("Escape");
  await hasFocus(page);

  // Keys that nothing else takes go to the composer. Panes that scroll show no outline after a click.
  await page.getByRole("region", { name: "Messages" }).click({ position: { x: 5, y: 5 } });
  await page.keyboard.press("ArrowDown");
  const outline = () => page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(await outline(), "none");
  await page.keyboard.type("xyz");
  assert.equal(await composer(page).inputValue(), "xyz");
  await composer(page).fill("");

  await page.getByRole("button", { name: /^Account menu/ }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /^Good / }).waitFor();
  await hasFocus(page);
});

test("Enter that confirms a word of an input method sends nothing", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await composer(page).fill("にほんご");
  for (const how of [{ isComposing: true }, { keyCode: 229 }]) {
    await composer(page).evaluate((area, more) => {
      area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...more }));
    }, how);
  }
  await page.waitForTimeout(300);
  assert.equal(await composer(page).inputValue(), "にほんご");
  assert.equal(await questions(page).count(), 0);
});

test("a pasted text keeps the indentation of its first line", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await ask(page, "\n\n    if x:\n        y()\n\n");
  const stored = await page.evaluate(async () => {
    const chat = location.pathname.split("/").at(-1);
    return (await (await fetch(`/api/v1/chats/${chat}/messages`)).json()).messages[0].text;
  });
  assert.equal(stored, "    if x:\n        y()");
  await page.reload();
  assert.equal(await questions(page).locator("p").evaluate((p) => p.textContent), "    if x:\n        y()");
});

test("Arabic and Hebrew run from the right, and names do not turn the words around them", async (t) => {
  const page = await visit(t, { viewport: { width: 390, height: 844 } });
  const arabic = "مرحبا بالعالم!";
  await signUp(page);
  await composer(page).fill(arabic);
  const direction = (locator) => locator.evaluate((one) => getComputedStyle(one).direction);
  assert.equal(await direction(composer(page)), "rtl");
  await ask(page, `${arabic} [[say:${arabic}\n\nEnglish.\n\n- שלום]]`);
  assert.equal(await direction(questions(page).locator("p")), "rtl");
  const blocks = answers(page).locator(".prose > *");
  assert.equal(await direction(blocks.nth(0)), "rtl");
  assert.equal(await direction(blocks.nth(1)), "ltr");
  assert.equal(await direction(blocks.nth(2).locator("li")), "rtl");
  // In a sentence the marks U+2068 and U+2069 stand around the title.
  const label = await page.getByRole("banner").getByRole("button", { name: /^Options for/ }).getAttribute("aria-label");
  assert.match(label, /^Options for “\u2068.*\u2069”$/su);
});

test("the palette finds a chat by the words of its title, among all of them", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await makeChats(page, Array.from({ length: 200 }, (_, n) => `Chat number ${n + 1}`));
  await page.reload();
  await hasFocus(page);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("number 187");
  const options = page.getByRole("option");
  await eventually(async () => assert.deepEqual(await options.allInnerTexts(), ["Chat number 187"]));
  await page.getByRole("combobox").fill("Chat number 1");
  await eventually(async () => assert.equal((await options.allInnerTexts())[0], "Chat number 1"));
  await page.getByText("61 more. Type more of the title.").waitFor();
  await page.getByRole("combobox").fill("number 187");
  await page.keyboard.press("Enter");
  await eventually(async () => assert.match(await page.title(), /^Chat number 187/));
  const id = page.url().split("/").at(-1);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill(id.slice(0, 23));
  await eventually(async () => assert.equal(await options.count(), 1));
  await chatLink(page, "Chat number 187").or(options).first().waitFor();
});

test("Ask again shows its effect and its price before it acts", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await ask(page, "Twice? [[say:Once.]]");
  await composer(page).fill("a draft that stays");
  await answers(page).hover();
  await page.getByRole("button", { name: "Ask again" }).click();
  await page.getByText("sent once more, as a new message below").waitFor();
  await page.getByText(/costs up to \d credits with/).waitFor();
  assert.equal(await questions(page).count(), 1);
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Ask again" }).click();
  await page.getByRole("button", { name: "Send it again" }).click();
  await answers(page).nth(1).getByText("Once.").waitFor();
  assert.equal(await questions(page).count(), 2);
  assert.equal(await composer(page).inputValue(), "a draft that stays");
});
