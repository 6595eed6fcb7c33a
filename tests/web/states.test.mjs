// The page on a bad day: no credits, a provider that fails, no network, no session.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import {
  answers,
  ask,
  balance,
  composer,
  eventually,
  password,
  questions,
  quiet,
  signUp,
  stopButton,
  url,
  useBrowser,
  visit,
} from "./lib.mjs";

useBrowser();

/** Asks through the API, a chat for each question, until the balance does not cover another answer. */
async function spendAll(page) {
  const status = await page.evaluate(async () => {
    const send = (path, body) =>
      fetch(path, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify(body),
      });
    const { models } = await (await fetch("/api/v1/models")).json();
    const dearest = models.reduce((a, b) =>
      Number(a.price.perMessage) > Number(b.price.perMessage) ? a : b,
    );
    for (let n = 0; n < 60; n++) {
      const chat = await (await send("/api/v1/chats", { model: dearest.id })).json();
      const answer = await send(`/api/v1/chats/${chat.id}:generate`, { text: "[[say:x]]" });
      await answer.text();
      if (answer.status !== 200) return answer.status;
    }
    return 0;
  });
  assert.equal(status, 402);
}

async function chooseDearest(page) {
  await page.getByRole("button", { name: /^Model:/ }).click();
  const items = page.getByRole("menuitemradio");
  await items.first().waitFor();
  const prices = (await items.allInnerTexts()).map((text) => Number(/([\d.]+) credits? a/.exec(text)?.[1] ?? 0));
  await items.nth(prices.indexOf(Math.max(...prices))).click();
}

test("without credits the page shows the price, keeps the text, and leads to the packages", async (t) => {
  const page = await visit(t);
  await signUp(page);
  page.expected.push(/status of 402/);
  await spendAll(page);
  await page.goto("/");
  await chooseDearest(page);
  const list = page.getByRole("navigation", { name: "Chats" }).getByRole("listitem");
  const chats = await list.count();
  // The page says it before the message is sent, and offers a cheaper model.
  await composer(page).fill("Can I still ask? [[say:Yes.]]");
  await page.getByText("Not enough credits").waitFor();
  await page.getByText(/costs up to \d+ credits and you have/).waitFor();
  await page.getByRole("button", { name: /^Use .*, up to/ }).waitFor();
  // When it is sent all the same, the text stays and no empty chat is left.
  const deleted = page.waitForResponse((response) => response.request().method() === "DELETE");
  await composer(page).press("Enter");
  await deleted;
  await eventually(async () => assert.equal(await composer(page).inputValue(), "Can I still ask? [[say:Yes.]]"));
  await page.getByText("Not enough credits").waitFor();
  assert.equal(await list.count(), chats);
  assert.equal(new URL(page.url()).pathname, "/");
  await page.reload();
  await list.first().waitFor();
  assert.equal(await list.count(), chats);
  await page.getByRole("button", { name: /^Use .*, up to/ }).click();
  await page.getByText("Not enough credits").waitFor({ state: "detached" });
  await page.keyboard.press("Enter");
  await answers(page).getByText("Yes.").waitFor();
  assert.equal(await questions(page).count(), 1);
  await stopButton(page).waitFor({ state: "detached" });
  await composer(page).fill("x");
  await chooseDearest(page);
  await page.getByRole("link", { name: "See packages" }).first().click();
  await page.getByRole("heading", { name: "Pricing", level: 1 }).waitFor();
});

test("the provider fails: a clear error, nothing charged, and it can be asked again", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await eventually(async () => assert.equal(await balance(page), 100));
  await ask(page, "Fail please. [[fault:400]]");
  const alert = page.getByRole("alert");
  await alert.getByText("No answer came").waitFor();
  await alert.getByText(/^Request /).waitFor();
  await answers(page).getByText("not charged").waitFor();
  await eventually(async () => assert.equal(await balance(page), 100));
  await page.reload();
  await alert.getByText("No answer came").waitFor();
  assert.equal(await questions(page).count(), 1);
  await alert.getByRole("button", { name: "Try again" }).waitFor();
});

test("a model that only thinks: the page says so, nothing is charged, one click asks again", async (t) => {
  const page = await visit(t);
  await signUp(page);
  const body =
    'data: {"choices":[{"delta":{"reasoning_content":"Let me think."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
  const data = Buffer.from(body).toString("base64url");
  await ask(page, `Think. [[fault:body data=${data} times=1 key=${randomUUID()}]] [[say:It is so.]]`);
  const alert = page.getByRole("alert");
  await alert.getByText("The model thought and wrote no answer. Nothing was charged.").waitFor();
  await answers(page).getByText("not charged").waitFor();
  await page.getByText("Let me think.").waitFor({ state: "attached" });
  await eventually(async () => assert.equal(await balance(page), 100));
  await alert.getByRole("button", { name: "Try again" }).click();
  await answers(page).getByText("It is so.").waitFor();
});

test("no network: the draft stays, and the page says so", async (t) => {
  const page = await visit(t);
  await signUp(page);
  page.expected.push(/ERR_INTERNET_DISCONNECTED/);
  await page.context().setOffline(true);
  await page.getByText("You are offline.").waitFor();
  await composer(page).fill("written on the train");
  await page.context().setOffline(false);
  await page.getByText("You are offline.").waitFor({ state: "detached" });
  await page.reload();
  assert.equal(await composer(page).inputValue(), "written on the train");
});

test("drafts are kept per chat", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await ask(page, "First [[say:1.]]");
  await composer(page).fill("for the first chat");
  await page.keyboard.press("Control+Shift+O");
  await page.getByRole("heading", { name: /^Good / }).waitFor();
  assert.equal(await composer(page).inputValue(), "");
  await page.goBack();
  await eventually(async () =>
    assert.equal(await composer(page).inputValue(), "for the first chat"),
  );
});

test("the session ends: log in over the page, nothing is lost", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await ask(page, "Before [[say:the end.]]");
  await page.reload();
  await quiet(page); // A page that still follows an answer would notice it first.
  page.expected.push(/status of 401/);
  await page.context().clearCookies();
  await composer(page).fill("half a thought"); // The draft's copy for other devices is refused.
  const dialog = page.getByRole("dialog", { name: "Your session ended" });
  await dialog.waitFor();
  await dialog.getByLabel("Password", { exact: true }).fill(password);
  await dialog.getByRole("button", { name: "Log in" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(await composer(page).inputValue(), "half a thought");
  await composer(page).press("Enter");
  await answers(page).nth(1).waitFor();
  await stopButton(page).waitFor({ state: "detached" });
});

test("the session ends under a message: it goes out by itself after the log-in", async (t) => {
  const page = await visit(t);
  const email = await signUp(page);
  await page.reload();
  await quiet(page);
  page.expected.push(/status of 401/);
  await page.context().clearCookies();
  await composer(page).fill("On its way [[say:Arrived.]]");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Your session ended" });
  await dialog.getByLabel("Password", { exact: true }).fill(password);
  await dialog.getByRole("button", { name: "Log in" }).click();
  await answers(page).getByText("Arrived.").waitFor();
  await stopButton(page).waitFor({ state: "detached" });
  assert.equal(await questions(page).count(), 1);

  // The same with a reload in between.
  await page.context().clearCookies();
  await composer(page).fill("Over a reload [[say:Arrived too.]]");
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  await page.reload();
  await page.waitForURL("**/login?next=*");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.keyboard.press("Enter");
  await answers(page).getByText("Arrived too.").waitFor();
  assert.equal(await questions(page).count(), 2);
});

test("the session ends, and somebody else logs in: nothing of the first user is left", async (t) => {
  const page = await visit(t);
  const other = await signUp(page, "Other One");
  await page.getByRole("button", { name: /^Account menu/ }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.waitForURL("**/login");
  await signUp(page, "First One");
  await page.reload();
  await quiet(page);
  page.expected.push(/status of 401/);
  await page.context().clearCookies();
  await composer(page).fill("A secret on its way");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Your session ended" }).waitFor();
  await page.reload();
  await page.waitForURL("**/login*");
  await page.getByLabel("E-mail").fill(other);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /^Good .*Other/ }).waitFor();
  await quiet(page);
  assert.equal(await composer(page).inputValue(), "");
  assert.equal(await questions(page).count(), 0);
});

for (const [device, viewport] of [
  ["desktop", { width: 1280, height: 800 }],
  ["phone", { width: 390, height: 844 }],
]) {
  test(`notes never cover the composer: ${device}`, async (t) => {
    const touch = device === "phone";
    const page = await visit(t, { viewport, hasTouch: touch, isMobile: touch });
    await signUp(page);
    await ask(page, "Short lived [[say:Yes.]]");
    await page.getByRole("banner").getByRole("button", { name: /^Options for/ }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    const note = page.locator("[data-sonner-toast]");
    await note.getByRole("button", { name: "Undo" }).waitFor();
    await note.evaluate((one) => Promise.all(one.getAnimations().map((a) => a.finished)));
    const { x, y, width, height } = await page.locator("form").filter({ has: composer(page) }).boundingBox();
    const box = await note.boundingBox();
    const apart = box.y + box.height <= y || box.y >= y + height || box.x + box.width <= x || box.x >= x + width;
    assert.ok(apart, JSON.stringify({ box, form: { x, y, width, height } }));
    assert.ok(box.y >= 52, "the header is in reach");
    const undo = await note.getByRole("button", { name: "Undo" }).boundingBox();
    assert.ok(!touch || undo.height >= 40, `Undo is ${undo.height} px high`);
  });
}

test("an access token that ended is renewed once, unseen", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await ask(page, "Before [[say:the end.]]");
  let renewals = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/auth/refresh")) renewals++;
  });
  // The cookie is gone, and the page does not know it.
  page.expected.push(/status of 401/);
  const cookies = await page.context().cookies(`${url}/`);
  for (const { name } of cookies) await page.context().clearCookies({ name });
  await page.reload();
  await answers(page).first().waitFor();
  await eventually(async () => assert.ok((await balance(page)) > 0));
  assert.equal(renewals, 1);
  // The page's clock says that the token ended, so no request fails.
  await page.evaluate(() => localStorage.setItem("lc.session", new Date(0).toISOString()));
  await ask(page, "And after [[say:it goes on.]]");
  assert.equal(renewals, 2);
});

test("a provider breaks off: the written part stays, and the question can be asked again", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await ask(page, "Break off. [[tokens:40]] [[fault:cut after=20]]");
  await page.getByRole("alert").getByRole("button", { name: "Try again" }).waitFor();
  assert.match(await answers(page).locator(".prose").innerText(), /^1 2 3/);
  // The part that came is paid for, and the page says so.
  await answers(page).getByText(/^2 credits/).waitFor();
  await eventually(async () => assert.equal(await balance(page), 98));
});

test("an address that does not exist shows links to others", async (t) => {
  const page = await visit(t);
  await signUp(page);
  page.expected.push(/status of 404/);
  await page.goto("/chat/00000000-0000-7000-8000-000000000000");
  await page.getByRole("link", { name: "Start a new chat" }).click();
  await page.getByRole("heading", { name: /^Good / }).waitFor();
});
