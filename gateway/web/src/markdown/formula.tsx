import { useLayoutEffect, useRef } from "react";
import { lazyPart } from "./lazy";

const useKatex = lazyPart(() => import("./katex"));

/** TeX, set by KaTeX once that is loaded; until then, and where it is wrong, the source. */
export function Formula({ tex, display }: { tex: string; display: boolean }) {
  const katex = useKatex(true);
  const place = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    if (katex) katex.set(tex, place.current!, display);
    else place.current!.textContent = tex;
  }, [katex, tex, display]);
  return display ? (
    <div className="math-display">
      <span ref={place} />
    </div>
  ) : (
    <span ref={place} />
  );
}
