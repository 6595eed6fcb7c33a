// Micro-credits, as the API sends them: int64 as decimal text, 1 credit = 1,000,000.
const MICRO = 1_000_000n;
/** Credits are shown in hundredths. */
const HUNDREDTH = MICRO / 100n;

export function micro(text: string | undefined): bigint {
  return text && /^-?\d+$/.test(text) ? BigInt(text) : 0n;
}

/**
 * "84.2", "1,204", "-0.05", rounded half away from zero. An amount that is not zero but too small to show reads
 * "< 0.01": a price must not look free.
 */
export function formatCredits(amount: bigint, locale = "en"): string {
  const negative = amount < 0n;
  const size = negative ? -amount : amount;
  const hundredths = (size + HUNDREDTH / 2n) / HUNDREDTH;
  if (hundredths === 0n && size > 0n) return negative ? "> -0.01" : "< 0.01";
  const whole = new Intl.NumberFormat(locale).format(hundredths / 100n);
  const rest = (hundredths % 100n).toString().padStart(2, "0").replace(/0+$/, "");
  return (negative ? "-" : "") + whole + (rest ? `.${rest}` : "");
}

/** A price, given in the currency's smallest unit, as people of the locale write it. */
export function formatMoney(currency: string, minorUnits: string, locale = "en"): string {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(Number(minorUnits) / 10 ** digits);
}

interface Price {
  perMessage: string;
  inputPer1k: string;
  outputPer1k: string;
}

/** The most that an answer can cost. The server holds this amount before it asks the model. */
export function upperBound(price: Price, inputTokens: number, outputTokens: number): bigint {
  const per1k = (rate: string, tokens: number) =>
    (micro(rate) * BigInt(Math.max(0, Math.ceil(tokens))) + 999n) / 1000n;
  return (
    micro(price.perMessage) +
    per1k(price.inputPer1k, inputTokens) +
    per1k(price.outputPer1k, outputTokens)
  );
}

/** A guess that is too high for most languages: a token has about four characters. */
export function estimateTokens(characters: number): number {
  return Math.ceil(characters / 3);
}
