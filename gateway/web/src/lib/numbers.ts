/** A number of the API, int64 as decimal text: "12,345". */
export function formatCount(text: string | undefined, locale = "en"): string {
  return new Intl.NumberFormat(locale).format(text && /^-?\d+$/.test(text) ? BigInt(text) : 0n);
}
