import { useEffect, useState } from "react";
import { notify } from "@/lib/notify";
import { t } from "@/words";

/** How long a button says that it copied, in milliseconds. */
const SAID_MS = 1600;

/** A text, and the same as HTML for programs that take it. */
export interface Copied {
  text: string;
  html?: string | undefined;
}

/** navigator.clipboard exists in secure contexts only. A server on plain http in a home network is not one. */
async function copyOut({ text, html }: Copied): Promise<void> {
  if (!navigator.clipboard) return copyBySelection({ text, html });
  if (html === undefined) return navigator.clipboard.writeText(text);
  const blob = (type: string, data: string) => ({ [type]: new Blob([data], { type }) });
  const item = new ClipboardItem({ ...blob("text/plain", text), ...blob("text/html", html) });
  return navigator.clipboard.write([item]);
}

function copyBySelection({ text, html }: Copied): void {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true; // So a phone shows no keyboard.
  area.style.position = "fixed";
  area.style.opacity = "0";
  area.addEventListener("copy", (event) => {
    if (html === undefined || !event.clipboardData) return;
    event.clipboardData.setData("text/plain", text);
    event.clipboardData.setData("text/html", html);
    event.preventDefault();
  });
  (before?.closest("[role=dialog]") ?? document.body).append(area); // A dialog takes the focus back from outside.
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  if (!done) throw new Error("copy");
}

/** Says so when the browser refuses. */
export async function copyOrSay(copied: Copied): Promise<boolean> {
  try {
    await copyOut(copied);
    return true;
  } catch {
    notify({ text: t("common.notCopied"), isError: true });
    return false;
  }
}

export function useCopy(): { copied: boolean; copy: (text: string) => void } {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = (text: string) => void copyOrSay({ text }).then((done) => done && setCopied(true));
  return { copied, copy };
}
