// Colours code. At the end of a line no string or comment may be open: code before such a place is never read again. So
// a block of 3,000 lines costs no more per line than a short one.
import highlighter from "highlight.js/lib/common";
import type { ColourJob, ColourResult, Line } from "./colours";

interface Known {
  language: string;
  /** Code whose colours are final, to the end of a line. */
  settled: string;
  settledLines: number;
}

/** highlight.js hands its emitter the words and the scopes around them. */
class Emitter {
  lines: Line[] = [{ parts: [], chars: 0 }];
  private scopes: string[] = [];

  addText(text: string): void {
    const name = this.scopes.findLast((scope) => scope !== "") ?? "";
    for (const [index, part] of text.split("\n").entries()) {
      if (index > 0) this.lines.push({ parts: [], chars: 0 });
      if (!part) continue;
      const line = this.lines.at(-1)!;
      line.chars += part.length;
      const last = line.parts.at(-1);
      if (last?.[0] === name) last[1] += part;
      else line.parts.push([name, part]);
    }
  }
  startScope(name: string): void {
    this.scopes.push(className(name));
  }
  endScope(): void {
    this.scopes.pop();
  }
  openNode(name: string): void {
    this.startScope(name);
  }
  closeNode(): void {
    this.endScope();
  }
  __addSublanguage(emitter: Emitter): void {
    for (const [index, line] of emitter.lines.entries()) {
      if (index > 0) this.lines.push({ parts: [], chars: 0 });
      const last = this.lines.at(-1)!;
      last.parts.push(...line.parts);
      last.chars += line.chars;
    }
  }
  finalize(): void {}
  toHTML(): string {
    return "";
  }
}

/** As highlight.js names them for its themes: "title.function" is "hljs-title function_". */
function className(scope: string): string {
  if (scope.startsWith("language:")) return "";
  const [first, ...rest] = scope.split(".");
  return [`hljs-${first}`, ...rest.map((part, index) => part + "_".repeat(index + 1))].join(" ");
}

highlighter.configure({
  __emitter: Emitter as unknown as NonNullable<
    Parameters<typeof highlighter.configure>[0]["__emitter"]
  >,
});

/** Blocks whose beginning is remembered. */
const KNOWN_MAX = 20;
const known = new Map<string, Known>();

function read(code: string, language: string): { lines: Line[]; isSettled: boolean } {
  const { _emitter, _top } = highlighter.highlight(code, { language, ignoreIllegals: true });
  const top = _top as { parent?: unknown } | undefined;
  return { lines: (_emitter as unknown as Emitter).lines, isSettled: !top?.parent };
}

function colour({ block, code, language, lines: had }: ColourJob): ColourResult | undefined {
  if (!highlighter.getLanguage(language)) return undefined;
  let state = known.get(block);
  if (state?.language !== language || !code.startsWith(state.settled) || had < state.settledLines) {
    state = { language, settled: "", settledLines: 0 };
  }
  const from = state.settledLines;
  const wholeLines = code.slice(state.settled.length, code.lastIndexOf("\n") + 1);
  const whole = read(wholeLines, language);
  const rest = code.slice(state.settled.length + wholeLines.length);
  whole.lines.pop(); // The last line end begins no line.
  let lines: Line[];
  if (whole.isSettled) {
    lines = [...whole.lines, ...read(rest, language).lines];
    state.settled += wholeLines;
    state.settledLines += whole.lines.length;
  } else {
    lines = read(wholeLines + rest, language).lines;
  }
  known.delete(block);
  known.set(block, state);
  if (known.size > KNOWN_MAX) known.delete(known.keys().next().value!);
  return { from, lines };
}

addEventListener("message", ({ data }: MessageEvent<ColourJob>) => {
  let result: ColourResult | undefined;
  try {
    result = colour(data);
  } catch {
    // A grammar failed: the code stays without colours.
  }
  postMessage(result);
});
postMessage("ready");
