// Many chats at once: selected by mouse and keyboard, archived, deleted with undo; and the bin.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAxe, checkNoOverflow, eventually, quiet, shoot, signUp, useBrowser, visit } from "./lib.mjs";

useBrowser();

const sidebar = (page) => page.getByRole("navigation", { name: "Chats" });
const box = (page, title) => page.getByRole("checkbox", { name: title, exact: true });
const link = (page, title) => sidebar(page).getByRole("link", { name: title, exact: true });
const bar = (page) => page.getByRole("toolbar", { name: "Selected chats" });
const count = (page) => page.getByRole("checkbox", { checked: true }).count();

/** Makes chats A, B, C … on the server; the last one is on top of the list. */
async function makeChats(page, n) {
  await page.evaluate(async (n) => {
    for (let i = 0; i < n; i++) {
      const title = String.fromCharCode(65 + i);
      await fetch("/api/v1/chats", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ title }),
      });
    }
  }, n);
  await page.reload();
  await link(page, "A").waitFor();
}

test("a range of chats is deleted and brought back as one", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await makeChats(page, 8);
  await sidebar(page).getByRole("button", { name: "Select chats" }).click();
  await box(page, "G").check();
  await box(page, "C").click({ modifiers: ["Shift"] });
  assert.equal(await count(page), 5);
  await box(page, "E").uncheck();
  await bar(page).getByText("4 selected").waitFor();
  await quiet(page);
  await checkAxe(page, "selecting chats");
  await shoot(page, "bulk-light");
  await bar(page).getByRole("button", { name: "Delete" }).click();
  await page.getByText("4 chats were deleted.").waitFor();
  await link(page, "G").waitFor({ state: "detached" });
  await link(page, "E").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("4 chats were restored.").waitFor();
  for (const title of "ABCDEFGH") await link(page, title).waitFor();
});

test("everything by keyboard", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await makeChats(page, 5);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("Select chats");
  await page.keyboard.press("Enter");
  await eventually(async () => assert.equal(await box(page, "E").evaluate((e) => e === document.activeElement), true));
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  await page.keyboard.press("Shift+ArrowDown");
  assert.equal(await count(page), 2);
  await page.keyboard.press("Control+a");
  assert.equal(await count(page), 5);
  await page.keyboard.press("Control+a");
  assert.equal(await count(page), 0);
  await page.keyboard.press("Space");
  await page.keyboard.press("Delete");
  await page.getByText("1 chat was deleted.").waitFor();
  await eventually(async () => assert.equal(await bar(page).count(), 0));
  await sidebar(page).getByRole("button", { name: "Select chats" }).click();
  await bar(page).waitFor();
  await page.keyboard.press("Escape");
  await eventually(async () => assert.equal(await bar(page).count(), 0));
});

test("all chats are archived, deleted, and wait in the bin", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await makeChats(page, 3);
  await page.goto("/settings");
  await page.getByRole("button", { name: "Archive all" }).click();
  await page.getByText("3 chats were archived.").waitFor();
  await link(page, "A").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo" }).click();
  await link(page, "A").waitFor();
  await page.getByRole("button", { name: "Delete all" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete all" }).click();
  await page.getByText("3 chats were deleted.").waitFor();

  await page.goto("/settings/bin");
  await page.getByRole("button", { name: "Restore: B" }).waitFor();
  await checkAxe(page, "the bin");
  await shoot(page, "bin");
  await page.getByRole("button", { name: "Restore: B" }).click();
  await link(page, "B").waitFor();
  await page.getByRole("button", { name: "Erase: A" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Erase" }).click();
  await page.getByText("1 chat was erased.").waitFor();
  await page.getByRole("button", { name: "Empty the bin" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Empty the bin" }).click();
  await page.getByText("The bin is empty.").waitFor();
});

test("on a phone, in the dark", async (t) => {
  const page = await visit(t, { viewport: { width: 390, height: 844 }, hasTouch: true, colorScheme: "dark" });
  await signUp(page);
  await page.evaluate(() =>
    fetch("/api/v1/chats", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: '{"title":"A"}',
    }),
  );
  await page.reload();
  await page.getByRole("button", { name: "Open the sidebar" }).click();
  await page.getByRole("button", { name: "Select chats" }).click();
  await box(page, "A").check();
  await quiet(page);
  await checkAxe(page, "selecting on a phone");
  await checkNoOverflow(page, "selecting on a phone");
  await shoot(page, "bulk-phone-dark");
  await page.goto("/settings/bin");
  await page.getByText("The bin is empty.").waitFor();
  await checkNoOverflow(page, "the bin on a phone");
});
