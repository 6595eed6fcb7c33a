// Character references, which Markdown takes from HTML.
import { decodeNamedCharacterReference } from "decode-named-character-reference";

/** Decodes &lt; and the other character references, which Markdown takes from HTML. */
export function decode(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{2,32}));/g,
    (whole, decimal, hex, name) => {
      if (name) return decodeNamedCharacterReference(name) || whole;
      const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
    },
  );
}
