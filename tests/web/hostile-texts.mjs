// Texts that once blanked the page or held it up for seconds, and similar ones. A model's text is input from outside.
// The unit tests of the page parse these texts at many sizes, and the stories show them in a browser.

/** Constructs of Markdown, each a function of the text's length in characters. */
export const CONSTRUCTS = {};

/** A construct that repeats `unit` between a beginning and an end. */
function repeated(name, unit, before = "", after = "") {
  CONSTRUCTS[name] = (length) => {
    const times = Math.max(1, Math.floor((length - before.length - after.length) / unit.length));
    return before + unit.repeat(times) + after;
  };
}

/** A construct that is nested: `open` n times, then `close` n times. */
function nested(name, open, close, middle = "a") {
  CONSTRUCTS[name] = (length) => {
    const times = Math.max(1, Math.floor((length - middle.length) / (open.length + close.length)));
    return open.repeat(times) + middle + close.repeat(times);
  };
}

/** A construct with each line indented one step deeper than the line before. */
function stairs(name, line, step) {
  CONSTRUCTS[name] = (length) => {
    let text = "";
    for (let depth = 0; text.length < length; depth++) text += `${step.repeat(depth)}${line}\n`;
    return text.slice(0, length);
  };
}

// Inline, as one line or paragraph.
for (const [name, unit] of Object.entries({
  "one capital letter": "A",
  "one small letter": "a",
  "no space, mixed": "aB3",
  words: "word ",
  "short lines": "ab\n",
  spaces: " ",
  "spaces and letters": "a            ",
  tabs: "\t",
  "carriage returns": "\r",
  nul: "\0",
  emoji: "👩‍👩‍👧‍👦",
  combining: "a\u0301\u0301\u0301",
  "right to left": "שלום ",
  "bidi overrides": "\u202e a",
  "lone surrogates": "\ud800 ",
  stars: "*",
  "stars and letters": "*a",
  "strong and letters": "**a",
  "em, closed": "*a* ",
  "em and strong": "*a **b ",
  "stars between punctuation": "*.*,",
  underscores: "_",
  "underscores and letters": "_a",
  "words with underscores": "a_b_",
  tildes: "~",
  "tildes and letters": "~a",
  "del, open": "~~a ",
  "mixed emphasis": "*_~a",
  backticks: "`",
  "backticks apart": "` ",
  "code spans": "`a` ",
  "code spans, growing": "`a``b```c",
  "backslashes": "\\",
  "escaped stars": "\\*",
  "open brackets": "[",
  "closed brackets": "]",
  "empty brackets": "[]",
  "open links": "[a](",
  "open links, closed once": "[a](b",
  "links": "[a](b) ",
  "links without text": "[](b) ",
  "open titles": '[a](b "c ',
  "open angle addresses": "[a](<b",
  "parentheses in addresses": "[a](((",
  "references": "[a][b] ",
  "open references": "[a][",
  "images": "![a](b) ",
  "open images": "![",
  "images in links": "[![a](b)](c) ",
  "less than": "<",
  "open tags": "<a ",
  "tags": "<b>a</b> ",
  "open attributes": '<a b="',
  "many attributes": " a=b",
  "open comments": "<!--",
  "instructions": "<?a ",
  "declarations": "<!A ",
  "cdata": "<![CDATA[",
  "details": "<details>",
  "kbd": "<kbd>a",
  "sub and sup": "<sub>a<sup>",
  "open autolinks": "<http://a",
  "addresses": "http://a.b ",
  "one address": "http://a.",
  "address of dots": "www.",
  "addresses with parentheses": "http://a.b/(",
  "address and punctuation": "http://a.b/?!.,",
  "mail, open": "a@",
  "mail": "a@b.c ",
  "mail of dots": "a.b.c",
  "mail with dashes": "a@b-",
  "protocols": "mailto:a@b",
  "ampersands": "&",
  "entities": "&amp;",
  "open entities": "&a",
  "numbers as entities": "&#x41;",
  dollars: "$",
  "dollars apart": "$ ",
  "open dollars": "$a ",
  "dollars and digits": "$1",
  "formulas": "$a_1$ ",
  "formulas of two dollars": "$$a$$ ",
  "open parentheses of formulas": "\\(",
  "formulas in parentheses": "\\(a\\) ",
  "open brackets of formulas": "\\[",
  "footnotes": "[^1] ",
  "open footnotes": "[^",
  "breaks": "a  \n",
  "escaped breaks": "a\\\n",
  "pipes": "|",
  "colons": ":",
  "dashes": "-",
  "equals": "=",
  "hashes": "#",
  "exclamation marks": "!",
  "everything": "*_`[<!$~\\(&|>#-a@",
})) {
  repeated(`inline: ${name}`, unit);
}

// Inline, after a beginning that changes how the rest is read.
repeated("inline: a link around everything", "[", "[a", "](b)");
repeated("inline: a many-attribute tag, open", " a=b", "<a");
repeated("inline: a many-attribute tag, closed", " a=b", "<a", ">");
repeated("inline: one formula, open", "a", "$$");
repeated("inline: one formula of braces", "{", "$$", "$$");
repeated("inline: one formula of balanced braces", "{}", "$$", "$$");
repeated("inline: one long code span", "a ", "`", "`");
repeated("inline: one open code span", "a ", "`");
repeated("inline: one long strong", "a ", "**", "**");
repeated("inline: one long address", "a", "http://");
repeated("inline: one long mail address", "a", "", "@b.c");
repeated("inline: one long title", "a ", '[a](b "', '")');
repeated("inline: one long open title", "a ", '[a](b "');
repeated("inline: one entity", "a", "&");

nested("nested: em", "*a ", " a*");
nested("nested: strong", "**a ", " a**");
nested("nested: em of underscores", "_a ", " a_");
nested("nested: del", "~~a ", " a~~");
nested("nested: brackets", "[", "]");
nested("nested: links", "[", "](b)");
nested("nested: images", "![", "](b)");
nested("nested: references", "[", "][a]");
nested("nested: parentheses of a link", "[a](", ")");
nested("nested: code spans", "`` ", " ``");
nested("nested: tags", "<b>", "</b>");
nested("nested: details", "<details><summary>a</summary>\n\n", "\n\n</details>\n\n");
nested("nested: kbd", "<kbd>", "</kbd>");
nested("nested: sup", "a<sup>", "</sup>");
nested("nested: fractions", "\\frac{1}{", "}");
CONSTRUCTS["nested: fractions in a formula"] = (length) =>
  `$$${CONSTRUCTS["nested: fractions"](length - 4)}$$`;
CONSTRUCTS["nested: braces in a formula"] = (length) => {
  const times = Math.max(1, Math.floor((length - 4) / 2));
  return `$$${"{".repeat(times)}${"}".repeat(times)}$$`;
};

// Blocks.
for (const [name, unit] of Object.entries({
  "paragraphs": "a\n\n",
  "paragraphs of two lines": "a\nb\n\n",
  "blank lines": "\n",
  "quotes on one line": "> ",
  "quote marks": ">",
  "quotes": "> a\n",
  "quotes apart": "> a\n\n",
  "quotes and lazy lines": "> a\nb\n",
  "deep quotes and lazy lines": "> > > > > > > > a\nb\n",
  "quotes of lists": "> - ",
  "lists on one line": "- ",
  "ordered lists on one line": "1. ",
  "stars as lists on one line": "* ",
  "items": "- a\n",
  "items with breaks": "- a\n\n",
  "items of two kinds": "- a\n* b\n",
  "ordered items": "1. a\n",
  "tasks": "- [ ] a\n",
  "items of code": "- ```\n  a\n",
  "items and lazy lines": "- a\nb\n",
  "items and underlines": "- a\n===\n",
  "headings": "# a\n",
  "open headings": "#\n",
  "underlined headings": "a\n---\n",
  "underlines": "===\n",
  "rules": "---\n",
  "rules of stars": "* * *\n",
  "fences": "```\na\n```\n",
  "fences of languages": "```js\nlet a = 1;\n```\n",
  "open fences": "```a\n",
  "tilde fences": "~~~\n",
  "growing fences": "```\n````\n",
  "indented code": "    a\n",
  "indented code and blank lines": "    a\n\n",
  "table heads": "|a|b|\n|-|-|\n",
  "table rows": "|a|b|\n",
  "html": "<div>a</div>\n",
  "html and blank lines": "<div>\n\n",
  "html comments": "<!-- a\n",
  "html of pre": "<pre>\n",
  "open definitions": "[a]: ",
  "definitions": "[a]: b\n",
  "definitions with open titles": '[a]: b "c\n',
  "definitions with labels of one kind": "[a\n",
  "footnote definitions": "[^1]: a\n",
  "formulas": "$$\na\n$$\n\n",
  "open formulas": "$$\na\n",
  "open formulas apart": "$$\na\n\n",
  "formulas in brackets": "\\[\na\n\\]\n",
  "open formulas in brackets": "\\[ a\n\n",
  "mermaid": "```mermaid\ngraph TD; A-->B\n```\n",
})) {
  repeated(`block: ${name}`, unit);
}
repeated("block: a table of many rows", "| 1 | 2 |\n", "| a | b |\n|---|---|\n");
repeated("block: a long code block", "let a = [1, 'b', /c/]; // d\n", "```js\n", "```\n");
repeated("block: an open code block", "let a = [1, 'b', /c/]; // d\n", "```js\n");
repeated("block: code of one line", "a(", "```js\n", "\n```\n");
repeated("block: code of backticks", "`${", "```js\n", "\n```\n");
repeated("block: code of angle brackets", "<a ", "```html\n", "\n```\n");
repeated("block: code of quotes", '"', "```json\n", "\n```\n");
repeated("block: code of stars", "*a", "```markdown\n", "\n```\n");
CONSTRUCTS["block: a table of many columns"] = (length) => {
  const columns = Math.max(1, Math.floor((length - 8) / 6));
  return `|${"a|".repeat(columns)}\n|${"-|".repeat(columns)}\n|${"b|".repeat(columns)}\n`;
};
CONSTRUCTS["block: a table that fills up rows"] = (length) => {
  const columns = Math.max(1, Math.floor(Math.sqrt(length) / 3));
  const head = `|${"a|".repeat(columns)}\n|${"-|".repeat(columns)}\n`;
  return head + "|b\n".repeat(Math.max(1, Math.floor((length - head.length) / 3)));
};
stairs("stairs: lists", "- a", "  ");
stairs("stairs: ordered lists", "1. a", "   ");
stairs("stairs: quotes", "> a", "> ");
stairs("stairs: fences in lists", "- ```", "  ");
stairs("stairs: spaces", "a", " ");

/** The texts of the reports, with which the page failed. */
export const REPORTED = {
  "2,000 quote marks": ">".repeat(2000),
  "2,000 lists in one another": "- ".repeat(2000),
  "300 fractions in one another": `$$${"\\frac{1}{".repeat(300)}1${"}".repeat(300)}$$`,
  "2,000 braces in a formula": `$$${"{".repeat(2000)}x${"}".repeat(2000)}$$`,
  "20 KB of an open formula": `$$${"x + y ".repeat(3400)}`,
  "20 KB of open formulas": "$$ ".repeat(6800),
  "3,000 open links": "[a](".repeat(3000),
  "20,000 times the same capital letter": "A".repeat(20_000),
};
