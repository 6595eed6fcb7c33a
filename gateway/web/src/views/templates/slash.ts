/** What is searched for when a message begins with a slash: "/tra" asks for "tra". Undefined: it does not. */
export function slashQuery(text: string): string | undefined {
  const match = /^\/([^\n/]{0,60})$/.exec(text);
  return match?.[1];
}

/** Ids of the list beside the composer, and of its lines. */
export const SLASH_LIST = "slash-templates";
export const slashLine = (index: number) => `${SLASH_LIST}-${index}`;
