// Projects and templates: made, used, moved, deleted, and by the keyboard.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ask,
  chatLink,
  checkAxe,
  checkNoOverflow,
  composer,
  eventually,
  quiet,
  signUp,
  useBrowser,
  visit,
} from "./lib.mjs";

useBrowser();

async function newProject(page, name) {
  await page.getByRole("button", { name: "New project" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New project" });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("radio", { name: "Book" }).check({ force: true });
  await dialog.getByRole("radio", { name: "Blue" }).check({ force: true });
  await checkAxe(page, "the window of a new project");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/project/*");
}

test("a project: prompts in order, chats in and out, and an undo", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await newProject(page, "Owls");
  await page.getByText("No chats yet").waitFor();
  await checkAxe(page, "an empty project");

  await page.getByRole("link", { name: "Instructions" }).click();
  await page.getByLabel("Instructions", { exact: true }).fill("Answer like an owl.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  for (const title of ["First", "Second", "Third"]) {
    await page.getByRole("button", { name: "Add a prompt" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Title").fill(title);
    await dialog.getByLabel("Text").fill(`The ${title} text.`);
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
  }
  const moved = page.waitForResponse((response) => response.request().method() === "PATCH" && response.ok());
  await page.getByRole("button", { name: "Move “Third” up" }).focus();
  await page.keyboard.press("Enter");
  await moved; // else the reload would overtake it
  await page.getByText("“Third” is number 2 of 3.").waitFor({ state: "attached" });
  await page.reload();
  const rows = page.getByRole("list", { name: "Prompts" }).getByRole("listitem");
  await rows.nth(2).waitFor();
  const titles = await rows.locator("bdi:first-child").allTextContents();
  assert.deepEqual(titles.filter((one) => !one.includes("text")), ["First", "Third", "Second"]);
  await rows.nth(0).getByRole("checkbox").uncheck();
  await checkAxe(page, "the prompts of a project");
  await checkNoOverflow(page);

  await page.getByRole("link", { name: "Chats", exact: true }).click();
  await page.getByRole("button", { name: "New chat in this project" }).click();
  await page.waitForURL("**/chat/*");
  await ask(page, "hello owls");
  await page.getByRole("link", { name: "Owls" }).click();
  await page.getByRole("main").getByRole("listitem").first().waitFor();

  await page.getByRole("link", { name: "Settings", exact: true }).first().click();
  await checkAxe(page, "the settings of a project");
  await page.getByRole("button", { name: "Delete the project" }).click();
  await page.getByText("“Owls” was deleted").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("link", { name: "Owls" }).waitFor();
});

test("a template: made, found by a slash, filled in", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await page.goto("/templates");
  await page.getByRole("heading", { name: "Proofread" }).waitFor();
  await checkAxe(page, "the templates");
  await checkNoOverflow(page);
  await page.getByRole("button", { name: "New template" }).click();
  const editor = page.getByRole("dialog", { name: "New template" });
  await editor.getByLabel("Title").fill("Zebra greeting");
  await editor.getByLabel("Text").fill("Greet {{name}} in a {{tone: warm | cold = warm}} way.");
  await editor.getByText("warm | cold · warm").waitFor();
  await checkAxe(page, "the editor of a template");
  await editor.getByRole("button", { name: "Save" }).click();
  await editor.waitFor({ state: "detached" });

  await page.goto("/");
  await composer(page).fill("/zebra");
  await page.getByRole("option", { name: /Zebra greeting/ }).waitFor();
  await checkAxe(page, "the templates beside the composer");
  await page.keyboard.press("Enter");
  const form = page.getByRole("dialog", { name: "Fill in “Zebra greeting”" });
  await form.getByLabel("name").fill("Ada");
  await checkAxe(page, "the variables of a template");
  await form.getByRole("button", { name: "Insert" }).click();
  await form.waitFor({ state: "detached" });
  assert.equal(await composer(page).inputValue(), "Greet Ada in a warm way.");
});

test("a chat is dragged into a project and out of it", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await newProject(page, "Nest");
  await page.goto("/");
  await ask(page, "an egg [[say:Crack.]]");
  const nest = page.getByRole("link", { name: "Nest" });
  await chatLink(page, "an egg").dragTo(nest);
  await page.getByText("“an egg [[say:Crack.]]” was moved.").waitFor();
  await chatLink(page, "an egg").waitFor({ state: "detached" });
  await nest.click();
  const inside = page.getByRole("main").getByRole("link", { name: "an egg" });
  await inside.dragTo(page.getByRole("navigation", { name: "Chats" }).getByText("Your chats will be listed here."));
  await chatLink(page, "an egg").waitFor();
  await page.reload();
  await page.getByText("No chats yet").waitFor();
  await chatLink(page, "an egg").waitFor();
});

test("the gauge and the price follow the text and the branch", async (t) => {
  const page = await visit(t);
  await signUp(page);
  const gauge = page.getByRole("meter", { name: "The model's window" });
  const used = async () => Number(await gauge.getAttribute("value"));
  await gauge.waitFor();
  const empty = await used();
  await composer(page).fill("owl ".repeat(500));
  await eventually(async () => assert.ok((await used()) >= empty + 450, String(await used())));
  await composer(page).fill("");
  await eventually(async () => assert.equal(await used(), empty));
  await ask(page, `${"owl ".repeat(100)}[[say:Hoot.]]`);
  await eventually(async () => assert.ok((await used()) >= empty + 90));
  await checkAxe(page, "the gauge");
  await page.reload();
  await eventually(async () => assert.ok((await used()) >= empty + 90));
});

const VIEWS = ["/templates", "/project", "/project/instructions", "/project/settings"];

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    test(`projects and templates look right: ${width} pixels, ${colorScheme}`, async (t) => {
      const page = await visit(t, { colorScheme, viewport: { width, height: 844 } });
      await signUp(page);
      if (width < 500) await page.getByRole("button", { name: "Open the sidebar" }).click();
      await newProject(page, "Looks");
      const project = new URL(page.url()).pathname;
      for (const view of VIEWS) {
        await page.goto(view.replace("/project", project));
        await page.getByRole("heading", { level: 1 }).waitFor();
        await quiet(page);
        await checkAxe(page, view);
        await checkNoOverflow(page, view);
        if (process.env.LIMITLESS_SHOTS) {
          const path = `${process.env.LIMITLESS_SHOTS}/${view.slice(1).replace("/", "-")}-${width}-${colorScheme}.png`;
          await page.screenshot({ path });
        }
      }
    });
  }
}
