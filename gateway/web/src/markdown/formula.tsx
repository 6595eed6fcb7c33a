import { useLayoutEffect, useRef, useState } from "react";
import { cn } from "@/ui/cn";
import { t } from "@/words";
import { lazyPart } from "./lazy";
import { FORMULAS_PER_FRAME_MS } from "./limits";

const useKatex = lazyPart(() => import("./katex"));

/** Time that formulas took since the last frame, in milliseconds. Many formulas are set over several frames. */
let spent = 0;
let frame = 0;

function hasTime(): boolean {
  if (frame === 0) {
    frame = requestAnimationFrame(() => {
      frame = 0;
      spent = 0;
    });
  }
  return spent < FORMULAS_PER_FRAME_MS;
}

/** A formula, set by KaTeX. The source is shown until KaTeX is loaded, and where the formula is wrong or too large. */
export function Formula({ tex, display }: { tex: string; display: boolean }) {
  const katex = useKatex(true);
  const place = useRef<HTMLSpanElement>(null);
  const [problem, setProblem] = useState<string>();
  const [turn, setTurn] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another turn is another try.
  useLayoutEffect(() => {
    const box = place.current!;
    if (!katex || !hasTime()) {
      if (!box.firstElementChild) box.textContent = tex;
      if (!katex) return;
      const waiting = requestAnimationFrame(() => setTurn((n) => n + 1));
      return () => cancelAnimationFrame(waiting);
    }
    const began = performance.now();
    const why = katex.set(tex, box, display);
    spent += performance.now() - began;
    if (why !== undefined) box.textContent = tex;
    setProblem(why);
  }, [katex, tex, display, turn]);

  const box = (
    <span ref={place} title={problem} className={cn(problem !== undefined && "math-source")} />
  );
  if (!display) return box;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a region that scrolls, and no fieldset.
    <div className="math-display" role="group" aria-label={t("code.formula")} tabIndex={0}>
      {box}
    </div>
  );
}
