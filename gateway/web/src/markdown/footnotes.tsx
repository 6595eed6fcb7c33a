// Footnotes as GitHub has them: [^1] leads to the note, and the note back. A label without a note stays text.
import { CornerUpLeft } from "lucide-react";
import { createContext, type MouseEvent, type ReactNode, useContext, useId, useMemo } from "react";
import { t } from "@/words";
import type { FootnoteRefToken } from "./extras";

const Known = createContext<{ prefix: string; labels: string[] }>({ prefix: "", labels: [] });

export function FootnoteLabels({ labels, children }: { labels: string; children: ReactNode }) {
  const prefix = useId();
  const value = useMemo(
    () => ({ prefix, labels: labels ? labels.split(" ") : [] }),
    [prefix, labels],
  );
  return <Known value={value}>{children}</Known>;
}

/** Scrolls to the note. The page's address stays that of the chat. */
function goTo(id: string) {
  return (event: MouseEvent) => {
    event.preventDefault();
    const target = document.getElementById(id);
    target?.scrollIntoView({ block: "nearest" });
    target?.focus({ preventScroll: true });
  };
}

export function FootnoteRef({ token }: { token: FootnoteRefToken }) {
  const { prefix, labels } = useContext(Known);
  const number = labels.indexOf(token.label) + 1;
  if (number === 0) return token.text;
  const note = `${prefix}note-${number}`;
  return (
    <sup>
      <a
        id={`${prefix}ref-${number}`}
        href={`#${note}`}
        aria-label={t("code.footnote", { number })}
        className="px-0.5 no-underline"
        onClick={goTo(note)}
      >
        {number}
      </a>
    </sup>
  );
}

export function Footnote({ label, children }: { label: string; children: ReactNode }) {
  const { prefix, labels } = useContext(Known);
  const number = labels.indexOf(label) + 1;
  const ref = `${prefix}ref-${number}`;
  return (
    <div role="note" id={`${prefix}note-${number}`} tabIndex={-1} dir="auto" className="footnote">
      <span className="text-muted">{number}.</span> {children}{" "}
      <a href={`#${ref}`} aria-label={t("code.footnoteBack", { number })} onClick={goTo(ref)}>
        <CornerUpLeft aria-hidden className="inline size-3.5 align-[-2px]" />
      </a>
    </div>
  );
}
