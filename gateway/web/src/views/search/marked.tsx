import { partsOf } from "@/lib/snippet";

/** A snippet of a hit, in which the matches are marked. */
export function Marked({ snippet }: { snippet: string }) {
  return (
    <bdi>
      {partsOf(snippet).map(({ text, match }, index) =>
        match ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: a part's place is its name.
          <mark key={index} className="rounded-[3px] bg-accent-soft font-medium text-text">
            {text}
          </mark>
        ) : (
          text
        ),
      )}
    </bdi>
  );
}
