// The colours of code, found by a worker. Of code that grows the worker reads only the new part, where it can.
import { useEffect, useRef, useState } from "react";
import { CODE_CHUNK_LINES, COLOUR_LINE_MAX_CHARS, COLOUR_MAX_CHARS, COLOUR_MAX_MS } from "./limits";
import { Remembered } from "./remembered";
import { createWorkshop } from "./workshop";

export interface Line {
  /** Pairs of a class, which may be empty, and a text. */
  parts: [string, string][];
  chars: number;
}

export interface ColourJob {
  /** Names the block, so that the worker finds its earlier result. */
  block: string;
  code: string;
  language: string;
  /** Lines of this block that the page has already. */
  lines: number;
}

export interface ColourResult {
  /** The lines from this one on are new or changed. */
  from: number;
  lines: Line[];
}

/** Lines by chunk, as the page shows them. */
type Chunks = Line[][];

const colour = createWorkshop<ColourJob, ColourResult>(
  () => new Worker(new URL("./colour.worker.ts", import.meta.url), { type: "module" }),
  COLOUR_MAX_MS,
);

/** A row that comes back into sight has its colours at once. */
const known = new Remembered<Chunks>();

const NONE: Chunks = [];

let blocks = 0;

export function useColours(code: string, language: string): Chunks {
  const wanted = language !== "" && code.length <= COLOUR_MAX_CHARS;
  const key = `${language}\n${code}`;
  const [coloured, setColoured] = useState<{ code: string; chunks: Chunks; lines: number }>(() => ({
    code: "",
    chunks: NONE,
    lines: 0,
  }));
  const block = useRef("");
  block.current ||= `${++blocks}`;
  const isBusy = useRef(false);
  const remembered = wanted ? known.get(key) : undefined;
  const isDone = !wanted || remembered !== undefined || coloured.code === code;

  useEffect(() => {
    if (isDone || isBusy.current) return;
    isBusy.current = true;
    const goesOn = code.startsWith(coloured.code);
    const job = { block: block.current, code, language, lines: goesOn ? coloured.lines : 0 };
    void colour(job).then((result) => {
      isBusy.current = false;
      const chunks = result ? patched(goesOn ? coloured.chunks : NONE, result) : NONE;
      const lines = result ? result.from + result.lines.length : 0;
      known.set(key, chunks);
      setColoured({ code, chunks, lines });
    });
  }, [isDone, code, language, key, coloured]);

  if (remembered) return remembered;
  return code.startsWith(coloured.code) ? coloured.chunks : NONE;
}

export function hasLongLine(code: string): boolean {
  for (let at = 0; at < code.length; ) {
    const end = code.indexOf("\n", at);
    if ((end < 0 ? code.length : end) - at > COLOUR_LINE_MAX_CHARS) return true;
    if (end < 0) break;
    at = end + 1;
  }
  return false;
}

/** Chunks that did not change stay the same arrays. */
function patched(chunks: Chunks, { from, lines }: ColourResult): Chunks {
  const first = Math.floor(from / CODE_CHUNK_LINES);
  const kept = chunks.slice(0, first);
  const rest = [...(chunks[first] ?? []).slice(0, from - first * CODE_CHUNK_LINES), ...lines];
  for (let at = 0; at < rest.length; at += CODE_CHUNK_LINES) {
    kept.push(rest.slice(at, at + CODE_CHUNK_LINES));
  }
  return kept;
}
