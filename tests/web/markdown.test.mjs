// The look of Markdown: code, tables, formulas, footnotes, diagrams, and the few allowed tags of HTML.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answers, ask, checkAxe, checkNoOverflow, eventually, questions, signUp, useBrowser, visit } from "./lib.mjs";
import { cpuOf, goTo, rest, useFakes } from "./fake-chats.mjs";
import { answerWith, longestTask, sentAll } from "./fake-stream.mjs";

useBrowser();

/** The most processor time of a task of the main thread while an answer is written, in milliseconds. */
const TASK_MAX_MS = 100;

const FEATURES = `Press <kbd>Ctrl</kbd>, H<sub>2</sub>O, mc<sup>2</sup>,<br>a note[^1] but no [^2]. <b>text</b> <sup>open

- [ ] buy *milk*
- [x] write

| Name | Address | More |
|---|---|---|
| One | https://example.org/a/very/long/path/that/never/ends/and/goes/on?with=parameters | \`x\` |

<details>
<summary>More *about* it</summary>

Hidden **text**

</details>

$$\\int_0^1 x^2\\,dx$$ 

Wrong: $\\unknown{x}$ and $\\href{javascript:alert(1)}{a} + \\color{red}{b^2}$

<section>
  <p>kept</p>
    lines
</section>

![own](/favicon.svg)

[^1]: The note.
`;

async function show(page, ...texts) {
  await signUp(page);
  const fakes = await useFakes(page);
  await goTo(page, fakes.add(...texts));
  return answers(page).last();
}

test("the Markdown of GitHub is rendered, and other HTML is not", async (t) => {
  const page = await visit(t);
  const answer = await show(page, FEATURES);
  await answer.locator(".katex").first().waitFor();
  assert.equal(await answer.locator("kbd").innerText(), "Ctrl");
  assert.equal(await answer.locator("sub").innerText(), "2");
  assert.equal(await answer.locator("sup").count(), 2);
  assert.equal(await answer.locator("p br").count(), 1);
  await answer.getByText("but no [^2]. <b>text</b> <sup>open").waitFor();
  assert.equal(await answer.locator("b, section").count(), 0);

  const lines = await answer.getByText("<section>").evaluate((one) => one.closest(".html-lines").innerText);
  assert.equal(lines.trimEnd(), "<section>\n  <p>kept</p>\n    lines\n</section>");

  await answer.getByRole("checkbox", { name: "buy milk", exact: true }).waitFor();
  assert.ok(await answer.getByRole("checkbox", { name: "write" }).isChecked());

  const hidden = answer.getByText("Hidden text");
  assert.ok(!(await hidden.isVisible()));
  await answer.getByText("More about it").click();
  assert.ok(await hidden.isVisible());

  await answer.getByRole("link", { name: "Footnote 1", exact: true }).click();
  await page.waitForFunction(() => document.activeElement?.getAttribute("role") === "note");
  await answer.getByRole("link", { name: "Back from footnote 1" }).click();
  assert.match(new URL(page.url()).hash, /^$/);
});

test("formulas take the focus, and their errors follow the theme", async (t) => {
  const page = await visit(t);
  const answer = await show(page, FEATURES);
  await answer.locator(".katex").first().waitFor();
  const formula = answer.getByRole("group", { name: "Formula" });
  await formula.focus();
  assert.ok(await formula.evaluate((one) => one === document.activeElement));
  const wrong = answer.getByText("\\unknown{x}");
  assert.match(await wrong.getAttribute("title"), /unknown/);
  const colours = () => wrong.evaluate((one) => getComputedStyle(one).textDecorationColor);
  const light = await colours();
  await page.emulateMedia({ colorScheme: "dark" });
  await eventually(async () => assert.notEqual(await colours(), light));
  assert.equal(await answer.locator("a[href^=javascript]").count(), 0);
});

test("wide tables wrap addresses, pictures stay within bounds, at every width", async (t) => {
  for (const width of [1280, 390]) {
    const page = await visit(t, { viewport: { width, height: 800 } });
    const answer = await show(page, FEATURES);
    await answer.locator("img").waitFor();
    await checkNoOverflow(page, `${width} px`);
    const lines = await answer.getByRole("link", { name: /very\/long/ }).evaluate((one) => one.getClientRects().length);
    assert.ok(lines >= 2, "the address breaks");
    assert.match(await answer.getByRole("group", { name: "Table" }).evaluate((one) => getComputedStyle(one).backgroundImage), /gradient/);
    const picture = await answer.locator("img").boundingBox();
    assert.ok(picture.height <= 480 && picture.width <= width);
    await checkAxe(page, `markdown at ${width} px`, "main");
  }
});

test("long code: its header with Copy stays in sight, no ligatures, colours by a worker", async (t) => {
  const page = await visit(t, { viewport: { width: 1280, height: 600 } });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const code = Array.from({ length: 400 }, (_, i) => `const a${i} = b !== c; // => ${i}`).join("\n");
  const answer = await show(page, `Code:\n\n\`\`\`js\n${code}\n\`\`\`\n\nEnd.`);
  const messages = page.getByRole("region", { name: "Messages" });
  await messages.evaluate((one) => one.scrollTo(0, one.scrollHeight / 2));
  const copy = answer.getByRole("button", { name: "Copy", exact: true });
  await eventually(async () => {
    const [top, header] = [await messages.boundingBox(), await copy.boundingBox()];
    assert.ok(header && Math.abs(header.y - top.y) < 12, "the header sticks to the top");
  });
  await copy.click();
  await eventually(async () => assert.equal(await page.evaluate(() => navigator.clipboard.readText()), code));
  const inSight = answer.locator("pre .hljs-keyword").first();
  await inSight.waitFor();
  assert.equal(await answer.locator("pre").evaluate((one) => getComputedStyle(one).fontVariantLigatures), "none");
  assert.equal((await answer.locator("pre").innerText()).trimEnd(), code);
});

test("a link that is defined below becomes one when its definition comes", async (t) => {
  const page = await visit(t);
  await signUp(page);
  const fakes = await useFakes(page);
  const chat = fakes.add("Q", "A");
  await goTo(page, chat);
  await answerWith(page, chat, ["See [docs] first.\n\n", "More ", "words.\n\n", "[docs]: https://example.org\n"], 10);
  await page.getByRole("textbox", { name: "Message", exact: true }).fill("Go on");
  await page.keyboard.press("Enter");
  await answers(page).last().getByRole("link", { name: "docs" }).waitFor();
});

test("code in a question is code", async (t) => {
  const page = await visit(t);
  await signUp(page);
  await ask(page, "What is *this*?\n\n```python\ndef f(): return 1\n```\nThanks [[say:A function.]]");
  const question = questions(page).first();
  await question.locator(".hljs-keyword").first().waitFor();
  await question.getByText("What is *this*?").waitFor();
  assert.equal((await question.locator("pre").innerText()).trim(), "def f(): return 1");
});

test("Mermaid is drawn once its fence is closed, in a frame that has nothing, and its errors are code", async (t) => {
  const page = await visit(t);
  page.expected.push(/inline event handler violates/); // The frame's policy stops the script in a label.
  const loaded = [];
  page.on("request", (request) => /mermaid|frame/.test(request.url()) && loaded.push(request.url()));
  await signUp(page);
  const fakes = await useFakes(page);
  await goTo(page, fakes.add("```mermaid\ngraph LR; Open-->Fence"));
  await answers(page).getByText("graph LR; Open").waitFor();
  assert.deepEqual(loaded, []);
  const evil = 'graph LR; A["<img src=x onerror=alert(1)>"]-->B; click A "javascript:alert(1)"';
  await goTo(page, fakes.add(`\`\`\`mermaid\ngraph LR; First-->Second\n\`\`\`\n\n\`\`\`mermaid\n${evil}\n\`\`\`\n\n\`\`\`mermaid\ngraph TD; A--\n\`\`\``));
  const pictures = answers(page).getByRole("img", { name: /^Diagram: graph LR/ });
  await pictures.nth(1).waitFor();
  await answers(page).getByText(/^This diagram could not be drawn: Parse error/).waitFor();
  await answers(page).getByText("graph TD; A--", { exact: true }).waitFor();
  const { width, naturalWidth, src } = await pictures.first().evaluate((one) => ({ width: one.width, naturalWidth: one.naturalWidth, src: one.src }));
  assert.ok(naturalWidth > 50 && width > 50 && src.startsWith("data:image/svg+xml,"));
  assert.equal(await page.locator("iframe").getAttribute("sandbox"), "allow-scripts");
  assert.equal(await answers(page).locator("svg script, foreignObject").count(), 0);
  const frame = page.frames().find((one) => one.url().includes("/frame/"));
  await assert.rejects(frame.evaluate(() => localStorage.length), /SecurityError|Access is denied|sandboxed/);
  await answers(page).getByRole("button", { name: "Show the source" }).first().click();
  await answers(page).getByText("graph LR; First-->Second", { exact: true }).waitFor();
});

test("of 150 diagrams those near the screen are drawn, and the others when the reader comes to them", async (t) => {
  const page = await visit(t);
  await signUp(page);
  const fakes = await useFakes(page);
  const text = Array.from({ length: 150 }, (_, i) => `\`\`\`mermaid\ngraph LR; A${i}-->B\n\`\`\`\n`).join("\n");
  await goTo(page, fakes.add(text));
  const pictures = answers(page).getByRole("img", { name: /^Diagram: graph LR/ });
  const last = answers(page).getByRole("img", { name: "Diagram: graph LR; A149-->B" });
  const first = answers(page).getByRole("img", { name: "Diagram: graph LR; A0-->B" });
  await last.waitFor();
  await rest(page, await cpuOf(page));
  assert.ok((await pictures.count()) < 40, `${await pictures.count()} drawn`);
  await answers(page).getByText("graph LR; A0-->B", { exact: true }).scrollIntoViewIfNeeded();
  await first.waitFor();
});

const PARAGRAPH = "Some **words** with `code`, a [link](https://example.org) and more.\n\n- one\n- two\n\n";
const WORDS = ["word ", "**bold** ", "`x` ", "and\n\n"];
const LINES = (i) => `const a${i} = f(${i}); // word\nif (a${i} > 2) {\n  return "x" + ${i};\n`;

for (const [name, messages, tokens] of [
  [
    "2,000 messages",
    Array.from({ length: 2000 }, (_, i) => (i % 2 ? PARAGRAPH.repeat(3) : `Question ${i}`)),
    Array.from({ length: 300 }, (_, i) => WORDS[i % WORDS.length]),
  ],
  [
    "a block of 3,000 lines",
    ["Q", "A"],
    [`\`\`\`js\n${Array.from({ length: 700 }, (_, i) => LINES(i)).join("")}`, ...Array.from({ length: 300 }, (_, i) => LINES(i))],
  ],
  ["a list of 300 items", ["Q", "A"], Array.from({ length: 300 }, (_, i) => `- item ${i} of **many**\n`)],
]) {
  test(`100 tokens a second into ${name}: no task over ${TASK_MAX_MS} ms`, async (t) => {
    const page = await visit(t);
    await signUp(page);
    const fakes = await useFakes(page);
    const cpu = await cpuOf(page);
    const chat = fakes.add(...messages);
    await goTo(page, chat);
    await rest(page, cpu);
    // All messages are loaded: Home goes to the first, End comes back.
    const list = page.getByRole("region", { name: "Messages" });
    await list.focus();
    await page.keyboard.press("Home");
    await page.getByText(messages[0], { exact: true }).waitFor();
    await page.keyboard.press("End");
    await eventually(async () => {
      assert.ok(await list.evaluate((one) => one.scrollHeight - one.scrollTop - one.clientHeight < 4));
    });
    await rest(page, cpu);
    await answerWith(page, chat, tokens, 100);
    const longest = await longestTask(page, async () => {
      await page.getByRole("textbox", { name: "Message", exact: true }).fill("Go on");
      await page.keyboard.press("Enter");
      await sentAll(page, tokens.length);
      await page.getByRole("button", { name: "Stop the answer" }).waitFor({ state: "detached" });
      await rest(page, cpu);
    });
    t.diagnostic(`longest of ${longest.count} tasks: ${longest.ms.toFixed(1)} ms`);
    assert.ok(longest.count > 100, "tasks were seen");
    assert.ok(longest.ms < TASK_MAX_MS, `${longest.ms} ms: ${longest.inside.join(", ")}`);
  });
}
