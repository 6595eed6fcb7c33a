// Every limit on what a text may ask of the page. What a model writes is input from outside: beyond a limit its text is
// shown as it is, and nothing of it is lost.

/** Longest text that is read as Markdown, in characters. A message has at most as many bytes (256 KiB). */
export const TEXT_MAX_CHARS = 262_144;

/** Quotes and lists in one another, and spans (bold, links) in one another. */
export const BLOCK_DEPTH_MAX = 16;
export const SPAN_DEPTH_MAX = 12;

/** A longer paragraph is read in pieces of this many characters: marked's rules take time by the square of it. */
export const PIECE_CHARS = 2_000;

/** A longer one is shown in such pieces too, each laid out when it comes into sight. */
export const PARAGRAPH_MAX_CHARS = 8_000;

/** Longest definition, formula or line of HTML that rules look ahead for, in characters. */
export const LOOK_AHEAD_CHARS = 4_000;

/** A longer list is read in parts, in characters, and an item ends after so many lines that lack its indentation. */
export const LIST_PART_CHARS = 16_000;
export const LAZY_LINES_MAX = 1_000;

/** How long the page itself reads a text before a worker takes over, in milliseconds. */
export const READ_HERE_MAX_MS = 25;

/** How long a worker may take to read a text, to colour code or to draw a diagram, in milliseconds. */
export const READ_MAX_MS = 1_000;
export const COLOUR_MAX_MS = 1_000;
export const DIAGRAM_MAX_MS = 5_000;

/** Elements of one message, and characters in one block of plain text beyond them. */
export const ELEMENTS_MAX = 6_000;
export const PLAIN_BLOCK_CHARS = 2_000;

/** Longest word that the browser lays out as one, in characters, and where a longer one may break. */
export const WORD_MAX_CHARS = 300;
export const WORD_PART_CHARS = 60;

/** Columns and cells of one table. What stands below is text: each row is filled up to the columns of the head. */
export const COLUMNS_MAX = 100;
export const CELLS_MAX = 4_000;

/** Longest last block that is closed while it is written ("**bo"), in characters. */
export const CLOSE_MAX_CHARS = 4_000;

/** Longer code stays without colours, in characters, and so do longer lines, which are seldom written by people. */
export const COLOUR_MAX_CHARS = 262_144;
export const COLOUR_LINE_MAX_CHARS = 5_000;

/** Lines of code in one element: what grows is only ever the last of them. */
export const CODE_CHUNK_LINES = 40;

/** Longest formula, in characters; braces in one another; what its own macros may grow to, in tokens. */
export const TEX_MAX_CHARS = 2_000;
export const TEX_DEPTH_MAX = 20;
export const TEX_TOKENS_MAX = 4_000;
/** Expansions of KaTeX's own macros, and the largest length that a formula may ask for, in em. */
export const TEX_EXPANSIONS_MAX = 1_000;
export const TEX_SIZE_MAX_EM = 40;

/** How long formulas may be set before the page is painted again, in milliseconds. */
export const FORMULAS_PER_FRAME_MS = 12;

/** Longest source of a diagram, in characters, and longest picture of it. */
export const DIAGRAM_MAX_CHARS = 20_000;
export const PICTURE_MAX_CHARS = 2_000_000;
