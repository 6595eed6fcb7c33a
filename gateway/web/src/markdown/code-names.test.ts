// Names of the files that code blocks become.
import { unzipSync } from "fflate";
import { expect, test } from "vitest";
import { zipOf } from "@/lib/zip";
import { codeFilesOf, nameInFence, safeName } from "./code-names";
import { extensionOf } from "./extensions";

test.each([
  ["src/app/main.py", "main.py"],
  ["..\\..\\windows\\x.dll", "x.dll"],
  ["../../etc/passwd", "passwd"],
  ["..", ""],
  [".bashrc", "bashrc"],
  ["a\u0000b\u202ecod.exe", "abcod.exe"],
  ['a<b>:"|?*.txt', "ab.txt"],
  ["con.txt", "_con.txt"],
  ["LPT1", "_LPT1"],
  ["x".repeat(500), "x".repeat(80)],
  ["/", ""],
  ["Straße.py", "Straße.py"],
])("a safe name for %j", (wanted, name) => {
  expect(safeName(wanted)).toBe(name);
});

test.each([
  ['py title="a b.py"', "a b.py"],
  ["ts filename=src/a.ts", "a.ts"],
  ["py main.py", "main.py"],
  ["main.py", "main.py"],
  ["python:src/app.py", "app.py"],
  ["Makefile", ""],
  ["js {1,3-5}", ""],
  ["python", ""],
  ["c++", ""],
  ["", ""],
])("the name in the fence %j", (info, name) => {
  expect(nameInFence(info)).toBe(name);
});

test.each([
  ["Python", "py"],
  ["ts", "ts"],
  ["c++", "txt"],
  ["constructor", "txt"],
  ["__proto__", "__proto__"],
  ["", "txt"],
])("the extension of %j", (language, extension) => {
  expect(extensionOf(language)).toBe(extension);
});

test("all blocks of an answer, each with a name of its own", () => {
  const text =
    "a\n\n```py\n1\n```\n\n- b\n\n  ```py\n  2\n  ```\n\n```js title=A.js\n3\n```\n\n> ```js a.js\n> 4\n> ```\n\n~~~\n5\n~~~\n";
  const files = codeFilesOf(text);
  expect(files).toEqual([
    { name: "snippet.py", text: "1\n" },
    { name: "snippet-2.py", text: "2\n" },
    { name: "A.js", text: "3\n" },
    { name: "a-2.js", text: "4\n" },
    { name: "snippet.txt", text: "5\n" },
  ]);
});

test("a ZIP has the same files", async () => {
  const files = [
    { name: "a.py", text: "print('Größe')\n" },
    { name: "日本.txt", text: "" },
  ];
  const entries = unzipSync(new Uint8Array(await zipOf(files).arrayBuffer()));
  const said = Object.entries(entries).map(([name, bytes]) => ({
    name,
    text: new TextDecoder().decode(bytes),
  }));
  expect(said).toEqual(files);
});
