// The addresses that a text may name.

/** The address, or undefined when it must not be opened, as "javascript:". */
export function safeUrl(href: string): URL | undefined {
  if (!URL.canParse(href, location.origin)) return undefined;
  const url = new URL(href, location.origin);
  return ["http:", "https:", "mailto:", "tel:"].includes(url.protocol) ? url : undefined;
}
