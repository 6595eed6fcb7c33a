// Snippets of a search: U+0002 begins and U+0003 ends each match.

/** The parts of a snippet; those that match are marked. */
export function partsOf(snippet: string): { text: string; match: boolean }[] {
  const [before = "", ...rest] = snippet.split("\u0002");
  const parts = rest.flatMap((part) => {
    const [match = "", after = ""] = part.split("\u0003");
    return [
      { text: match, match: true },
      { text: after, match: false },
    ];
  });
  return [{ text: before, match: false }, ...parts].filter(({ text }) => text !== "");
}
