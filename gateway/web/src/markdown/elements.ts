// Limits how many elements a text becomes. A hundred thousand elements of any kind hold up the page.
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

/** The elements of a token itself, where it is not one. Code has a header with buttons and icons. */
const OWN: Record<string, number> = { space: 0, text: 0, code: 30, math: 10, image: 8, details: 2 };

function measure(token: Token): number {
  let weight = OWN[token.type] ?? 1;
  if (token.type === "math") weight += Math.ceil((token as MathToken).text.length / 4);
  if (token.type === "code") weight += (token as Tokens.Code).text.length / 400;
  for (const child of childrenOf(token)) weight += 1 + measure(child);
  return weight;
}

/** The blocks that fit. The text behind them becomes one block of plain text. */
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

/** The items of a long list that fit. */
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
