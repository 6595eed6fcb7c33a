// A browser lays out a long word once for each line that the word fills, in time by the square of its length. So a long
// word gets places to break at.
import { Fragment, type ReactNode } from "react";
import { WORD_MAX_CHARS, WORD_PART_CHARS } from "./limits";

/** Code points that belong to the character before them. */
const JOINED = /^(?:\p{M}|\u200d|\p{Emoji_Modifier}|[\udc00-\udfff])/u;

/** The same text, with places to break at where a word is too long. */
export function breakable(text: string): ReactNode {
  if (text.length <= WORD_MAX_CHARS) return text;
  const parts = breaks(text);
  if (parts.length === 1) return text;
  return parts.map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a part's place is its name.
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

export function breaks(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let word = 0; word < text.length; ) {
    const end = endOfWord(text, word);
    if (end - word > WORD_MAX_CHARS) {
      for (let at = word + WORD_PART_CHARS; at < end; at += WORD_PART_CHARS) {
        while (at < end && isWithin(text, at)) at++;
        if (at >= end) break;
        parts.push(text.slice(from, at));
        from = at;
      }
    }
    word = end + 1;
  }
  parts.push(text.slice(from));
  return parts;
}

function isWithin(text: string, at: number): boolean {
  return text[at - 1] === "\u200d" || JOINED.test(text.slice(at, at + 2));
}

function endOfWord(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 32 || code === 10 || code === 9) return at;
  }
  return text.length;
}
