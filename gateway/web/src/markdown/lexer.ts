// marked's lexer with limits of depth, size and time. Its regular expressions take time by the square of a paragraph's
// length, and it calls itself for each level of nesting. Without limits a text of 20 KB can hold it up for minutes.
import {
  Lexer,
  type MarkedOptions,
  type Token,
  Tokenizer,
  type Tokens,
  type TokensList,
} from "marked";
import {
  BLOCK_DEPTH_MAX,
  CELLS_MAX,
  COLUMNS_MAX,
  LAZY_LINES_MAX,
  LIST_PART_CHARS,
  LOOK_AHEAD_CHARS,
  PARAGRAPH_MAX_CHARS,
  PIECE_CHARS,
  SPAN_DEPTH_MAX,
} from "./limits";

/** The time was over before the text was read. */
export class TooSlow extends Error {}

const CLOSED_FENCE = /\n {0,3}(?:`{3,}|~{3,}) *$/;

/** When the lexer must be done, by performance.now(). */
let deadline = Number.POSITIVE_INFINITY;

function checkTime(): void {
  if (performance.now() > deadline) throw new TooSlow();
}

/** The rules that are tried first, for each block and for each span, look at the clock. */
class CarefulTokenizer extends Tokenizer {
  override space(src: string) {
    checkTime();
    return super.space(src);
  }

  override escape(src: string) {
    checkTime();
    return super.escape(src);
  }

  /** Adds whether the fence is closed, because a diagram is drawn only then. */
  override fences(src: string) {
    const token = super.fences(src);
    return token && { ...token, closed: CLOSED_FENCE.test(token.raw.slice(-100)) };
  }

  override def(src: string) {
    return within(src, (near) => super.def(near));
  }

  override lheading(src: string) {
    return within(src, (near) => super.lheading(near));
  }

  override table(src: string) {
    return super.table(firstRows(src));
  }

  /** Reads a long list in parts, because the rule joins an item's lines anew for each lazy line. */
  override list(src: string) {
    const near = src.slice(0, src.lastIndexOf("\n", LIST_PART_CHARS) + 1);
    if (src.length <= LIST_PART_CHARS || !near) return super.list(src);
    const list = super.list(near);
    if (!list || list.raw.length < near.trimEnd().length) return list;
    if (list.items.length === 1) return super.list(firstItem(src));
    list.items.pop();
    list.raw = list.items
      .map((item: Tokens.ListItem) => item.raw)
      .join("")
      .trimEnd();
    return list;
  }
}

const LIST_ITEM = /^( {0,3}(?:[*+-]|\d{1,9}[.)]))(?: {1,4}(?! )| )?/;

/** The first item of a list, with no more lazy lines than the rule can join in time. */
function firstItem(src: string): string {
  const content = LIST_ITEM.exec(src)?.[0].length ?? 0;
  let lazy = 0;
  let wasBlank = false;
  let at = src.indexOf("\n") + 1;
  while (at > 0 && lazy < LAZY_LINES_MAX) {
    const next = src.indexOf("\n", at) + 1;
    const line = src.slice(at, next > 0 ? next : src.length);
    const indent = line.search(/\S/);
    if (indent >= 0 && indent < content) {
      if (wasBlank || LIST_ITEM.test(line)) break;
      lazy++;
    }
    wasBlank = indent < 0;
    at = next;
  }
  return at > 0 ? src.slice(0, at) : src;
}

/** Runs a rule that searches its end in the whole text on the near text only. */
function within<T extends Token>(src: string, rule: (near: string) => T | undefined) {
  const near = src.slice(0, LOOK_AHEAD_CHARS);
  const token = rule(near);
  return token && (token.raw.length < near.length || near.length === src.length)
    ? token
    : undefined;
}

/** The part of the text that one table may take. Each row counts as many cells as the head has. */
function firstRows(src: string): string {
  const head = src.slice(0, src.indexOf("\n") + 1);
  const columns = head.split("|", COLUMNS_MAX + 2).length;
  if (columns > COLUMNS_MAX) return "";
  let end = head.length;
  for (let rows = Math.ceil(CELLS_MAX / columns); rows > 0; rows--) {
    const next = src.indexOf("\n", end);
    if (next < 0 || next === end) return src;
    end = next + 1;
  }
  return src.slice(0, end);
}

export class CarefulLexer extends Lexer {
  private blockDepth = 0;
  private spanDepth = 0;

  constructor(options: MarkedOptions) {
    super({ ...options, tokenizer: new CarefulTokenizer() });
  }

  /** Throws TooSlow when the time is over. */
  lexWithin(text: string, ms: number): TokensList {
    deadline = performance.now() + ms;
    try {
      return this.lex(text);
    } finally {
      deadline = Number.POSITIVE_INFINITY;
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: marked's overloads differ in the list's type only.
  override blockTokens(src: string, tokens: any = [], lastParagraphClipped = false): any {
    if (this.blockDepth >= BLOCK_DEPTH_MAX) {
      if (src) tokens.push({ type: "plain", raw: src, text: src });
      this.state.top = true;
      return tokens;
    }
    this.blockDepth++;
    try {
      return super.blockTokens(src, tokens, lastParagraphClipped);
    } finally {
      this.blockDepth--;
    }
  }

  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
    if (this.spanDepth >= SPAN_DEPTH_MAX) {
      tokens.push({ type: "text", raw: src, text: src, escaped: false });
      return tokens;
    }
    this.spanDepth++;
    try {
      for (const piece of pieces(src)) {
        if (src.length <= PARAGRAPH_MAX_CHARS) super.inlineTokens(piece, tokens);
        else tokens.push({ type: "piece", raw: piece, tokens: super.inlineTokens(piece) });
      }
      return tokens;
    } finally {
      this.spanDepth--;
    }
  }
}

/** The parts of a long paragraph, cut where a line, a sentence or a word ends. */
function* pieces(src: string): Generator<string> {
  let at = 0;
  while (src.length - at > PIECE_CHARS) {
    const piece = src.slice(at, at + PIECE_CHARS);
    const cut = ["\n", ". ", " "]
      .map((mark) => piece.lastIndexOf(mark) + mark.length)
      .find((end) => end > PIECE_CHARS / 2);
    at += cut ?? PIECE_CHARS;
    yield src.slice(at - (cut ?? PIECE_CHARS), at);
  }
  yield src.slice(at);
}
