// Packs files. docs/adr/0020-zip-by-fflate.md says why a library does it.
import { strToU8, zipSync } from "fflate";

export function zipOf(files: { name: string; text: string }[]): Blob {
  const entries = files.map(({ name, text }) => [name, strToU8(text)] as const);
  return new Blob([zipSync(Object.fromEntries(entries), { level: 6 }) as Uint8Array<ArrayBuffer>], {
    type: "application/zip",
  });
}
