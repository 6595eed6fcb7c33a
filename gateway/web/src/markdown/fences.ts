// Finds the fenced code in a text that is shown as it is.

interface Fenced {
  isCode: boolean;
  language: string;
  text: string;
}

const OPEN = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]{0,40})[^`]*$/;

/** The parts of a text in their order. A fence that is not closed is text, because people seldom mean it. */
export function fencesOf(text: string): Fenced[] {
  if (!text.includes("```") && !text.includes("~~~")) return [plain(text)];
  const parts: Fenced[] = [];
  const lines = text.split("\n");
  // Closing marks that do not occur any more: they are searched for once.
  const missing = new Set<string>();
  let from = 0;
  for (let at = 0; at < lines.length; at++) {
    const open = OPEN.exec(lines[at]!);
    const mark = open?.[1];
    if (!open || !mark || missing.has(mark)) continue;
    const end = closing(lines, at + 1, mark);
    if (end < 0) {
      missing.add(mark);
      continue;
    }
    if (at > from) parts.push(plain(lines.slice(from, at).join("\n")));
    const code = lines.slice(at + 1, end).join("\n");
    parts.push({ isCode: true, language: open[2] ?? "", text: code });
    from = end + 1;
    at = end;
  }
  if (from < lines.length) parts.push(plain(lines.slice(from).join("\n")));
  if (parts.length === 1) return parts;
  return parts
    .map((part) => (part.isCode ? part : plain(part.text.replace(/^\n+|\n+$/g, ""))))
    .filter((part) => part.isCode || part.text.trim() !== "");
}

function plain(text: string): Fenced {
  return { isCode: false, language: "", text };
}

function closing(lines: string[], from: number, mark: string): number {
  for (let at = from; at < lines.length; at++) {
    const line = lines[at]!.trim();
    if (line.startsWith(mark) && line === mark[0]!.repeat(line.length)) return at;
  }
  return -1;
}
