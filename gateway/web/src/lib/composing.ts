/** The key belongs to an input method: it confirms a word and sends nothing. Safari says so by the code 229 alone. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
