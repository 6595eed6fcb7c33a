// Names of files for code: by what the fence says, or by its language. A name is one harmless part of a path.

import type { Token, Tokens } from "marked";
import { childrenOf } from "./children";
import { extensionOf } from "./extensions";
import { READ_MAX_MS } from "./limits";
import { parseOn } from "./parse";

export interface CodeFile {
  name: string;
  text: string;
}

/** The longest name, in characters. */
const NAME_MAX = 80;

/** Names that Windows keeps for devices, with any extension. */
const DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** A name without folders, signs that some system forbids, and dots at its ends. Empty: nothing is left. */
export function safeName(wanted: string): string {
  const last = wanted.split(/[/\\]/).at(-1) ?? "";
  const plain = last
    .normalize("NFC")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}<>:"|?*]/gu, "")
    .replace(/^[.\s]+|[.\s]+$/g, "")
    .slice(0, NAME_MAX);
  return DEVICES.test(plain) ? `_${plain}` : plain;
}

/** "```py title="a.py"", "```py a.py", "```a.py", "```py:src/a.py": the name that the fence says, or empty. */
export function nameInFence(info: string): string {
  const titled =
    /\b(?:title|file|filename|name)=(?:"([^"]{1,200})"|'([^']{1,200})'|(\S{1,200}))/i.exec(info);
  if (titled) return safeName(titled[1] ?? titled[2] ?? titled[3] ?? "");
  for (const word of info.split(/\s+/, 8)) {
    const part = word.includes(":") ? word.slice(word.indexOf(":") + 1) : word;
    if (/^[^{}=]*[^{}=./\\]\.[A-Za-z0-9]{1,10}$/.test(part)) return safeName(part);
  }
  return "";
}

/** The code blocks of a text in their order, each with a name of its own. */
export function codeFilesOf(text: string): CodeFile[] {
  const files: CodeFile[] = [];
  const taken = new Set<string>();
  const visit = (token: Token) => {
    if (token.type === "code") {
      const code = token as Tokens.Code;
      const info = code.lang ?? "";
      const wanted = nameInFence(info) || `snippet.${extensionOf(info.split(/\s/, 1)[0] ?? "")}`;
      files.push({ name: free(wanted, taken), text: `${code.text}\n` });
      return;
    }
    for (const child of childrenOf(token)) visit(child);
  };
  for (const block of parseOn(undefined, text, READ_MAX_MS).blocks) visit(block);
  return files;
}

/** The name, or one with a number that is not taken. Some systems do not tell "A" from "a". */
function free(wanted: string, taken: Set<string>): string {
  const dot = wanted.lastIndexOf(".");
  const [stem, end] = dot > 0 ? [wanted.slice(0, dot), wanted.slice(dot)] : [wanted, ""];
  let name = wanted;
  for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${stem}-${n}${end}`;
  taken.add(name.toLowerCase());
  return name;
}
