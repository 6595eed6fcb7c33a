// Reads a text as Markdown. The tokens' copies of the text stay here: the page does not need them.
import type { Token } from "marked";
import { childrenOf } from "./children";
import { READ_MAX_MS } from "./limits";
import { lex } from "./parse";

function strip(token: Token, level: number): void {
  if (level > 1) token.raw = "";
  for (const child of childrenOf(token)) strip(child, level + 1);
}

addEventListener("message", ({ data }: MessageEvent<string>) => {
  let blocks: Token[] | undefined;
  try {
    blocks = lex(data, READ_MAX_MS);
    for (const block of blocks) strip(block, 0);
  } catch {
    // Too slow: the text is shown as it is.
  }
  postMessage(blocks);
});
postMessage("ready");
