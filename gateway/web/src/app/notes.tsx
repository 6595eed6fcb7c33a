import { useEffect } from "react";
import { Toaster, toast } from "sonner";
import { notes } from "@/lib/notify";
import { useStore } from "@/lib/store";
import { useIsDark } from "./theme";

/** Draws what notify() was told. */
export default function Notes() {
  const dark = useIsDark();
  const waiting = useStore(notes);
  useEffect(() => {
    if (waiting.length === 0) return;
    for (const { text, isError, action } of waiting) {
      (isError ? toast.error : toast)(text, action ? { action } : {});
    }
    notes.set([]);
  }, [waiting]);
  return <Toaster theme={dark ? "dark" : "light"} position="bottom-left" />;
}
