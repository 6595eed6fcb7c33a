// Administrators and the keys of providers: added, tested, limited, disabled and deleted; the looks of every state.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { checkAxe, checkNoOverflow, eventually, signUp, useBrowser, visit } from "./lib.mjs";

useBrowser();

/** Runs a statement as the operator does. */
const sql = (statement) => execFileSync(process.env.LIMITLESS_SQL, [statement], { encoding: "utf8" }).trim();

const shoot = (page, name) => process.env.LIMITLESS_SHOTS && page.screenshot({ path: `${process.env.LIMITLESS_SHOTS}/${name}.png`, fullPage: true });

const KEY = {
  id: "0190a000-0000-8000-8000-000000000001",
  provider: "openai",
  hint: "WXYZ",
  enabled: true,
  requestsPerMinute: 10,
  consecutiveFailures: 0,
  source: "TABLE",
  state: "IN_USE",
  recentUses: 3,
  restModel: "",
};

/** One key in each state. */
const STATES = [
  KEY,
  { ...KEY, state: "RESTING", hint: "abcd", restEndTime: "2026-01-01T10:11:12Z", restModel: "gpt-4o-mini", recentUses: 10 },
  { ...KEY, state: "REFUSED", hint: "", source: "FILE", requestsPerMinute: 0 },
  { ...KEY, state: "DISABLED", hint: "efgh", enabled: false },
  { ...KEY, state: "UNUSED", hint: "ijkl" },
].map((key, i) => ({ ...key, id: KEY.id.slice(0, -1) + i }));

for (const [width, colorScheme] of [[1280, "light"], [390, "dark"]]) {
  test(`every state of a key has its look (${width}, ${colorScheme})`, async (t) => {
    const page = await visit(t, { viewport: { width, height: 844 }, colorScheme, hasTouch: width < 500 });
    await page.route("**/api/v1/auth/me", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), role: "ADMIN" } });
    });
    await page.route("**/api/v1/admin/provider-keys", (route) =>
      route.fulfill({ json: { keys: STATES, providers: ["openrouter", "openai"], canAdd: true, defaultRequestsPerMinute: 10 } }),
    );
    await page.route("**/api/v1/admin/providers/openai:validate?key=*", (route) =>
      route.fulfill({ json: { ok: false, detail: "the provider does not take the key", keys: [] } }),
    );
    await signUp(page);
    await page.goto("/admin/providers");
    await page.getByText("3 of 10 in the last minute").first().waitFor();
    await page.getByText("Refused by the provider (401)").waitFor();
    await page.getByText("A key of openai was refused and is off.").waitFor();
    await page.getByText(/^Rests until .* for gpt-4o-mini$/).waitFor();
    assert.ok(await page.getByRole("button", { name: "Test: openai …ijkl" }).isDisabled());
    await page.getByRole("button", { name: "Test: openai short key" }).click();
    await page.getByText("The provider does not take this key: the provider does not take the key.").waitFor();
    await checkAxe(page, "providers");
    await checkNoOverflow(page, "providers");
    await shoot(page, `providers-${width}`);
    await page.getByRole("button", { name: "Add a key to openrouter" }).click();
    await page.getByLabel("Key", { exact: true }).waitFor();
    await checkAxe(page, "adding a key");
    await shoot(page, `add-key-${width}`);
  });
}

test("a key is added, tested, limited, disabled and deleted", async (t) => {
  const page = await visit(t);
  page.expected.push(/401/); // between the two sessions
  const secret = `sk-demo-${randomUUID()}`;
  const end = `…${secret.slice(-4)}`;
  const email = await signUp(page);
  sql(`UPDATE auth.account SET role = 'admin' WHERE email = '${email}'`);
  await page.context().clearCookies();
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: /^Good / }).waitFor();
  await page.goto("/admin/providers");
  const row = page.getByRole("listitem").filter({ hasText: end });
  const press = (word) => row.getByRole("button", { name: `${word}: demo ${end}` }).click();

  await page.getByRole("button", { name: "Add a key to demo" }).click();
  await page.getByLabel("Key", { exact: true }).fill(secret);
  assert.equal(await page.getByLabel("Requests a minute").inputValue(), "10");
  await page.getByRole("button", { name: "Add a key", exact: true }).last().click();
  await row.getByText("In use").waitFor();
  await row.getByText("Added here · 0 of 10 in the last minute").waitFor();
  await press("Test");
  await row.getByText("The provider takes this key.").waitFor();
  await press("Limit");
  await page.getByLabel("Requests a minute").fill("7");
  await page.getByRole("button", { name: "Save" }).click();
  await row.getByText("Added here · 0 of 7 in the last minute").waitFor();
  await press("Disable");
  await row.getByText("Disabled").waitFor();
  await press("Enable");
  await row.getByText("In use").waitFor();
  assert.equal(sql(`SELECT count(*) FROM chat.provider_key WHERE position('${secret}' in provider_key::text) > 0`), "0");
  await press("Delete");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await row.waitFor({ state: "detached" });
  await eventually(async () => assert.ok(!(await page.content()).includes(secret)));
});

test("for others the administration does not exist", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await page.goto("/admin/providers");
  await page.getByText("There is no such page").waitFor();
});
