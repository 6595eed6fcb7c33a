import { type RefObject, useContext, useEffect, useState } from "react";
import { DrawnWhole } from "./around";

/** How far from the screen a block gets its colours or its drawing, in pixels. */
const NEAR_PX = 800;

/** Whether the element is near the screen. Costly work waits for it. */
export function useNear(place: RefObject<HTMLElement | null>, wanted = true): boolean {
  const [near, setNear] = useState(false);
  const isWhole = useContext(DrawnWhole);
  useEffect(() => {
    if (!wanted || isWhole) return;
    const observer = new IntersectionObserver(
      (entries) => setNear(entries.at(-1)?.isIntersecting ?? false),
      { rootMargin: `${NEAR_PX}px` },
    );
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, [place, wanted, isWhole]);
  return near || isWhole;
}
