// Links to snapshots, copies for other programs, code as files, and paper.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
import { test } from "node:test";
import {
  answers,
  ask,
  checkAxe,
  checkNoOverflow,
  composer,
  eventually,
  signUp,
  url,
  useBrowser,
  visit,
} from "./lib.mjs";
import { goTo, useFakes } from "./fake-chats.mjs";

useBrowser();

const TABLE = "| a | b |\n|---|---|\n| 1 | 2 |";
const SAMPLE = `[[say:# Owls\n\nText with \`code\` and $a^2$.\n\n${TABLE}\n\n\`\`\`python\nprint(1)\n\`\`\`\n]]`;

async function openShare(page) {
  await page.getByRole("main").waitFor();
  await page.getByRole("banner").getByRole("button", { name: /^Options for/ }).click();
  await page.getByRole("menuitem", { name: "Share" }).click();
  const dialog = page.getByRole("dialog", { name: "Share this chat" });
  await dialog.getByLabel("Who may read it").waitFor();
  return dialog;
}

/** Makes a link in the dialog: its address. */
async function makeLink(page, { signedIn = false, author } = {}) {
  const dialog = await openShare(page);
  if (signedIn) await dialog.getByLabel("Who may read it").selectOption("SIGNED_IN");
  if (author !== undefined) await dialog.getByLabel("Name that readers see").fill(author);
  await dialog.getByRole("button", { name: "Make the link" }).click();
  await dialog.getByLabel("Link", { exact: true }).waitFor();
  return dialog.getByLabel("Link", { exact: true }).inputValue();
}

const gone = (page) => page.getByRole("heading", { name: "This link shows nothing" });

/** A page of a reader who may meet 404. */
async function reader(t, options) {
  const page = await visit(t, options);
  page.expected.push(/status of 404/);
  return page;
}

test("a link shows what was there, until its owner updates or ends it", async (t) => {
  const page = await visit(t);
  await signUp(page, "Ada Lovelace");
  await ask(page, "First question [[say:First answer.]]");
  const link = await makeLink(page);
  assert.match(link, /\/shared\/[\da-f]{48}$/);
  await page.keyboard.press("Escape");
  await ask(page, "Second question [[say:Second answer.]]");

  const visitor = await reader(t);
  const response = await visitor.goto(link);
  assert.equal(response.headers()["x-robots-tag"], "noindex, nofollow");
  assert.equal(response.headers()["cache-control"], "no-store");
  assert.equal(response.headers()["referrer-policy"], "no-referrer");
  await answers(visitor).getByText("First answer.").waitFor();
  assert.equal(await answers(visitor).count(), 1);
  assert.equal(await visitor.locator('meta[name="robots"]').getAttribute("content"), "noindex, nofollow");
  const day = new Intl.DateTimeFormat("en", { dateStyle: "long" }).format(new Date());
  await visitor.getByText(`A chat as it was on ${day} · shared by Ada Lovelace`).waitFor();

  let dialog = await openShare(page);
  await dialog.getByText("The chat has changed since.").waitFor();
  await dialog.getByLabel("Name that readers see").fill("");
  await dialog.getByRole("button", { name: "Update the snapshot" }).click();
  await dialog.getByText("It shows the chat as it is now.").waitFor();
  assert.equal(await dialog.getByLabel("Link", { exact: true }).inputValue(), link);
  await visitor.reload();
  await answers(visitor).getByText("Second answer.").waitFor();
  assert.equal(await visitor.getByText("Ada Lovelace").count(), 0);

  await page.keyboard.press("Escape");
  await page.goto("/settings/shares");
  await page.getByText(`Everybody with the link · Snapshot of ${day}, 4 messages`).waitFor();
  await page.getByRole("button", { name: /^End the link/ }).click();
  await page.getByText("You share no chat.").waitFor();
  await visitor.reload();
  await gone(visitor).waitFor();
});

test("a deleted chat ends its link, and undo does not bring it back", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await ask(page, "Delete me [[say:Soon.]]");
  const link = await makeLink(page);
  await page.keyboard.press("Escape");
  await page.getByRole("banner").getByRole("button", { name: /^Options for/ }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  const visitor = await reader(t);
  await eventually(async () => {
    await visitor.goto(link);
    await gone(visitor).waitFor({ timeout: 2_000 });
  });
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText(/was restored/).waitFor();
  await visitor.reload();
  await gone(visitor).waitFor();
});

test("a link for signed-in users: a visitor learns nothing, a member reads it and goes on in a copy", async (t) => {
  const page = await visit(t);
  await signUp(page, "Grace Hopper");
  await ask(page, "For colleagues [[say:Only for us.]]");
  const link = await makeLink(page, { signedIn: true, author: "" });

  const member = await reader(t);
  await member.goto(link);
  await gone(member).waitFor();
  const hidden = await member.locator("main").innerText();
  await member.goto(`${url}/shared/${"A".repeat(32)}`);
  await gone(member).waitFor();
  assert.equal(await member.locator("main").innerText(), hidden);

  await signUp(member, "Eve");
  await member.goto(link);
  await answers(member).getByText("Only for us.").waitFor();
  await member.getByRole("button", { name: "Continue this chat" }).click();
  await member.waitForURL(/\/chat\//);
  await answers(member).getByText("Only for us.").waitFor();
  await ask(member, "And then? [[say:My own.]]");
  assert.equal(await answers(member).count(), 2);
  await page.reload();
  await answers(page).getByText("Only for us.").waitFor();
  assert.equal(await answers(page).count(), 1);
});

/** What a stranger could try on a reader who is signed in here. */
const HOSTILE = [
  "<script>window.hacked = 1</script>",
  "<img src=x onerror='window.hacked = 2'>",
  '<iframe src="/settings" srcdoc="<script>parent.hacked = 3</script>"></iframe>',
  "<svg onload='window.hacked = 4'><script>window.hacked = 4</script></svg>",
  "[click me](javascript:window.hacked=5)",
  "[click data](data:text/html,<script>opener.hacked=6</script>)",
  "![tracker](https://tracker.example/pixel.png)",
  "![own server](/api/v1/auth/me)",
  "![own frame](/frame/diagram.html)",
  "<form action='/api/v1/auth/logout' method='post'><button>Win</button></form>",
  "<meta http-equiv='refresh' content='0;url=https://evil.example'>",
  "<base href='https://evil.example/'>",
  "<style>body { display: none }</style>",
  "<link rel=stylesheet href=https://evil.example/x.css>",
  "[relative](/settings)",
  '```mermaid\ngraph TD\n  A["<img src=x onerror=parent.hacked=7>"] --> B\n  click A "javascript:window.hacked=8"\n```',
  '```mermaid\n%%{init: {"securityLevel": "loose", "htmlLabels": true}}%%\ngraph TD\n  A["<script>top.hacked=9</script>"]-->B\n```',
  "```html\n<script>window.hacked = 10</script>\n```",
  "$\\href{javascript:window.hacked=11}{x}$ $\\htmlData{a=b}{x}$ $\\includegraphics{https://tracker.example/p.png}$",
  "[ref]: javascript:window.hacked=12\n[ref]",
  "<details open ontoggle='window.hacked = 13'><summary>s</summary>\n\n<a href='javascript:window.hacked=14'>x</a>\n\n</details>",
].join("\n\n");

/**
 * The frame that draws diagrams has no origin, no network, and a policy that refuses a diagram's handlers. The page's own
 * policy has no script-src, so that a refusal of its own reads otherwise.
 */
const FRAME_REFUSED = /^Executing inline event handler violates .*directive 'script-src 'self''/;

test("hostile content does nothing to a reader who is signed in", async (t) => {
  const page = await visit(t);
  page.expected.push(FRAME_REFUSED);
  await signUp(page, "Mallory");
  await ask(page, "Write [[say:placeholder]]");
  const chat = page.url().split("/").at(-1);
  // As a question, and as an answer: a stand-in cannot write all of it, but a user's message may hold anything.
  const sent = await page.evaluate(
    async ([id, text]) => {
      const response = await fetch(`/api/v1/chats/${id}:generate`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify({ text: `${text}\n\n[[say:${text}]]` }),
      });
      await response.text();
      return response.status;
    },
    [chat, HOSTILE],
  );
  assert.equal(sent, 200);
  await page.reload();
  await answers(page).nth(1).waitFor();
  const link = await makeLink(page, { author: "<img src=x onerror=window.hacked=20>" });

  const victim = await visit(t);
  await signUp(victim, "Victim");
  const requests = [];
  victim.expected.push(FRAME_REFUSED);
  await victim.goto("about:blank");
  victim.on("request", (request) => requests.push(`${request.method()} ${request.url().replace(url, "")}`));
  // All of it as an answer, too, whatever the stand-in made of it.
  await victim.route(/\/api\/v1\/shared\//, async (route) => {
    const response = await route.fetch();
    const shared = await response.json();
    shared.title = "<script>window.hacked = 21</script>";
    shared.messages.push({ ...shared.messages.at(-1), role: "ASSISTANT", text: HOSTILE, model: "<img src=x onerror=window.hacked=22>" });
    await route.fulfill({ response, json: shared });
  });
  await victim.goto(link);
  await answers(victim).last().getByText("click me").first().waitFor();
  await answers(victim).last().scrollIntoViewIfNeeded();
  await eventually(async () => assert.ok((await victim.getByRole("figure", { name: "Diagram" }).count()) > 0 || (await victim.getByText(/could not be drawn/).count()) > 0));
  const facts = await victim.evaluate(() => {
    const inside = (selector) => document.querySelectorAll(`main ${selector}`).length;
    return {
      hacked: window.hacked ?? null,
      title: document.title,
      elements: ["script", "iframe", "form", "meta", "base", "style", "link", "object", "embed", "svg script"].map(inside),
      handlers: [...document.querySelectorAll("main *")].filter((one) => [...one.attributes].some(({ name }) => name.startsWith("on"))).length,
      images: [...document.querySelectorAll("main img")].map((one) => one.src.slice(0, 19)).filter((src) => src !== "data:image/svg+xml,"),
      links: [...document.querySelectorAll("main .prose a")].map((one) => [new URL(one.href).protocol, one.target, one.rel].join(" ")),
      base: document.baseURI.startsWith(location.origin),
      visible: getComputedStyle(document.body).display,
    };
  });
  assert.equal(facts.hacked, null);
  assert.deepEqual(facts.elements, facts.elements.map(() => 0));
  assert.equal(facts.handlers, 0);
  assert.deepEqual(facts.images, [], "nothing is loaded by itself, not even from this server");
  assert.ok(facts.base && facts.visible !== "none");
  assert.ok(facts.links.length > 0);
  for (const link of facts.links) {
    const [protocol, target, ...rel] = link.split(" ");
    assert.match(protocol, /^(https?|mailto|tel|):?$/, link);
    if (target) assert.deepEqual([target, rel.join(" ")], ["_blank", "noopener noreferrer nofollow"]);
  }
  // Each thing that can be pressed in the text is pressed.
  const context = victim.context();
  context.on("page", (opened) => opened.close().catch(() => undefined));
  for (const one of await victim.locator("main .prose a[target=_blank]").all()) {
    await one.click({ modifiers: ["Alt"], noWaitAfter: true }).catch(() => undefined);
  }
  assert.equal(await victim.evaluate(() => window.hacked ?? null), null);
  // The page asked for the snapshot and for files of its own. It asked for nothing of the reader's, and sent nothing.
  const asked = requests.filter((one) => one.includes("/api/"));
  for (const one of asked) assert.match(one, /^GET \/api\/v1\/shared\/[\w-]+:signed-in/, one);
  await victim.goto("/settings/account");
  await victim.getByText("Victim").first().waitFor(); // still signed in
});

for (const colorScheme of ["light", "dark"]) {
  for (const [device, viewport] of [
    ["desktop", { width: 1280, height: 800 }],
    ["phone", { width: 390, height: 844 }],
  ]) {
    test(`share: axe finds nothing: ${device}, ${colorScheme}`, async (t) => {
      const options = { viewport, colorScheme, hasTouch: device === "phone" };
      const page = await visit(t, options);
      const check = async (view, within) => {
        await checkAxe(page, view, within);
        await checkNoOverflow(page, view);
        const folder = process.env.LIMITLESS_SHOTS;
        if (folder) await page.screenshot({ path: `${folder}/share-${device}-${colorScheme}-${view.replace(/\W+/g, "-")}.png` });
      };
      await signUp(page, "Ada Lovelace");
      await page.goto("/settings/shares");
      await page.getByText("You share no chat.").waitFor();
      await check("no links");
      await page.goto("/");
      await ask(page, SAMPLE);
      await answers(page).getByRole("table").waitFor();
      await answers(page).getByRole("button", { name: "More for this answer" }).click();
      await page.getByRole("menuitem", { name: "Copy as rich text" }).waitFor();
      await check("the answer's menu", "[role=menu]");
      await page.keyboard.press("Escape");
      const dialog = await openShare(page);
      await check("the dialog", "[role=dialog]");
      await dialog.getByLabel("The link ends").selectOption("7");
      await dialog.getByRole("button", { name: "Make the link" }).click();
      const field = dialog.getByLabel("Link", { exact: true });
      await field.waitFor();
      const link = await field.inputValue();
      await check("the dialog with a link", "[role=dialog]");
      await page.keyboard.press("Escape");
      await page.goto("/settings/shares");
      await page.getByRole("button", { name: /^End the link/ }).waitFor();
      await check("the links");
      await page.goto(link);
      await answers(page).getByRole("table").waitFor();
      await check("a shared chat for a member");
      await page.context().clearCookies();
      await page.evaluate(() => localStorage.clear());
      await page.goto(link);
      await answers(page).getByRole("table").waitFor();
      await page.getByRole("link", { name: "Log in to continue this chat" }).waitFor();
      await check("a shared chat for a visitor");
      page.expected.push(/status of (404|503)/);
      await page.goto(`/shared/${"A".repeat(32)}`);
      await gone(page).waitFor();
      await check("a link that shows nothing");
      await page.route(/\/api\/v1\/shared\//, (route) => route.fulfill({ status: 503, json: { reason: "SERVICE_UNAVAILABLE", detail: "away" } }));
      await page.goto(link);
      await page.getByText("The shared chat could not be loaded.").waitFor();
      await check("a shared chat that cannot be loaded");
    });
  }
}

test("a long snapshot is loaded while it is read", async (t) => {
  const page = await visit(t);
  const messages = Array.from({ length: 230 }, (_, n) => ({ role: n % 2 ? "ASSISTANT" : "USER", text: `Message ${n + 1}`, model: "m" }));
  await page.route(/\/api\/v1\/shared\//, (route) => {
    const { searchParams } = new URL(route.request().url());
    const from = Number(searchParams.get("pageToken") ?? 0);
    const size = Number(searchParams.get("pageSize"));
    const next = from + size < messages.length ? String(from + size) : "";
    return route.fulfill({ json: { title: "Long", messages: messages.slice(from, from + size), createTime: new Date().toISOString(), author: "", messageCount: messages.length, nextPageToken: next } });
  });
  await page.goto("/shared/long");
  await page.getByText("Message 1", { exact: true }).waitFor();
  assert.ok((await page.getByRole("article").count()) < messages.length);
  await page.getByRole("main").focus();
  await eventually(async () => {
    await page.keyboard.press("End");
    assert.equal(await page.getByRole("article").count(), messages.length);
  });
  await page.getByText("That is all.").waitFor();
});

/** Names and contents of the files in a ZIP. */
function unzip(bytes) {
  const files = {};
  for (let at = 0; bytes.readUInt32LE(at) === 0x04034b50; ) {
    const method = bytes.readUInt16LE(at + 8);
    const [packed, name, extra] = [bytes.readUInt32LE(at + 18), bytes.readUInt16LE(at + 26), bytes.readUInt16LE(at + 28)];
    const from = at + 30 + name + extra;
    const data = bytes.subarray(from, from + packed);
    files[bytes.toString("utf8", at + 30, at + 30 + name)] = (method === 8 ? inflateRawSync(data) : data).toString("utf8");
    at = from + packed;
  }
  return files;
}

const CODE = "[[say:Two files.\n\n```python main.py\nprint('<b>')\n```\n\n- and\n\n  ```js\n  let a;\n  ```\n\n**bold** [link](https://example.org) <script>alert(1)</script>]]";

test("an answer is copied as Markdown and as rich text, and its code is a ZIP", async (t) => {
  const page = await visit(t, { permissions: ["clipboard-read", "clipboard-write"] });
  await signUp(page);
  await ask(page, CODE);
  const choose = async (name) => {
    await answers(page).getByRole("button", { name: "More for this answer" }).click();
    await page.getByRole("menuitem", { name }).click();
  };
  const clipboard = () =>
    page.evaluate(async () => {
      const [item] = await navigator.clipboard.read();
      const of = async (type) => (item.types.includes(type) ? await (await item.getType(type)).text() : null);
      return { plain: await of("text/plain"), html: await of("text/html") };
    });
  await choose("Copy as Markdown");
  await eventually(async () => assert.match((await clipboard()).plain, /^Two files\.[\s\S]*\*\*bold\*\*/));
  assert.equal((await clipboard()).html, null);
  await choose("Copy as rich text");
  await eventually(async () => assert.ok((await clipboard()).html));
  const { plain, html } = await clipboard();
  assert.match(plain, /\*\*bold\*\*/);
  assert.match(html, /<b>bold<\/b> <a href="https:\/\/example\.org\/">link<\/a>/);
  assert.match(html, /print\('&lt;b&gt;'\)/);
  assert.ok(!html.includes("<script"));

  const saved = page.waitForEvent("download");
  await choose("Download 2 code blocks as a ZIP");
  const file = await saved;
  assert.equal(file.suggestedFilename(), "code.zip");
  assert.deepEqual(unzip(readFileSync(await file.path())), { "main.py": "print('<b>')\n", "snippet.js": "let a;\n" });
});

/** Pages whose window.print() is counted. */
async function countPrints(page) {
  await page.addInitScript(() => {
    window.prints = [];
    window.print = () => {
      window.prints.push({ articles: document.querySelectorAll("article").length });
    };
  });
}

test("a chat of 2,000 messages prints all of them, dark on white", async (t) => {
  const page = await visit(t, { colorScheme: "dark" });
  await countPrints(page);
  await signUp(page);
  const fakes = await useFakes(page);
  const texts = Array.from({ length: 2000 }, (_, n) => (n % 2 ? `Answer **${n}** with $x_${n}$\n\n\`\`\`js\nlet a${n} = ${n};\n\`\`\`` : `Question ${n}\n${"line\n".repeat(n === 0 ? 40 : 0)}`));
  const id = fakes.add(...texts);
  await goTo(page, id);
  await answers(page).last().waitFor();
  await page.keyboard.press("Control+p");
  await page.waitForURL(/\/print$/);
  await page.waitForFunction(() => window.prints.length > 0, null, { timeout: 120_000 });
  const [print] = await page.evaluate(() => window.prints);
  assert.equal(print.articles, 2000);
  await page.getByText("Ready to print: 2000 messages.").waitFor();
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  const paper = await page.evaluate(() => {
    const shown = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.getClientRects().length > 0).length;
    const main = document.getElementById("main");
    return {
      buttons: shown("button"),
      headers: shown("header"),
      cut: main.scrollHeight - main.clientHeight,
      background: getComputedStyle(document.documentElement).backgroundColor,
      ink: getComputedStyle(document.body).color,
      folded: document.querySelectorAll("article .max-h-72").length,
    };
  });
  assert.deepEqual(paper, { buttons: 0, headers: 0, cut: 0, background: "rgb(255, 255, 255)", ink: "rgb(27, 27, 24)", folded: 0 });
  await page.emulateMedia({ media: null });
  await page.getByRole("link", { name: "Back to the chat" }).click();
  await composer(page).waitFor();
});

test("paper: a real chat as a PDF has all of it and no control", async (t) => {
  const page = await visit(t);
  await countPrints(page);
  await signUp(page);
  await ask(page, SAMPLE);
  await ask(page, "```mermaid [[say:```mermaid\ngraph TD\n  A-->B\n```]]");
  await page.getByRole("banner").getByRole("button", { name: /^Options for/ }).click();
  await page.getByRole("menuitem", { name: "Print" }).click();
  await page.waitForFunction(() => window.prints.length > 0);
  const folder = process.env.LIMITLESS_SHOTS;
  await page.emulateMedia({ media: "print" });
  if (folder) await page.screenshot({ path: `${folder}/share-paper.png`, fullPage: true });
  const pdf = await page.pdf({ format: "A4" });
  if (folder) (await import("node:fs")).writeFileSync(`${folder}/share-paper.pdf`, pdf);
  assert.ok(pdf.length > 10_000);
  assert.equal(await page.getByRole("article").count(), 4);
  assert.equal(await page.locator("button:visible").count(), 0);
});
