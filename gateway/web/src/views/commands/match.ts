// Finds titles by their words. Letters must stand together: "187" does not find 1-8-7.

/** The worth of a hit, the best first. 0 is no hit. */
const EXACT = 5;
const BEGINS = 4;
const WORDS = 3;
const BEGINNINGS = 2;
const WITHIN = 1;

/** The text without case, accents and width, for comparisons. */
function plain(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLocaleLowerCase()
    .replace(/\s+/g, " ")
    .trim();
}

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** How well the title fits the query. Every word of the query must occur in it. */
export function rank(title: string, query: string): number {
  const [all, wanted] = [plain(title), plain(query)];
  if (wanted === "") return WITHIN;
  if (all === wanted) return EXACT;
  if (new RegExp(`^${escaped(wanted)}(?![\\p{L}\\p{N}])`, "u").test(all)) return BEGINS;
  const [has, needs] = [wordsOf(all), wordsOf(wanted)];
  if (needs.length === 0) return all.includes(wanted) ? WITHIN : 0;
  if (needs.every((need) => has.includes(need))) return WORDS;
  if (needs.every((need) => has.some((word) => word.startsWith(need)))) return BEGINNINGS;
  // A single letter occurs within nearly every title, but a single ideograph is a word.
  return needs.every((need) => !/^[a-z0-9]$/.test(need) && all.includes(need)) ? WITHIN : 0;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The beginning of an id. It has eight digits and a dash at least, so that numbers and words are not taken for one. */
const ID = /^[0-9a-f]{8}-[0-9a-f-]{0,27}$/i;

/** The hits, the best first. Equally good ones keep their order. */
export function search<T extends { id: string; title: string }>(all: T[], query: string): T[] {
  const wanted = query.trim();
  if (ID.test(wanted)) return all.filter(({ id }) => id.startsWith(wanted.toLowerCase()));
  return all
    .map((one) => ({ one, worth: rank(one.title, wanted) }))
    .filter(({ worth }) => worth > 0)
    .sort((a, b) => b.worth - a.worth)
    .map(({ one }) => one);
}
