import { useEffect, useRef, useState } from "react";
import { shownText } from "@/generation/live";
import { liveOf } from "@/generation/running";
import { t } from "@/words";

/** Gives a screen reader each sentence of an answer as it is written, and says when the answer is complete. */
export function Announcer({ chat }: { chat: string }) {
  const [said, setSaid] = useState("");
  const place = useRef({ key: "", end: 0, seen: 0 });
  useEffect(() => {
    const store = liveOf(chat);
    const listen = () => {
      const live = store.get();
      if (!live) {
        if (place.current.key) setSaid(t("chat.done"));
        place.current = { key: "", end: 0, seen: 0 };
        return;
      }
      if (live.key !== place.current.key) {
        place.current = { key: live.key, end: 0, seen: 0 };
      }
      const text = shownText(live);
      // The search begins at the last character that was seen: only now it may end a sentence.
      const end = sentenceEnd(text, Math.max(place.current.end, place.current.seen - 1));
      place.current.seen = text.length;
      if (end <= place.current.end) return;
      setSaid(plain(text.slice(place.current.end, end)));
      place.current.end = end;
    };
    return store.subscribe(listen);
  }, [chat]);
  return (
    <div aria-live="polite" className="sr-only">
      {said}
    </div>
  );
}

/** The end of the last complete sentence or line after `from`, or 0. */
function sentenceEnd(text: string, from: number): number {
  for (let at = text.length - 1; at >= from; at--) {
    const mark = text[at]!;
    if (mark === "\n" || (/[.!?…:]/.test(mark) && /\s/.test(text[at + 1] ?? ""))) return at + 1;
  }
  return 0;
}

/** A screen reader gets at most so much at once, in characters. */
const SAID_MAX_CHARS = 2_000;

/** The text without the marks of Markdown. */
function plain(markdown: string): string {
  return markdown
    .slice(0, SAID_MAX_CHARS)
    .replace(/```\w*|[*_`#>|]/g, " ")
    .trim();
}
