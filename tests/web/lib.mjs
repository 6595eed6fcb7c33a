// Helpers of all browser stories: a browser, pages whose errors are collected, and common actions.
// LIMITLESS_URL says where the stack runs (default http://127.0.0.1:8080).
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { after, before } from "node:test";

// `make` installs what the tests need there, from tests/package.json.
const require = createRequire(new URL("../../build/tests/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axePath = require.resolve("axe-core/axe.min.js");

export const url = process.env.LIMITLESS_URL ?? "http://127.0.0.1:8080";
export const password = "correct horse battery";

/** The longest wait for anything to show, in milliseconds. */
const PATIENCE_MS = 15_000;

const SWITCHES = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** @type {import("playwright-core").Browser} */
let browser;

export function launch(more = []) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: [...SWITCHES, ...more] });
}

/** Opens a browser for the file's stories. */
export function useBrowser() {
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());
}

/**
 * A page in a browser profile of its own. The story fails when an error went to the console or a request to another
 * origin. A story that provokes errors lists them in `page.expected`, as patterns.
 */
export async function visit(t, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    baseURL: url,
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = watch(await context.newPage());
  t.after(async () => {
    const unexpected = page.seen.filter((one) => !page.expected.some((known) => known.test(one)));
    if (unexpected.length > 0) await shoot(page, t.name);
    await context.close();
    assert.deepEqual(unexpected, [], "nothing unexpected in the console or on the network");
  });
  return page;
}

/** Another tab of the same profile. Its errors are collected as well. */
export async function tab(page) {
  const other = watch(await page.context().newPage());
  other.expected = page.expected;
  other.seen = page.seen;
  return other;
}

function watch(page) {
  page.seen ??= [];
  page.expected ??= [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") page.seen.push(message.text());
  });
  page.on("pageerror", (error) => page.seen.push(`exception: ${error.message}`));
  page.on("request", (request) => {
    const target = request.url();
    if (/^https?:/.test(target) && !target.startsWith(`${url}/`)) page.seen.push(`foreign: ${target}`);
  });
  page.pending = new Set();
  page.on("request", (request) => {
    if (new URL(request.url()).pathname !== EVENTS) page.pending.add(request);
  });
  for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => page.pending.delete(request));
  return page;
}

/** The stream that is open as long as the page. */
const EVENTS = "/api/v1/events";

/** Waits until the page asked for nothing for half a second. Its stream of events does not count, as `networkidle` would let it. */
export async function quiet(page) {
  await page.waitForLoadState("load");
  let since = Date.now();
  await eventually(async () => {
    if (page.pending.size > 0) since = Date.now();
    assert.ok(Date.now() - since >= 500, `asks for ${[...page.pending].map((one) => one.url())}`);
  });
}

export async function shoot(page, name) {
  const folder = process.env.LIMITLESS_SHOTS;
  if (!folder) return;
  await page.screenshot({ path: `${folder}/${name.replace(/\W+/g, "-")}.png` }).catch(() => undefined);
}

/** An e-mail address that no account has. */
export function someone(name) {
  return `${name}.${randomUUID().slice(0, 8)}@example.test`;
}

export async function signUp(page, name = "Ada Lovelace") {
  const email = someone(name.split(" ")[0].toLowerCase());
  await page.goto("/signup");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: /^Good / }).waitFor();
  return email;
}

export const composer = (page) => page.getByRole("textbox", { name: "Message", exact: true });
export const answers = (page) => page.getByRole("article", { name: /^Answer from/ });
export const questions = (page) => page.getByRole("article", { name: "Your message" });
/** The text of the last answer. */
export const textOf = (page) => answers(page).last().locator(".prose").innerText();
export const stopButton = (page) => page.getByRole("button", { name: "Stop the answer" });
export const chatLink = (page, title) =>
  page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: title });

/** Sends a text. With `wait` it returns when the answer is complete. */
export async function ask(page, text, { wait = true } = {}) {
  const before = await answers(page).count();
  await composer(page).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
  await answers(page).nth(before).waitFor();
  if (wait) await stopButton(page).waitFor({ state: "detached" });
}

export async function balance(page) {
  return Number((await page.getByTestId("balance").innerText()).replace(",", ""));
}

/** Repeats a function until it does not throw, PATIENCE_MS at most. */
export async function eventually(look) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Checks the page, or the part that `within` selects, by axe-core: WCAG 2.2 AA and best practices. */
export async function checkAxe(page, view, within = "html") {
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0))));
  if (!(await page.evaluate(() => "axe" in window))) {
    // The debugger evaluates it, because the content security policy refuses a script element.
    const { readFileSync } = await import("node:fs");
    await page.evaluate(readFileSync(axePath, "utf8"));
  }
  const { violations } = await page.evaluate((part) => window.axe.run(part), within);
  const said = violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html.slice(0, 160)).join(" | ")}`);
  assert.deepEqual(said, [], `axe on ${view}`);
}

/** Fails when something is wider than the window. */
export async function checkNoOverflow(page, view) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${view} is ${wide} px too wide`);
}
