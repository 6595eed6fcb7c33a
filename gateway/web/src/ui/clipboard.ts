import { useEffect, useState } from "react";
import { notify } from "@/lib/notify";
import { t } from "@/words";

/** How long a button says that it copied, in milliseconds. */
const SAID_MS = 1600;

/** navigator.clipboard exists in secure contexts only. A server on plain http in a home network is not one. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true; // So a phone shows no keyboard.
  area.style.position = "fixed";
  area.style.opacity = "0";
  (before?.closest("[role=dialog]") ?? document.body).append(area); // A dialog takes the focus back from outside.
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  if (!done) throw new Error("copy");
}

export function useCopy(): { copied: boolean; copy: (text: string) => void } {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = (text: string) =>
    void copyText(text).then(
      () => setCopied(true),
      () => notify({ text: t("common.notCopied"), isError: true }),
    );
  return { copied, copy };
}
