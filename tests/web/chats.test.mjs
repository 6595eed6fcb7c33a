// The list of chats: rename, pin, archive, delete with undo, search.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, chatLink, eventually, signUp, useBrowser, visit } from "./lib.mjs";

useBrowser();

const list = (page) => page.getByRole("navigation", { name: "Chats" });

async function choose(page, title, action) {
  await chatLink(page, title).hover();
  await page.getByRole("complementary").getByRole("button", { name: `Options for “${title}”` }).click();
  await page.getByRole("menuitem", { name: action, exact: true }).click();
}

/** Changes a chat, and waits until the server has the change. The page shows it before. */
async function saved(page, act) {
  const answer = page.waitForResponse((response) => response.request().method() === "PATCH");
  await act();
  assert.equal((await answer).status(), 200);
}

async function rename(page, from, to) {
  await choose(page, from, "Rename");
  await page.getByRole("dialog").getByLabel("Title of the chat").fill(to);
  await saved(page, () => page.getByRole("dialog").getByRole("button", { name: "Save" }).click());
  await chatLink(page, to).waitFor();
}

/** Makes a chat with this title through the page. */
async function makeChat(page, title) {
  await page.goto("/");
  await ask(page, "Hello [[say:Hello.]]");
  const first = page.getByRole("complementary").locator("[aria-current=page]");
  await eventually(async () => assert.notEqual(await first.innerText(), "New chat"));
  await rename(page, await first.innerText(), title);
}

test("rename, and the title follows everywhere", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await makeChat(page, "Kelp & otters <1>");
  await eventually(async () => assert.equal(await page.title(), "Kelp & otters <1> · Limitless"));
  await page.reload();
  await chatLink(page, "Kelp & otters <1>").waitFor();
  await page.getByRole("banner").getByRole("button", { name: "Options for “Kelp & otters <1>”" }).waitFor();
});

test("pin, archive and back", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await makeChat(page, "One");
  await makeChat(page, "Two");
  await saved(page, () => choose(page, "One", "Pin"));
  const pinned = list(page).getByRole("region", { name: "Pinned" });
  await pinned.getByRole("link", { name: "One" }).waitFor();
  await page.reload();
  await pinned.getByRole("link", { name: "One" }).waitFor();

  await saved(page, () => choose(page, "Two", "Archive"));
  await chatLink(page, "Two").waitFor({ state: "detached" });
  await page.goto("/settings/archived");
  await page.getByRole("main").getByRole("link", { name: "Two" }).waitFor();
  await page.getByRole("button", { name: "Move back to the list" }).click();
  await chatLink(page, "Two").waitFor();
});

test("delete, undo, delete for good", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await makeChat(page, "Mistake");
  const address = page.url();
  await choose(page, "Mistake", "Delete");
  await page.getByText("“Mistake” was deleted.").waitFor();
  await chatLink(page, "Mistake").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo" }).click();
  await chatLink(page, "Mistake").waitFor();
  await page.goto(address);
  await page.getByRole("article", { name: /^Answer from/ }).waitFor();

  await choose(page, "Mistake", "Delete");
  await page.getByText("“Mistake” was deleted.").waitFor();
  page.expected.push(/status of 404/);
  await page.goto(address);
  await page.getByText("There is no such chat").waitFor();
});

test("the chat of another user does not exist", async (t) => {
  const owner = await visit(t);
  await signUp(owner, "Owner");
  await ask(owner, "A secret [[say:Nobody shall read this.]]");
  const other = await visit(t);
  other.expected.push(/status of 404/);
  await signUp(other, "Other");
  await other.goto(owner.url());
  await other.getByText("There is no such chat").waitFor();
});

test("Ctrl-K finds chats by title and runs commands", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await makeChat(page, "Quarterly report");
  await makeChat(page, "Shopping list");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("quart");
  await page.getByRole("option", { name: "Quarterly report" }).waitFor();
  await eventually(async () => assert.equal(await page.getByRole("option").count(), 1));
  await page.keyboard.press("Enter");
  await eventually(async () => assert.match(await page.title(), /^Quarterly report/));
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("pricing");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Pricing", level: 1 }).waitFor();
});
