// Money: a plan is bought, spent and cancelled, a budget set and its alert seen; the administrator sees usage, plans, groups and vouchers.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ask, checkAxe, checkNoOverflow, eventually, signUp, useBrowser, visit } from "./lib.mjs";

useBrowser();

/** Runs a statement as the operator does. */
const sql = (statement) => execFileSync(process.env.LIMITLESS_SQL, [statement], { encoding: "utf8" }).trim();

const shoot = (page, name) => process.env.LIMITLESS_SHOTS && page.screenshot({ path: `${process.env.LIMITLESS_SHOTS}/${name}.png`, fullPage: true });

async function look(page, view, width) {
  await checkAxe(page, view);
  await checkNoOverflow(page, view);
  await shoot(page, `${view}-${width}`);
}

async function becomeAdmin(page, email) {
  sql(`UPDATE auth.account SET role = 'admin' WHERE email = '${email}'`);
  await page.context().clearCookies();
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: /^Good / }).waitFor();
}

for (const [width, colorScheme] of [[1280, "light"], [390, "dark"]]) {
  test(`a user has a plan, a budget and an alert (${width}, ${colorScheme})`, async (t) => {
    const page = await visit(t, { viewport: { width, height: 844 }, colorScheme, hasTouch: width < 500 });
    page.expected.push(/\/pay\//, /404/); // the stand-in's page, which has no icon
    const email = await signUp(page);
    await ask(page, "hello [[say:Hi.]]");
    await page.goto("/pricing");
    await page.getByRole("heading", { name: "Plans" }).waitFor();
    await page.getByText("2,500 credits each month").waitFor();
    await look(page, "pricing", width);
    await page.getByRole("button", { name: "Subscribe: Plus" }).click();
    await page.getByRole("button", { name: "Pay" }).click();
    await page.waitForURL(/\/credits\?plan=plus/);
    await eventually(async () => {
      await page.reload();
      await page.getByText("2,500 credits left").waitFor({ timeout: 1000 });
    });
    await page.getByText(/renewed on/).waitFor();

    await page.getByRole("button", { name: "Add a budget" }).click();
    await page.getByLabel("Id of the API key or project").fill(randomUUID());
    await page.getByLabel("Name").fill("laptop");
    await page.getByLabel("Period").selectOption("MONTH");
    await page.getByLabel("Credits", { exact: true }).fill("12.5");
    await look(page, "budget-form", width);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("0 credits of 12.5 credits").waitFor();
    await page.getByRole("button", { name: "Change: laptop · Month" }).click();
    await page.getByLabel("Credits", { exact: true }).fill("20");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("0 credits of 20 credits").waitFor();

    sql(`INSERT INTO credits.alert (subject_id, period_start, level, account_id, create_time)
      SELECT b.id, lc.now(), 80, b.account_id, lc.now() FROM credits.budget b JOIN auth.account a ON a.id = b.account_id WHERE a.email = '${email}'`);
    /* The page hears of it by itself: a note, and a row of the list. */
    const told = page.getByText("laptop: 80 % is used");
    await eventually(async () => assert.equal(await told.count(), 2));
    await page.getByText(/^1 answer/).waitFor();
    await look(page, "credits", width);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText(/ends on/).waitFor();
    await page.getByRole("button", { name: "Keep it" }).click();
    await page.getByText(/renewed on/).waitFor();
  });

  test(`a user sees the usage by day and model (${width}, ${colorScheme})`, async (t) => {
    const page = await visit(t, { viewport: { width, height: 844 }, colorScheme, hasTouch: width < 500 });
    const email = await signUp(page);
    page.expected.push(/status of 503/);
    await page.route("**/api/v1/usage*", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ status: 503, reason: "SERVICE_UNAVAILABLE" }) }));
    await page.goto("/credits");
    const section = page.locator("section").filter({ has: page.getByRole("heading", { name: "Usage by day and model" }) });
    const retry = section.getByRole("button", { name: "Try again" });
    await retry.waitFor({ timeout: 30_000 }); // after tries of its own
    await look(page, "usage-failed", width);
    await page.unroute("**/api/v1/usage*");
    await retry.click();
    await section.getByText("Nothing was used in this month.").waitFor();
    await look(page, "usage-none", width);

    /* Sixty rows of this month, one of them with a number that a double does not hold. Nothing was booked for them. */
    t.after(() => sql("DELETE FROM chat.usage WHERE provider = 'p'"));
    sql(`INSERT INTO chat.usage (generation_id, attempt, user_id, model, provider, prompt_tokens, completion_tokens, cached_input_tokens,
      cache_write_5m_tokens, reasoning_tokens, images, source, price_version, cost_microcredits, create_time)
      SELECT gen_random_uuid(), 1, a.id, CASE WHEN n < 59 THEN 'model-' || n ELSE '=formula' END, 'p', 20000 + n, 800, 9000, 600, 500, n % 3, 'PROVIDER', 'v',
      n * 137000, date_trunc('month', lc.now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' FROM auth.account a, generate_series(0, 59) n WHERE a.email = '${email}'`);
    await page.reload();
    await section.getByRole("row").nth(50).waitFor();
    assert.equal(await section.getByRole("row").count(), 51);
    await look(page, "usage-table", width);
    await section.getByRole("button", { name: "Show more" }).click();
    assert.equal(await section.getByRole("row").count(), 61);
    const head = (name) => section.getByRole("columnheader", { name, exact: true });
    const first = section.getByRole("row").nth(1);
    await head("Credits").getByRole("button").click();
    assert.equal(await head("Credits").getAttribute("aria-sort"), "descending");
    await first.getByText("8.08").waitFor();
    await head("Credits").getByRole("button").click();
    assert.equal(await head("Credits").getAttribute("aria-sort"), "ascending");
    await first.getByText("model-0").waitFor();
    assert.deepEqual((await first.getByRole("cell").allInnerTexts()).slice(2), ["1", "0", "10,400", "9,000", "600", "300", "500", "0"]);
    const [download] = await Promise.all([page.waitForEvent("download"), section.getByRole("button", { name: "Save as CSV" }).click()]);
    assert.match(download.suggestedFilename(), /^usage-\d{4}-\d\d\.csv$/);
    const file = readFileSync(await download.path(), "utf8").split("\r\n");
    assert.equal(file.length, 62);
    assert.match(file[0], /^day,model,calls,input_tokens/);
    assert.match(file[1], /^\d{4}-\d\d-01,'=formula,1,10459,9000,600,0,300,500,2,0,0,8.083$/);
    await section.getByLabel("Month").selectOption({ index: 1 });
    await section.getByText("Nothing was used in this month.").waitFor();
  });

  test(`an administrator sees usage, plans, groups and vouchers (${width}, ${colorScheme})`, async (t) => {
    const page = await visit(t, { viewport: { width, height: 844 }, colorScheme, hasTouch: width < 500 });
    page.expected.push(/401/); // between the two sessions
    const email = await signUp(page);
    await ask(page, "hello [[say:Hi.]]");
    await becomeAdmin(page, email);
    sql("UPDATE chat.usage SET list_cost_microcredits = cost_microcredits + CASE WHEN random() < 0.5 THEN 1000000 ELSE -1000000 END WHERE cost_microcredits >= 1000000 AND random() < 0.7");
    await page.goto("/admin/usage");
    await page.getByRole("columnheader", { name: "Margin" }).waitFor();
    await look(page, "usage", width);
    for (const way of ["User", "API key", "Day", "Provider"]) {
      await page.getByLabel("By").selectOption(way);
      await page.getByRole("columnheader", { name: way }).waitFor();
      await page.getByRole("cell").first().waitFor();
    }
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as CSV" }).click()]);
    assert.match(download.suggestedFilename(), /^usage-provider-.*\.csv$/);
    const file = readFileSync(await download.path(), "utf8");
    assert.match(file, /^key,calls,input_tokens/);
    await page.goto("/admin/plans");
    await page.getByText("plus", { exact: true }).first().waitFor();
    await page.getByRole("heading", { name: "Subscriptions" }).waitFor();
    await look(page, "plans", width);
    await page.goto("/admin/groups");
    await page.getByLabel("Plans").waitFor();
    await look(page, "groups", width);
    await page.goto("/admin/vouchers");
    await page.getByLabel("Credits a code").waitFor();
    await look(page, "vouchers", width);
  });
}
