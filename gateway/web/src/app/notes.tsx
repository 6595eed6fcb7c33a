import { type CSSProperties, useEffect } from "react";
import { Toaster, toast } from "sonner";
import { notes } from "@/lib/notify";
import { useStore } from "@/lib/store";
import { useNarrow } from "./layout";
import { useIsDark } from "./theme";

/** Sonner's names for ours. */
const COLOURS = {
  fontFamily: "var(--font-sans)",
  "--normal-bg": "var(--bg-raised)",
  "--normal-border": "var(--line-strong)",
  "--normal-text": "var(--text)",
  "--border-radius": "12px",
} as CSSProperties;

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
  const narrow = useNarrow();
  return (
    <Toaster
      theme={dark ? "dark" : "light"}
      position={narrow ? "top-center" : "bottom-right"}
      style={COLOURS}
    />
  );
}
