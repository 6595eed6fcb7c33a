import { type CSSProperties, useEffect } from "react";
import { Toaster, toast } from "sonner";
import { notes } from "@/lib/notify";
import { useStore } from "@/lib/store";
import { useIsDark } from "@/ui/theme";

/** The page's colours by Sonner's names. */
const COLOURS = {
  fontFamily: "var(--font-sans)",
  "--normal-bg": "var(--bg-raised)",
  "--normal-border": "var(--line-strong)",
  "--normal-text": "var(--text)",
  "--border-radius": "12px",
} as CSSProperties;

const HEADER = { top: 56, left: 12, right: 12 };

/** Draws the notes of notify(). */
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
  return (
    <Toaster
      theme={dark ? "dark" : "light"}
      position="top-center"
      // Below the header and far from the composer, so that notes cover neither.
      offset={HEADER}
      mobileOffset={HEADER}
      style={COLOURS}
    />
  );
}
