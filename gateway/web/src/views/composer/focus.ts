/** On a touch keyboard Enter makes a line, and a keyboard that comes up unasked hides the page. */
export function isTouch(): boolean {
  return matchMedia("(pointer: coarse)").matches;
}

/** The composer has the focus whenever nothing else needs it. After what happens now: a menu that closes gives the focus back. */
export function focusComposer(): void {
  if (isTouch()) return;
  field()?.focus({ preventScroll: true });
  requestAnimationFrame(() => {
    if (!document.querySelector("[role=dialog]")) field()?.focus({ preventScroll: true });
  });
}

/** At the end of its text, to go on writing or to send. */
export function focusComposerEnd(): void {
  focusComposer();
  requestAnimationFrame(() => field()?.setSelectionRange(-1, -1));
}

function field(): HTMLTextAreaElement | null {
  return document.querySelector<HTMLTextAreaElement>("#message");
}
