import "katex/dist/katex.min.css";
import katex from "katex";
import {
  TEX_DEPTH_MAX,
  TEX_EXPANSIONS_MAX,
  TEX_MAX_CHARS,
  TEX_SIZE_MAX_EM,
  TEX_TOKENS_MAX,
} from "./limits";

/** Commands that define macros. A formula with its own macros grows by each use of them. */
const DEFINES =
  /\\(?:[egx]?def|(?:re)?newcommand|providecommand|(?:future)?let|global)(?![A-Za-z])/;

/**
 * Sets a formula into a place, or returns why it cannot. KaTeX builds nodes here and no HTML, because style attributes
 * in HTML break the content security policy. It shows no errors of its own, whose colours know no theme.
 */
export function set(tex: string, place: HTMLElement, displayMode: boolean): string | undefined {
  if (tex.length > TEX_MAX_CHARS || depthOf(tex) > TEX_DEPTH_MAX) return "too long or too deep";
  const expansions = DEFINES.test(tex)
    ? Math.floor(TEX_TOKENS_MAX / tex.length)
    : TEX_EXPANSIONS_MAX;
  try {
    katex.render(tex, place, {
      displayMode,
      throwOnError: true,
      errorColor: "var(--danger)",
      strict: "ignore",
      trust: false,
      maxExpand: expansions,
      maxSize: TEX_SIZE_MAX_EM,
    });
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

/** The deepest nesting: by braces, \left, \begin, and by commands that take the next token as their argument. */
function depthOf(tex: string): number {
  let depth = 0;
  let deepest = 0;
  let chain = 0;
  for (const [token] of tex.matchAll(/\\[A-Za-z]+|\\.|[{}^_]|[^\s\\{}^_]/gsu)) {
    if (token === "{" || token === "\\left" || token === "\\begin") depth++;
    else if (token === "}" || token === "\\right" || token === "\\end") depth--;
    // In \sqrt\sqrt\sqrt… and a^^^… each command is the argument of the one before.
    chain = token.startsWith("\\") && token.length > 2 ? chain + 1 : token === "{" ? chain : 0;
    deepest = Math.max(deepest, depth, Math.floor(chain / CHAIN_PER_LEVEL));
  }
  return deepest;
}

/** Commands in a row, such as \alpha\beta\gamma, seldom nest: so many of them count as one level. */
const CHAIN_PER_LEVEL = 4;
