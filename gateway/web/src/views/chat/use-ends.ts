import type { Virtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useRef } from "react";

/** Rows get their height when they come into sight, which moves the end. The end is followed for so many frames. */
const FRAMES_MAX = 120;

/** The end is reached when nothing moves for so many frames. */
const FRAMES_QUIET = 6;

/** Home and End reach the ends of a list whose rows are not all loaded, built or measured. */
export function useEnds(
  list: Virtualizer<HTMLDivElement, Element>,
  scroller: RefObject<HTMLDivElement | null>,
  loadOlder: () => Promise<boolean>,
): void {
  const load = useRef(loadOlder);
  load.current = loadOlder;
  useEffect(() => {
    let journey = 0;
    const stop = () => {
      journey++; // The reader goes somewhere else.
    };
    const onKeyDown = (event: KeyboardEvent) => {
      stop();
      const { key } = event;
      if ((key !== "Home" && key !== "End") || event.defaultPrevented || isWanted(event)) return;
      event.preventDefault();
      const mine = journey;
      const going = () => mine === journey;
      if (key === "End") void settle(going, scroller.current!, () => list.scrollToEnd());
      else void toStart(going);
    };
    const toStart = async (going: () => boolean) => {
      const top = () => list.scrollToOffset(0);
      top();
      while (going() && (await load.current())) top();
      await settle(going, scroller.current!, top);
    };
    window.addEventListener("keydown", onKeyDown);
    window.addEventListener("wheel", stop, { passive: true });
    window.addEventListener("pointerdown", stop);
    return () => {
      stop();
      window.removeEventListener("keydown", onKeyDown);
      window.removeEventListener("wheel", stop);
      window.removeEventListener("pointerdown", stop);
    };
  }, [list, scroller]);
}

/** Goes there again until the rows on the way have their heights. */
export async function settle(
  going: () => boolean,
  pane: HTMLElement,
  go: () => void,
): Promise<void> {
  let quiet = 0;
  for (let frame = 0; frame < FRAMES_MAX && quiet < FRAMES_QUIET && going(); frame++) {
    const [top, height] = [pane.scrollTop, pane.scrollHeight];
    go();
    await new Promise(requestAnimationFrame);
    quiet = pane.scrollTop === top && pane.scrollHeight === height ? quiet + 1 : 0;
  }
}

/** A text, a menu or a window has its own use for the key. */
function isWanted({ target, shiftKey, altKey }: KeyboardEvent): boolean {
  if (shiftKey || altKey || document.querySelector("[role=dialog],[role=menu]")) return true;
  if (target instanceof HTMLTextAreaElement) return target.value !== "";
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
}
