// Micro-credits, as the API sends them: int64 as decimal text, 1 credit = 1,000,000.
const MICRO = 1_000_000n;
/** Credits are shown in hundredths. */
const HUNDREDTH = MICRO / 100n;

/** The provider may count so many times our tokens; the server's tier allows for it. */
const REACH = 1.25;

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

export interface PriceComponent {
  dimension?: string;
  fromPromptTokens: string;
  unit?: string;
  microcredits: string;
}

const PARENTS: Record<string, string> = {
  CACHED_INPUT: "INPUT",
  CACHE_WRITE_5M: "INPUT",
  CACHE_WRITE_1H: "INPUT",
  IMAGE_INPUT: "INPUT",
  REASONING: "OUTPUT",
};
const INPUTS = ["INPUT", "CACHED_INPUT", "CACHE_WRITE_5M", "CACHE_WRITE_1H", "IMAGE_INPUT"];
const OUTPUTS = ["OUTPUT", "REASONING"];
const MILLION = 1_000_000n;

/** The price of one unit in an answer to a prompt of so many tokens, or its parent's price. */
export function rateOf(price: PriceComponent[], dimension: string, promptTokens: number): bigint {
  let found: PriceComponent | undefined;
  for (const one of price) {
    const from = Number(one.fromPromptTokens);
    if (one.dimension !== dimension || (from > 0 && promptTokens <= from)) continue;
    if (!found || from >= Number(found.fromPromptTokens)) found = one;
  }
  if (found) return micro(found.microcredits);
  const parent = PARENTS[dimension];
  return parent ? rateOf(price, parent, promptTokens) : 0n;
}

/** The numbers of tokens above which something costs otherwise. */
export function tiersOf(price: PriceComponent[]): number[] {
  const starts = price.map((one) => Number(one.fromPromptTokens)).filter((from) => from > 0);
  return [...new Set(starts)].sort((a, b) => a - b);
}

/** Math.max takes no bigint. */
function larger(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

/** The most that an answer can cost. The server holds this amount before it asks the model. */
export function upperBound(
  price: PriceComponent[],
  inputTokens: number,
  outputTokens: number,
): bigint {
  const input = Math.max(0, Math.ceil(inputTokens));
  const most = (dimensions: string[], tier: number) =>
    dimensions.map((dimension) => rateOf(price, dimension, tier)).reduce(larger, 0n);
  const at = (tier: number) =>
    rateOf(price, "MESSAGE", tier) +
    (most(INPUTS, tier) * BigInt(input) +
      most(OUTPUTS, tier) * BigInt(Math.max(0, Math.ceil(outputTokens))) +
      MILLION -
      1n) /
      MILLION;
  return [
    input,
    ...tiersOf(price)
      .filter((from) => from >= input && from < input * REACH)
      .map((from) => from + 1),
  ]
    .map(at)
    .reduce(larger, 0n);
}

/** A guess that is too high for most languages: a token has about four characters. */
export function estimateTokens(characters: number): number {
  return Math.ceil(characters / 3);
}
