// Every limit of what a text may cost the page. A model's text is input from outside. Beyond a limit the text is shown
// as it is, and nothing of it is lost.

/** Longest text that is read as Markdown, in characters. A message has at most as many bytes (256 KiB). */
export const TEXT_MAX_CHARS = 262_144;

/** The deepest nesting of quotes and lists, and of spans such as bold and links. */
export const BLOCK_DEPTH_MAX = 16;
export const SPAN_DEPTH_MAX = 12;

/** A longer paragraph is read in pieces of this many characters: marked takes time by the square of the length. */
export const PIECE_CHARS = 2_000;

/** A paragraph longer than this is shown in such pieces too. Each is laid out when it comes into sight. */
export const PARAGRAPH_MAX_CHARS = 8_000;

/** Rules that search for the end of a definition, a formula or HTML search so far. In characters. */
export const LOOK_AHEAD_CHARS = 4_000;

/** A longer list is read in parts of this many characters. An item ends after so many lines without its indentation. */
export const LIST_PART_CHARS = 16_000;
export const LAZY_LINES_MAX = 1_000;

/** How long the page reads a text before a worker takes over, in milliseconds. */
export const READ_HERE_MAX_MS = 25;

/** How long a worker may take to read a text, to colour code or to draw a diagram, in milliseconds. */
export const READ_MAX_MS = 1_000;
export const COLOUR_MAX_MS = 1_000;
export const DIAGRAM_MAX_MS = 5_000;

/** The most elements of a message. The text beyond them is plain, in blocks of this many characters. */
export const ELEMENTS_MAX = 6_000;
export const PLAIN_BLOCK_CHARS = 2_000;

/** The longest word without a place to break at, and the distance of such places in a longer one. In characters. */
export const WORD_MAX_CHARS = 300;
export const WORD_PART_CHARS = 60;

/** The most columns and cells of a table. Rows beyond them are text. Short rows count as many cells as the head. */
export const COLUMNS_MAX = 100;
export const CELLS_MAX = 4_000;

/** The longest last block whose open marks ("**bo") are closed while it is written, in characters. */
export const CLOSE_MAX_CHARS = 4_000;

/** Longer code, and code with longer lines, has no colours. In characters. */
export const COLOUR_MAX_CHARS = 262_144;
export const COLOUR_LINE_MAX_CHARS = 5_000;

/** Lines of code in an element. While code grows only the last element changes. */
export const CODE_CHUNK_LINES = 40;

/** The longest formula in characters, its deepest nesting of braces, and the most tokens that its macros may make. */
export const TEX_MAX_CHARS = 2_000;
export const TEX_DEPTH_MAX = 20;
export const TEX_TOKENS_MAX = 4_000;
/** The most expansions of KaTeX's own macros, and the largest length in a formula, in em. */
export const TEX_EXPANSIONS_MAX = 1_000;
export const TEX_SIZE_MAX_EM = 40;

/** How long the page sets formulas before it paints, in milliseconds. */
export const FORMULAS_PER_FRAME_MS = 12;

/** The longest source of a diagram, and its longest picture. In characters. */
export const DIAGRAM_MAX_CHARS = 20_000;
export const PICTURE_MAX_CHARS = 2_000_000;
