// The page never lies about an answer, when the chat service is killed, frozen or cut off in the middle.
// LIMITLESS_DIR is the stack's folder, by which the stories find the processes. Without it they are skipped.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { answers, ask, composer, eventually, questions, signUp, stopButton, textOf, useBrowser, visit } from "./lib.mjs";

useBrowser();

const dir = process.env.LIMITLESS_DIR;
const killing = { skip: dir ? false : "LIMITLESS_DIR is not set" };

/** The process id of a service of the stack. */
function pidOf(service) {
  const supervisor = readFileSync(`${dir}/lock`, "utf8").trim();
  return Number(execFileSync("pgrep", ["-P", supervisor, "-x", service], { encoding: "utf8" }).split("\n")[0]);
}

const SLOW = "[[tokens:100]] [[pace:20]]";
const NUMBERS = Array.from({ length: 100 }, (_, n) => n + 1).join(" ");

async function begin(page) {
  await signUp(page);
  await ask(page, `Count. ${SLOW}`, { wait: false });
  await eventually(async () => assert.ok((await textOf(page)).length > 20));
}

/** Watches the screen at each change until the answer is complete. Fails when the page showed anything false. */
async function watchUntilWhole(page) {
  const claims = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const seen = new Set();
        const look = () => {
          const text = document.querySelector("main").innerText;
          for (const claim of ["broke off", "No answer came", "not charged", "was not sent"]) {
            if (text.includes(claim)) seen.add(claim);
          }
          if (!document.querySelector("[aria-label='Stop the answer']") && !/\d credits? ·/.test(text)) seen.add("neither Stop nor footer");
          if (/\d credits? ·/.test(text)) resolve([...seen]);
        };
        new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
        look();
      }),
  );
  assert.deepEqual(claims, []);
  assert.equal((await textOf(page)).trim(), NUMBERS);
  assert.equal(await questions(page).count(), 1);
  assert.equal(await answers(page).count(), 1);
  // Nothing says any more that an answer is being written.
  await page.getByRole("img", { name: "An answer is being written" }).waitFor({ state: "detached" });
}

test("chat is killed in the middle: the page reconnects and shows the whole answer", killing, async (t) => {
  const page = await visit(t);
  page.expected.push(/status of 50\d/);
  await begin(page);
  const whole = watchUntilWhole(page);
  process.kill(pidOf("chat"), "SIGKILL");
  await answers(page).getByText("Reconnecting.").waitFor();
  await stopButton(page).waitFor();
  await whole;
});

test("chat is killed, and the page is reloaded before chat is back", killing, async (t) => {
  const page = await visit(t);
  page.expected.push(/status of 50\d/, /status of 404/);
  await begin(page);
  process.kill(pidOf("chat"), "SIGKILL");
  await answers(page).getByText("Reconnecting.").waitFor();
  await page.reload();
  await eventually(async () => assert.equal((await textOf(page)).trim(), NUMBERS));
  await stopButton(page).waitFor({ state: "detached" });
  await answers(page).getByText(/\d credits? ·/).waitFor();
});

test("an answer that is stopped while the server is away is stopped when the server is back", killing, async (t) => {
  const page = await visit(t);
  page.expected.push(/status of 50\d/);
  await begin(page);
  process.kill(pidOf("chat"), "SIGKILL");
  await answers(page).getByText("Reconnecting.").waitFor();
  await stopButton(page).click();
  await page.getByText("You stopped this answer.").waitFor();
  assert.ok(NUMBERS.startsWith((await textOf(page)).trim()));
  await page.reload();
  await page.getByText("You stopped this answer.").waitFor();
});

test("a stream falls silent: the page asks the server for the answer and shows it", async (t) => {
  const page = await visit(t);
  await page.clock.install();
  await signUp(page);
  // The connection stays open and silent, while the answer is written.
  await page.addInitScript(() => {
    const real = window.fetch;
    let silenced = false;
    window.fetch = async (...args) => {
      const response = await real(...args);
      const address = args[0] instanceof Request ? args[0].url : String(args[0]);
      if (silenced || !address.endsWith(":generate")) return response;
      silenced = true;
      const [first] = response.body.tee();
      const reader = first.getReader();
      const { value } = await reader.read();
      const start = (controller) => {
        controller.enqueue(value);
        args[0].signal.addEventListener("abort", () => controller.error(args[0].signal.reason));
      };
      return new Response(new ReadableStream({ start }), response);
    };
  });
  await page.reload();
  await composer(page).fill("Silence. [[tokens:20]] [[pace:20]]");
  await composer(page).press("Enter");
  await stopButton(page).waitFor();
  await page.clock.fastForward(2000);
  await page.waitForTimeout(1500);
  await stopButton(page).waitFor();
  await page.clock.fastForward(20_000);
  await stopButton(page).waitFor({ state: "detached" });
  assert.equal((await textOf(page)).trim(), NUMBERS.slice(0, NUMBERS.indexOf(" 21")));
});

test("the network is away while a message goes out: it is sent once, and can be taken back", async (t) => {
  const page = await visit(t);
  page.expected.push(/ERR_FAILED|ERR_INTERNET_DISCONNECTED/);
  await signUp(page);
  await ask(page, "First [[say:One.]]");
  await page.route("**:generate", (route) => route.abort());
  await composer(page).fill("Second [[say:Two.]]");
  await composer(page).press("Enter");
  await answers(page).last().getByText("goes out as soon as it can").waitFor();
  await page.getByRole("button", { name: "Take the message back" }).click();
  await eventually(async () => assert.equal(await composer(page).inputValue(), "Second [[say:Two.]]"));
  assert.equal(await questions(page).count(), 1);

  // This time the message arrives, and the server's response is lost.
  await page.unroute("**:generate");
  let lost = 0;
  await page.route("**:generate", async (route) => {
    if (lost++ > 0) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await composer(page).press("Enter");
  await answers(page).getByText("Two.").waitFor();
  await stopButton(page).waitFor({ state: "detached" });
  await page.reload();
  await answers(page).getByText("Two.").waitFor();
  assert.equal(await questions(page).count(), 2);
});
