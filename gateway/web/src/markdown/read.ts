// The blocks of a text. The page reads them when it is quick, and a worker when it is not.
import type { Token } from "marked";
import { useEffect, useMemo, useRef, useState } from "react";
import type remend from "remend";
import { limited } from "./elements";
import { lazyPart } from "./lazy";
import { CLOSE_MAX_CHARS, READ_HERE_MAX_MS, READ_MAX_MS } from "./limits";
import { lex, type Parsed, parseOn } from "./parse";
import { Remembered } from "./remembered";
import { createWorkshop } from "./workshop";

const useRemend = lazyPart(() => import("remend"));

const readByWorker = createWorkshop<string, Token[]>(
  () => new Worker(new URL("./read.worker.ts", import.meta.url), { type: "module" }),
  READ_MAX_MS * 2,
);

/** A row that comes back into sight is not read again. */
const known = new Remembered<Token[]>();

/** While an answer is written, reading takes at most one part in so many of the time. */
const BUSY_SHARE = 4;

export function useBlocks(text: string, writing: boolean): Token[] {
  const parsed = useRef<Parsed>(undefined);
  const notBefore = useRef(0);
  const [read, setRead] = useState<{ text: string; blocks: Token[] }>();
  const [, wake] = useState(0);
  const close = useRemend(writing)?.default;

  const isEarly = writing && performance.now() < notBefore.current;
  const now = useRef(text);
  if (!isEarly) now.current = text;
  const shown = now.current;

  const { blocks, againAt } = useMemo(() => {
    const remembered = writing ? undefined : known.get(shown);
    const began = performance.now();
    parsed.current = remembered
      ? { text: shown, blocks: remembered, hasDefinition: true }
      : parseOn(parsed.current, shown, READ_HERE_MAX_MS);
    notBefore.current = began + (performance.now() - began) * BUSY_SHARE;
    return parsed.current;
  }, [shown, writing]);

  // A text that came too early is shown soon, even when no other follows.
  useEffect(() => {
    if (!isEarly) return;
    const ms = notBefore.current - performance.now() + 2;
    const timer = setTimeout(() => wake((n) => n + 1), ms);
    return () => clearTimeout(timer);
  }, [isEarly]);

  const isSlow = !writing && againAt !== undefined;
  useEffect(() => {
    if (writing) return;
    if (!isSlow) {
      known.set(shown, blocks);
      return;
    }
    let isWanted = true;
    void readByWorker(shown).then((found) => {
      const end = found ?? [{ type: "plain", raw: shown, text: shown }];
      known.set(shown, end);
      if (isWanted) setRead({ text: shown, blocks: end });
    });
    return () => {
      isWanted = false;
    };
  }, [writing, isSlow, shown, blocks]);

  return useMemo(() => {
    const found = isSlow && read?.text === shown ? read.blocks : blocks;
    return limited(writing && close ? closeLast(found, close) : found);
  }, [blocks, close, isSlow, read, shown, writing]);
}

/** Closes open marks: "**bold" is shown bold at once, without stars that vanish later. */
function closeLast(blocks: Token[], close: typeof remend): Token[] {
  const last = blocks.at(-1);
  if (!last || !["paragraph", "heading", "list", "blockquote", "table"].includes(last.type)) {
    return blocks;
  }
  if (last.raw.length > CLOSE_MAX_CHARS) return blocks;
  const closed = close(last.raw, { linkMode: "text-only" });
  return closed === last.raw ? blocks : [...blocks.slice(0, -1), ...lex(closed)];
}
