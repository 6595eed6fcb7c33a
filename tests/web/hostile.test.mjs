// A model's text is input from outside. The page shows every text at once, and stays in use.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answers, ask, chatLink, composer, eventually, signUp, stopButton, useBrowser, visit } from "./lib.mjs";
import { cpuOf, goTo, rest, useFakes } from "./fake-chats.mjs";
import { CONSTRUCTS, REPORTED } from "./hostile-texts.mjs";

useBrowser();

/** The most processor time of the page's main thread for one text, in milliseconds. Other programs do not count. */
const SHOWN_MAX_MS = 1000;

/** The length of a repeated or nested construct, in characters. */
const LENGTH = 65_536;

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1000));

/** These are similar to the reported ones and always shown. Of the others the seed picks some. */
const ALWAYS = [
  "inline: open brackets",
  "inline: open links",
  "inline: links",
  "inline: backslashes",
  "inline: mixed emphasis",
  "inline: combining",
  "inline: right to left",
  "inline: lone surrogates",
  "inline: one capital letter",
  "inline: formulas",
  "inline: a link around everything",
  "nested: strong",
  "nested: links",
  "nested: sup",
  "nested: details",
  "nested: fractions in a formula",
  "nested: braces in a formula",
  "block: paragraphs",
  "block: quotes and lazy lines",
  "block: items",
  "block: tasks",
  "block: fences",
  "block: fences of languages",
  "block: formulas",
  "block: open formulas",
  "block: rules",
  "block: a long code block",
  "block: code of one line",
  "block: a table of many columns",
  "block: a table that fills up rows",
  "block: mermaid",
  "stairs: lists",
  "stairs: quotes",
];

function chosen() {
  const others = Object.keys(CONSTRUCTS).filter((name) => !ALWAYS.includes(name));
  return [...ALWAYS, ...others.filter((_, index) => index % 12 === seed % 12)];
}

test(`each text is shown within a second (seed ${seed})`, async (t) => {
  const page = await visit(t);
  page.expected.push(/^Failed to load resource/);
  await signUp(page);
  const fakes = await useFakes(page);
  const cpu = await cpuOf(page);
  await goTo(page, fakes.add("**Warm**\n\n```js\nlet a;\n```\n\n$$a$$"));
  const texts = { ...REPORTED, ...Object.fromEntries(chosen().map((name) => [name, CONSTRUCTS[name](LENGTH)])) };
  assert.ok(Object.keys(texts).length >= 40);
  const slow = [];
  for (const [name, text] of Object.entries(texts)) {
    const before = await rest(page, cpu);
    const id = fakes.add(text);
    await goTo(page, id);
    const ms = (await rest(page, cpu)) - before;
    fakes.forget(id);
    if (ms > SHOWN_MAX_MS) slow.push(`${name}: ${Math.round(ms)} ms`);
    const shown = await answers(page).first().innerText();
    assert.ok(text.trim() === "" || shown.length > 0, name);
  }
  assert.deepEqual(slow, []);
  assert.ok(await composer(page).isEditable());
});

test("a text that was reported comes through the whole stack, and again after a reload", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await ask(page, `[[say:${REPORTED["2,000 quote marks"]}]]`);
  await answers(page).locator(".plain").waitFor();
  await page.reload();
  await answers(page).locator(".plain").waitFor();
  await ask(page, "[[say:And **on**.]]");
  await answers(page).last().getByText("And on.").waitFor();
});

test("a message that cannot be shown offers its text, a copy and a report, and leaves the others alone", async (t) => {
  const page = await visit(t);
  page.expected.push(/broken on purpose/);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await signUp(page);
  const fakes = await useFakes(page);
  // As if a limit were missing: the browser itself refuses an element.
  await page.evaluate(() => {
    const real = document.createElement.bind(document);
    document.createElement = (name, ...rest) => {
      if (name === "blockquote") throw new Error("broken on purpose");
      return real(name, ...rest);
    };
  });
  await goTo(page, fakes.add("One?", "> broken", "Two?", "**whole**"));
  const panel = page.getByRole("alert").filter({ hasText: "This message could not be shown." });
  await panel.waitFor();
  await answers(page).getByText("whole").waitFor();
  await page.getByRole("button", { name: "Show the text" }).click();
  await page.getByText("> broken").waitFor();
  await page.getByRole("button", { name: "Copy the text" }).click();
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await eventually(async () => assert.equal(await clipboard(), "> broken"));
  await page.getByRole("button", { name: "Copy a report" }).click();
  await eventually(async () => assert.match(await clipboard(), /broken on purpose[\s\S]*chat\//));
  assert.doesNotMatch(await clipboard(), /> broken/);
});

test("a view that cannot be shown leaves the others in reach", async (t) => {
  const page = await visit(t);
  page.expected.push(/broken on purpose/);
  await signUp(page);
  await ask(page, "Keep me. [[say:Kept.]]");
  const path = new URL(page.url()).pathname;
  await page.evaluate(() => {
    const real = document.createElement.bind(document);
    document.createElement = (name, ...rest) => {
      if (name === "table") throw new Error("broken on purpose");
      return real(name, ...rest);
    };
  });
  await page.getByRole("link", { name: "Pricing" }).click();
  await page.getByText("This view could not be shown.").waitFor();
  await chatLink(page, /Keep me/).click();
  await answers(page).getByText("Kept.").waitFor();
  assert.equal(new URL(page.url()).pathname, path);
});

test("a hostile text that grows leaves Stop in reach", async (t) => {
  const page = await visit(t);
  await signUp(page);
  const cpu = await cpuOf(page);
  const before = await rest(page, cpu);
  await ask(page, `[[pace:60]] [[say:${"*_~a".repeat(4000)}]]`, { wait: false });
  await eventually(async () => assert.ok((await answers(page).last().innerText()).length > 100));
  await stopButton(page).click();
  await page.getByText("You stopped this answer.").waitFor();
  assert.ok((await rest(page, cpu)) - before < 3 * SHOWN_MAX_MS);
});
