// How many elements a text may become. A hundred thousand of them hold up the page whatever they are.
import type { Token, Tokens } from "marked";
import { childrenOf } from "./children";
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

/** Elements that a token is by itself, where that is not one: code has a header with buttons and their pictures. */
const OWN: Record<string, number> = { space: 0, text: 0, code: 30, math: 10, image: 8, details: 2 };

function measure(token: Token): number {
  let weight = OWN[token.type] ?? 1;
  if (token.type === "math") weight += Math.ceil((token as MathToken).text.length / 4);
  if (token.type === "code") weight += (token as Tokens.Code).text.length / 400;
  for (const child of childrenOf(token)) weight += 1 + measure(child);
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
