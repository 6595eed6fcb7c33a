import { useEffect, useRef, useState } from "react";
import { shownText } from "@/generation/live";
import { liveOf } from "@/generation/running";
import { t } from "@/words";

/** Reads an answer to a screen reader sentence by sentence while it is written, and says when it is complete. */
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
      // Earlier text is not looked at again, but for its last character.
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

/** Behind the last sentence or line from there on that is whole, or 0. */
function sentenceEnd(text: string, from: number): number {
  for (let at = text.length - 1; at >= from; at--) {
    const mark = text[at]!;
    if (mark === "\n" || (/[.!?…:]/.test(mark) && /\s/.test(text[at + 1] ?? ""))) return at + 1;
  }
  return 0;
}

/** More is not read out at once, in characters: a listener would not get to the end of it. */
const SAID_MAX_CHARS = 2_000;

/** Without the marks that only the eye reads. */
function plain(markdown: string): string {
  return markdown
    .slice(0, SAID_MAX_CHARS)
    .replace(/```\w*|[*_`#>|]/g, " ")
    .trim();
}
