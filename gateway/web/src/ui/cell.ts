/** The look of a cell of a table. */
export const CELL = "border-b border-line px-3 py-2.5 first:pl-0 last:pr-0";
