// A part of the page that is loaded when the first text needs it, and then used without waiting.
import { useEffect } from "react";
import { createStore, useStore } from "@/lib/store";

/** Returns a hook that answers undefined until the part is there, or when it is not wanted. */
export function lazyPart<T>(load: () => Promise<T>): (wanted: boolean) => T | undefined {
  const part = createStore<T | undefined>(undefined);
  let isLoading = false;
  const start = () => {
    if (isLoading) return;
    isLoading = true;
    load().then(part.set, () => {
      isLoading = false; // The network may be away: the next text tries again.
    });
  };
  return (wanted) => {
    useEffect(() => {
      if (wanted) start();
    }, [wanted]);
    const loaded = useStore(part);
    return wanted ? loaded : undefined;
  };
}
