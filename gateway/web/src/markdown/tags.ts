// The few tags of HTML that a text may use, which only mark words. All other HTML is shown as text.
import type { Token, Tokens } from "marked";
import { SPAN_DEPTH_MAX } from "./limits";

const NAMES = ["kbd", "sub", "sup"] as const;

export interface TagToken {
  type: "tag";
  name: (typeof NAMES)[number];
  tokens: Token[];
}

const TAG = /^<(\/?)(kbd|sub|sup)\s*>$/i;

/** The same tokens, where an allowed tag contains the tokens up to its end. A tag that is not closed is text. */
export function withTags(tokens: Token[]): (Token | TagToken)[] {
  if (!tokens.some((token) => token.type === "html" && TAG.test(token.text))) return tokens;
  const levels: { name: string; opening: Token; tokens: (Token | TagToken)[] }[] = [];
  let top: (Token | TagToken)[] = [];
  const root = top;
  for (const token of tokens) {
    const tag = token.type === "html" ? TAG.exec((token as Tokens.Tag).text) : null;
    const name = tag?.[2]?.toLowerCase() ?? "";
    if (tag && !tag[1] && levels.length < SPAN_DEPTH_MAX) {
      levels.push({ name, opening: token, tokens: top });
      top = [];
    } else if (tag?.[1] && levels.at(-1)?.name === name) {
      const inner = top as Token[];
      top = levels.pop()!.tokens;
      top.push({ type: "tag", name: name as TagToken["name"], tokens: inner });
    } else {
      top.push(token);
    }
  }
  for (let level = levels.pop(); level; level = levels.pop()) {
    level.tokens.push(level.opening, ...top);
    top = level.tokens;
  }
  return root;
}
