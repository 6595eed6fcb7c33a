// Comments that a stranger understands at first reading (CONTRIBUTING.md, Words): no sentence has more than 25 words.
const SENTENCE_WORDS_MAX = 25;

/** A colon and a semicolon end a sentence here: what follows is an idea of its own. Tables and lists are no sentences. */
export function checkSentences(file, text, breach) {
  for (const comment of text.matchAll(/\/\*([\s\S]*?)\*\//g)) {
    const lines = comment[1].replace(/\n[ \t]*\*/g, "\n");
    for (const paragraph of lines.split(/\n\s*\n|\n\s*-\s/)) {
      if (/[|{}]|\S {3,}\S/.test(paragraph)) continue;
      for (const sentence of paragraph.replace(/\s+/g, " ").split(/(?<=[.:;!?])\s+/)) {
        const words = sentence.split(" ").filter((word) => /\w/.test(word)).length;
        if (words > SENTENCE_WORDS_MAX)
          breach(file, text.slice(0, comment.index).split("\n").length, `a sentence of ${words} words, at most ${SENTENCE_WORDS_MAX} may be: "${sentence.trim().slice(0, 60)}…"`);
      }
    }
  }
}
