import { useEffect, useRef, useState } from "react";
import { shownText } from "@/generation/live";
import { liveOf } from "@/generation/running";
import { t } from "@/words";

/** Reads an answer to a screen reader sentence by sentence while it is written, and says when it is complete. */
export function Announcer({ chat }: { chat: string }) {
  const [said, setSaid] = useState("");
  const place = useRef({ key: "", end: 0 });
  useEffect(() => {
    const store = liveOf(chat);
    const listen = () => {
      const live = store.get();
      if (!live) {
        if (place.current.key) setSaid(t("chat.done"));
        place.current = { key: "", end: 0 };
        return;
      }
      if (live.key !== place.current.key) place.current = { key: live.key, end: 0 };
      const text = shownText(live);
      const end = sentenceEnd(text);
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

/** Behind the last sentence or line that is whole. */
function sentenceEnd(text: string): number {
  const last = [...text.matchAll(/[.!?…:](?=\s)|\n/g)].at(-1);
  return last ? last.index + 1 : 0;
}

/** Without the marks that only the eye reads. */
function plain(markdown: string): string {
  return markdown.replace(/```\w*|[*_`#>|]/g, " ").trim();
}
