// Search: as one types in the palette, the page with all hits, and the way to a message.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answers, ask, checkAxe, checkNoOverflow, eventually, questions, shoot, signUp, useBrowser, visit } from "./lib.mjs";

useBrowser();

/** Waits until the server finds the words. */
const indexed = (page, q) =>
  eventually(async () => {
    const found = await page.evaluate(async (words) => (await (await fetch(`/api/v1/search?q=${encodeURIComponent(words)}&scope=MESSAGES`)).json()).hits.length, q);
    assert.ok(found > 0);
  });

for (const colorScheme of ["light", "dark"]) {
  for (const [device, viewport] of [
    ["desktop", { width: 1280, height: 800 }],
    ["phone", { width: 390, height: 844 }],
  ]) {
    test(`a message is found and opened: ${device}, ${colorScheme}`, async (t) => {
      const page = await visit(t, { viewport, colorScheme, hasTouch: device === "phone" });
      await signUp(page);
      await ask(page, "Which bird sleeps in the belfry? [[say:The tawny owl, and 東京都 has some.]]");
      for (let i = 0; i < 2; i++) await ask(page, `Filler ${i} [[say:${"A line of filler.\n\n".repeat(40)}]]`);
      await page.goto("/");
      await indexed(page, "tawny");

      await page.keyboard.press("Control+k");
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("combobox").fill("taw");
      const hit = dialog.getByRole("option", { name: /^The tawny owl/ });
      await hit.waitFor();
      assert.equal(await hit.locator("mark").innerText(), "tawny");
      await checkAxe(page, "the palette's hits", "[role=dialog]");
      await shoot(page, `search-palette-${device}-${colorScheme}`);
      await dialog.getByRole("combobox").fill("東京");
      await eventually(async () => assert.equal(await dialog.locator("mark").first().innerText(), "東京"));
      await hit.hover();
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/chat\/.*\?message=/);
      await answers(page).filter({ hasText: "tawny owl" }).waitFor();
      await eventually(async () => assert.ok(await answers(page).filter({ hasText: "tawny owl" }).evaluate((e) => {
        const { top } = e.getBoundingClientRect();
        return top >= 0 && top < innerHeight / 2;
      })));

      await page.goto("/search?q=belfry");
      await page.getByRole("main").getByRole("link", { name: /belfry/ }).first().waitFor();
      await checkAxe(page, "the search page");
      await checkNoOverflow(page, "the search page");
      await shoot(page, `search-page-${device}-${colorScheme}`);
      await page.getByLabel("In", { exact: true }).selectOption("Messages");
      await eventually(async () => assert.equal(await page.getByRole("main").getByRole("link").count(), 1));
      await page.reload();
      await eventually(async () => assert.equal(await page.getByRole("main").getByRole("link").count(), 1));
      await page.getByRole("main").getByRole("link").click();
      await questions(page).filter({ hasText: "belfry" }).waitFor();

      await page.goto("/search");
      await page.getByText("Search the titles and messages").waitFor();
      await page.getByLabel("Words").fill("nothingatall");
      await page.getByText("Nothing found.").first().waitFor();
      await checkAxe(page, "an empty search");
    });
  }
}

test("a search that fails says so, and works again", async (t) => {
  const page = await visit(t);
  await signUp(page);
  page.expected = [/400/];
  await page.route("**/api/v1/search?**", (route) => route.fulfill({ status: 400, contentType: "application/problem+json", body: JSON.stringify({ status: 400, reason: "FIELD_INVALID", detail: "no", requestId: "x" }) }));
  await page.goto("/search?q=owl");
  await page.getByText("The search did not work.").waitFor();
  await page.unroute("**/api/v1/search?**");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("Nothing found.").first().waitFor();
});
