/** On a touch device Enter starts a line, and a focus would show a keyboard that hides the page. */
export function isTouch(): boolean {
  return matchMedia("(pointer: coarse)").matches;
}

/** Gives the composer the focus: now, and again in the next frame, because a menu that closes moves the focus. */
export function focusComposer(): void {
  if (isTouch()) return;
  field()?.focus({ preventScroll: true });
  requestAnimationFrame(() => {
    if (!document.querySelector("[role=dialog]")) field()?.focus({ preventScroll: true });
  });
}

/** As focusComposer(), with the caret at the end of the text. */
export function focusComposerEnd(): void {
  focusComposer();
  requestAnimationFrame(() => field()?.setSelectionRange(-1, -1));
}

function field(): HTMLTextAreaElement | null {
  return document.querySelector<HTMLTextAreaElement>("#message");
}
