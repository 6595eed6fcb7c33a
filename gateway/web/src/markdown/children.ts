import type { Token } from "marked";

/** Tokens in a token, wherever marked keeps them. */
export function* childrenOf(token: Token): Generator<Token> {
  const { tokens, items, header, rows, summary } = token as unknown as Record<string, unknown>;
  for (const list of [summary, tokens, items, header, ...(Array.isArray(rows) ? rows : [])]) {
    if (Array.isArray(list)) yield* list as Token[];
  }
}
