import { useEffect, useState } from "react";
import { setPaper } from "@/ui/theme";
import { settled } from "./settled";

export interface Printing {
  /** The page is made ready, and all of it is drawn. */
  isBusy: boolean;
  begin: () => void;
}

/** Prints the page when all of it is there. */
export function usePrint(isWhole: boolean): Printing {
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    if (!isBusy) return;
    setPaper(true);
    return () => setPaper(false);
  }, [isBusy]);
  useEffect(() => {
    if (!isBusy || !isWhole) return;
    const stop = new AbortController();
    void settled(stop.signal).then(() => {
      if (stop.signal.aborted) return;
      window.print();
      setBusy(false);
    });
    return () => stop.abort();
  }, [isBusy, isWhole]);
  return { isBusy, begin: () => setBusy(true) };
}
