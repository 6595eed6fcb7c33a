// How many elements a text may become. A hundred thousand of them hold up the page whatever they are.
import type { Token, Tokens } from "marked";
import { ELEMENTS_MAX } from "./limits";
import type { MathToken } from "./math";

const weights = new WeakMap<Token, number>();

function weightOf(token: Token): number {
  let weight = weights.get(token);
  if (weight === undefined) {
    weight = measure(token);
    weights.set(token, weight);
  }
  return weight;
}

function measure(token: Token): number {
  if (token.type === "space") return 0;
  if (token.type === "math") return 1 + Math.ceil((token as MathToken).text.length / 4);
  let weight = token.type === "text" ? 0 : 1;
  const { tokens, items, header, rows, summary } = token as Record<string, unknown>;
  for (const children of [tokens, items, header, summary, ...((rows as unknown[]) ?? [])]) {
    for (const child of (children as Token[] | undefined) ?? []) weight += 1 + measure(child);
  }
  return weight;
}

/** The blocks that fit; what stands behind them is one block of plain text. */
export function limited(blocks: Token[]): Token[] {
  let left = ELEMENTS_MAX;
  for (const [index, block] of blocks.entries()) {
    const weight = weightOf(block);
    if (weight <= left) {
      left -= weight;
      continue;
    }
    const fits = block.type === "list" ? firstItems(block as Tokens.List, left) : undefined;
    const rest = [block, ...blocks.slice(index + 1)].map(({ raw }) => raw).join("");
    const text = rest.slice(fits?.raw.length ?? 0);
    const plain = { type: "plain", raw: text, text };
    return [...blocks.slice(0, index), ...(fits ? [fits] : []), plain];
  }
  return blocks;
}

/** Of a list that is too long, the items that fit. */
function firstItems(list: Tokens.List, left: number): Tokens.List | undefined {
  const items: Tokens.ListItem[] = [];
  for (const item of list.items) {
    left -= 1 + measure(item);
    if (left < 0) break;
    items.push(item);
  }
  if (items.length === 0) return undefined;
  return { ...list, items, raw: items.map(({ raw }) => raw).join("") };
}
