// Buying credits: from the packages to the payment page and back, the history, a purchase that is broken off.
import assert from "node:assert/strict";
import { test } from "node:test";
import { balance, checkAxe, checkNoOverflow, eventually, signUp, useBrowser, visit } from "./lib.mjs";

useBrowser();

const STRIPE = /foreign: http:\/\/127\.0\.0\.1:\d+\/pay\/cs_test_/;

for (const [device, options] of [
  ["desktop", { viewport: { width: 1280, height: 800 } }],
  ["phone, dark", { viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true }],
]) {
  test(`a package is bought: ${device}`, async (t) => {
    const page = await visit(t, options);
    page.expected.push(STRIPE, /favicon/, /404/);
    await signUp(page);
    const before = await balance(page);
    await page.goto("/pricing");
    await page.getByText("Payments are in test mode").waitFor();
    await page.getByRole("button", { name: "Buy: Regular" }).click();
    await page.getByText("no money moves").waitFor();
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByText("2,200 credits were added to your account").waitFor();
    await eventually(async () => assert.equal(await balance(page), before + 2200));
    await checkAxe(page, "after the payment");
    await checkNoOverflow(page, "after the payment");
    await page.goto("/pricing");
    const row = page.getByRole("listitem").filter({ hasText: "€20.00" }).filter({ hasText: "Paid" });
    await row.getByRole("link", { name: "Receipt" }).waitFor();
    await checkAxe(page, "the pricing page with a payment");
    await checkNoOverflow(page, "the pricing page with a payment");
    await page.goto("/credits");
    await page.getByText("Purchase").waitFor();
  });
}

test("a purchase that is broken off costs nothing, and can be continued", async (t) => {
  const page = await visit(t);
  page.expected.push(STRIPE, /favicon/, /404/);
  await signUp(page);
  const before = await balance(page);
  await page.goto("/pricing");
  await page.getByRole("button", { name: "Buy: Starter" }).click();
  await page.getByRole("link", { name: "Back" }).click();
  await page.getByText("Nothing was paid.").waitFor();
  await checkAxe(page, "after going back");
  assert.equal(await balance(page), before);
  await page.getByRole("link", { name: "Continue to payment" }).click();
  await page.getByRole("button", { name: "Pay" }).click();
  await page.getByText("500 credits were added to your account").waitFor();
});

test("a payment page that does not open says so, and nothing is lost", async (t) => {
  const page = await visit(t);
  page.expected.push(/502/);
  await signUp(page);
  await page.route("**/api/v1/payments/checkout-sessions", (route) =>
    route.fulfill({
      status: 502,
      contentType: "application/problem+json",
      body: JSON.stringify({ type: "about:blank", title: "", status: 502, detail: "", code: "UNAVAILABLE", reason: "STRIPE_UNAVAILABLE", requestId: "r-1" }),
    }),
  );
  await page.goto("/pricing");
  await page.getByRole("button", { name: "Buy: Team" }).click();
  await page.getByText("Nothing was charged").waitFor();
  await page.getByRole("button", { name: "Buy: Team" }).click({ trial: true });
});
