// The administration: who sees it, and the keys of providers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAxe, checkNoOverflow, signUp, useBrowser, visit } from "./lib.mjs";

useBrowser();

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

/** The account's answers say that it is an administrator; the list of keys is a made one. */
async function beAdmin(page, keys) {
  await page.route("**/api/v1/auth/me", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), role: "ADMIN" } });
  });
  await page.route("**/api/v1/admin/provider-keys**", async (route) => {
    const request = route.request();
    if (request.method() === "PATCH") {
      assert.deepEqual(request.postDataJSON(), { enabled: false, updateMask: "enabled" });
      keys[0] = { ...keys[0], enabled: false, state: "DISABLED" };
      return route.fulfill({ json: keys[0] });
    }
    if (request.method() === "POST") {
      const { provider, secret, requestsPerMinute } = request.postDataJSON();
      const added = { ...KEY, id: `${KEY.id.slice(0, -1)}2`, provider, requestsPerMinute, hint: secret.slice(-4) };
      keys.push(added);
      return route.fulfill({ json: added });
    }
    return route.fulfill({ json: { keys, providers: ["openrouter", "openai"], canAdd: true } });
  });
}

for (const [device, options] of [
  ["desktop", { viewport: { width: 1280, height: 800 } }],
  ["phone, dark", { viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true }],
]) {
  test(`keys of providers: ${device}`, async (t) => {
    const page = await visit(t, options);
    await beAdmin(page, [
      { ...KEY },
      { ...KEY, id: KEY.id.replace("1", "3"), state: "REFUSED", source: "FILE", hint: "", requestsPerMinute: 0 },
    ]);
    await signUp(page);
    await page.goto("/admin/providers");
    await page.getByText("3 of 10 in the last minute").waitFor();
    await page.getByText("Refused by the provider (401)").waitFor();
    await checkAxe(page, "providers");
    await checkNoOverflow(page, "providers");
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/admin-${options.viewport.width}.png` });
    await page.getByRole("button", { name: "Disable: openai …WXYZ" }).click();
    await page.getByText("Disabled").waitFor();
    await page.getByRole("button", { name: "Add a key to openrouter" }).click();
    await page.getByLabel("Key", { exact: true }).fill("sk-or-0123456789-abcd");
    await checkAxe(page, "adding a key");
    await page.getByRole("button", { name: "Add a key", exact: true }).last().click();
    await page.getByText("…abcd").waitFor();
  });
}

test("for others the administration does not exist", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await page.goto("/admin/providers");
  await page.getByText("There is no such page").waitFor();
});
