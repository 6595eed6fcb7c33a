/** The key belongs to an input method: it confirms a word and must not send. Safari tells by the code 229 alone. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
