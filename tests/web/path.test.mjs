// The way of a new user: sign up, ask, see the answer stream in and the credits go down, reload, find the chat.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answers,
  ask,
  balance,
  chatLink,
  composer,
  eventually,
  password,
  questions,
  signUp,
  stopButton,
  url,
  useBrowser,
  visit,
} from "./lib.mjs";

useBrowser();

test("sign up, ask, pay, reload and find it again", async (t) => {
  const page = await visit(t);
  await page.goto("/");
  await page.getByRole("heading", { name: "Welcome back" }).waitFor();
  await page.getByRole("link", { name: "Create account" }).click();
  await signUp(page);
  await eventually(async () => assert.equal(await balance(page), 100));
  assert.equal(await page.title(), "Limitless");

  // The answer grows, and does not come at once.
  await page.evaluate(() => {
    window.lengths = new Set();
    const note = () => window.lengths.add(document.querySelector("article .prose")?.innerText.length);
    new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await composer(page).fill("Tell me about otters. [[tokens:60]] [[pace:20]]");
  await composer(page).press("Enter");
  await answers(page).first().locator("p").first().waitFor();
  await stopButton(page).waitFor({ state: "detached" });
  const steps = await page.evaluate(() => window.lengths.size);
  assert.ok(steps > 5, `the answer grew in ${steps} steps`);
  assert.match(page.url(), new RegExp(`^${url}/chat/[0-9a-f-]{36}$`));

  // The price is shown before the message and below the answer, and is taken from the balance.
  const charged = await answers(page).first().getByText(/\d credits? · [\d.]+ s/).innerText();
  const price = Number(charged.split(" ")[0]);
  assert.ok(price > 0);
  await eventually(async () => assert.equal(await balance(page), 100 - price));
  await eventually(async () => assert.match(await page.title(), /^.*otters.* · Limitless$/i));

  const text = await answers(page).first().locator(".prose").innerText();
  await page.reload();
  await eventually(async () =>
    assert.equal(await answers(page).first().locator(".prose").innerText(), text),
  );
  assert.equal(await questions(page).count(), 1);
  assert.equal(await answers(page).count(), 1);

  await page.goto("/");
  await chatLink(page, /otters/i).click();
  await answers(page).first().waitFor();
  await page.goto("/credits");
  await page.getByRole("cell", { name: /^Answer/ }).waitFor();
  await page.getByRole("cell", { name: /^Welcome gift/ }).waitFor();
});

test("the second question knows its chat", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await ask(page, "First. [[say:One.]]");
  const address = page.url();
  await ask(page, "Second. [[say:Two.]]");
  assert.equal(page.url(), address);
  assert.deepEqual(await answers(page).locator(".prose").allInnerTexts(), ["One.", "Two."]);
  const list = page.getByRole("navigation", { name: "Chats" });
  assert.equal(await list.locator('a[href^="/chat/"]').count(), 1);
});

test("a model is chosen by its price, and that price is paid", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await page.getByText("Demo model: no provider key is set").waitFor();
  const current = page.getByRole("button", { name: /^Model:/ });
  await current.click();
  await page.getByRole("menuitemradio", { name: /Claude 3.5 Sonnet.*20 credits a message/s }).click();
  await eventually(async () => assert.match(await current.innerText(), /Sonnet\s+20 credits a message/));
  await page.getByText("up to 20 credits").waitFor();
  await ask(page, "What do you cost? [[say:Twenty.]]");
  await answers(page).getByText(/^20 credits/).waitFor();
  await page.getByRole("article", { name: "Answer from Claude 3.5 Sonnet" }).waitFor();
  await eventually(async () => assert.equal(await balance(page), 80));
  await page.reload();
  await eventually(async () => assert.match(await current.innerText(), /Sonnet/));
});

test("answers, questions and code are copied as they were written", async (t) => {
  const page = await visit(t, { permissions: ["clipboard-read", "clipboard-write"] });
  await signUp(page);
  const text = "Use **this**:\n\n```js\nlet a = 1;\n```";
  await ask(page, `Copy me [[say:${text}]]`);
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole("button", { name: "Copy the answer" }).click();
  await eventually(async () => assert.equal(await clipboard(), text));
  await page.getByRole("figure").getByRole("button", { name: "Copy" }).click();
  await eventually(async () => assert.equal(await clipboard(), "let a = 1;"));
  await questions(page).hover();
  await page.getByRole("button", { name: "Copy the message" }).click();
  await eventually(async () => assert.match(await clipboard(), /^Copy me/));
});

test("log out, and in again", async (t) => {
  const page = await visit(t);
  const email = await signUp(page);
  await ask(page, "Remember me. [[say:Yes.]]");
  await page.getByRole("button", { name: /^Account menu/ }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.waitForURL("**/login");
  await page.goto("/settings/account");
  await page.waitForURL("**/login?next=*");

  page.expected.push(/status of 401/);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("E-mail and password do not match.").waitFor();
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL("**/settings/account");
  await page.getByText(email).first().waitFor();
  await chatLink(page, /Remember me/).waitFor();
});

test("sign-up says what is wrong", async (t) => {
  const page = await visit(t);
  const email = await signUp(page);
  const other = await visit(t);
  other.expected.push(/status of 409/);
  await other.goto("/signup");
  await other.getByLabel("E-mail").fill(email);
  await other.getByLabel("Password", { exact: true }).fill(password);
  await other.getByRole("button", { name: "Create account" }).click();
  await other.getByText("already has an account").waitFor();
  assert.equal(await other.getByLabel("E-mail").getAttribute("aria-invalid"), "true");
});
