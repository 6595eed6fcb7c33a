// Import of a file with its list of what came, and exports.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { chatLink, signUp, useBrowser, visit } from "./lib.mjs";

useBrowser();

const says = (parent, role, text) => ({
  parent,
  message: { author: { role }, content: { content_type: "text", parts: [text] } },
});

const FILE = JSON.stringify([
  {
    conversation_id: "one",
    title: "Otters of the north",
    current_node: "b",
    mapping: { a: says(null, "user", "Why?"), b: says("a", "assistant", "Because.") },
  },
  { conversation_id: "two", title: "Nothing", mapping: {} },
]);

const choose = (page, name, text) =>
  page
    .getByLabel("Choose a file")
    .and(page.locator("input"))
    .setInputFiles({ name, mimeType: "application/json", buffer: Buffer.from(text) });

test("a file comes, and its list says what came", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await page.goto("/settings/data");
  await page.getByText("Nothing was imported yet.").waitFor();
  await choose(page, "conversations.json", FILE);
  await page.getByText("1 imported, 0 there already, 1 left out").waitFor();
  await page.getByRole("button", { name: "Show the chats" }).click();
  await page.getByText("Left out: no message to show").waitFor();
  await chatLink(page, "Otters of the north").click();
  await page.getByText("Because.").waitFor();

  await page.goto("/settings/data");
  await choose(page, "conversations.json", FILE);
  await page.getByText("0 imported, 1 there already, 1 left out").waitFor();
  await choose(page, "page.html", "<html>");
  await page.getByText("This file is no export that can be read.").waitFor();
});

test("a piece whose connection is lost is sent again", async (t) => {
  const page = await visit(t);
  page.expected.push(/ERR_FAILED/);
  await signUp(page);
  await page.goto("/settings/data");
  let lost = 0;
  await page.route(/chats:import\?import=/, (route) => (lost++ ? route.continue() : route.abort()));
  await choose(page, "conversations.json", FILE.padEnd(5 << 20));
  await page.getByText("1 imported, 0 there already, 1 left out").waitFor();
  assert.equal(lost, 2);
});

test("all chats become a file", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await page.goto("/settings/data");
  await choose(page, "conversations.json", FILE);
  await page.getByText("1 imported, 0 there already, 1 left out").waitFor();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "JSON", exact: true }).click();
  const file = await download;
  assert.equal(file.suggestedFilename(), "chats.json");
  const chats = JSON.parse(await readFile(await file.path(), "utf8"));
  assert.deepEqual(
    chats.map((chat) => [chat.title, chat.messages.map((one) => one.text)]),
    [["Otters of the north", ["Why?", "Because."]]],
  );
});
