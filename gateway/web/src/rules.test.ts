// Rules that the compiler does not know.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { en } from "./words/en";

const folder = import.meta.dirname;
const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => /(?<!\.test)\.tsx?$/.test(name) && !name.endsWith(".d.ts"))
  .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));

function filesWith(pattern: RegExp): string[] {
  return sources.filter(({ text }) => pattern.test(text)).map(({ name }) => name);
}

it.each([
  // Plain http on another host is not a secure context, and these are missing there.
  ["crypto.randomUUID", /\.randomUUID\s*\(/, []],
  ["crypto.subtle", /\bcrypto\.subtle\b/, []],
  ["the clipboard", /\bclipboard\.(read|write)/, ["ui/clipboard.ts"]],
  ["locks between tabs", /\bnavigator\.locks\b/, ["lib/lock.ts"]],
  [
    "other things of secure contexts",
    /\bnavigator\.(serviceWorker|share|mediaDevices|storage|wakeLock|credentials|geolocation|usb|keyboard)\b|\bshow(Open|Save)FilePicker\b|\bnew Notification\b|\bcaches\.|\bcookieStore\b/,
    [],
  ],
  // Storage may be switched off.
  ["storage", /\b(local|session)Storage\b/, ["lib/storage.ts"]],
  // Biome checks the imports between the layers (layers.json), but not import() calls.
  [
    "import() of another folder",
    /\bimport\("@\//,
    ["app/app.tsx", "app/shell.tsx", "views/composer/composer.tsx"],
  ],
  // A part that is missing after an upgrade must not blank the page.
  ["React's lazy", /\blazy\b[^;]*from "react"/, ["ui/lazy-view.tsx"]],
])("%s is used only where there is a way round", (_what, pattern, allowed) => {
  expect(filesWith(pattern)).toEqual(allowed);
});

it("has words of its own for each way to lose a session", () => {
  const proto = readFileSync(join(folder, "../../../protos/limitless/reasons.proto"), "utf8");
  const reasons = [...proto.matchAll(/^ {2}([A-Z_]+) = \d+ \[\(reason\) = \{code: 16\b/gm)];
  const words: Record<string, string> = en.problem;
  expect(reasons.length).toBeGreaterThan(3);
  expect(reasons.map(([, reason]) => reason!).filter((reason) => !words[reason])).toEqual([]);
});
