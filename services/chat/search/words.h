/* The words of a text, for the index, for queries and for highlights. Texts are compared without
 * case, width and most diacritics (NFKC, case folding). Han, Kana, Hangul, Thai and their like put
 * no spaces between words. Such scripts give pairs of neighbouring characters, and the last
 * character of each run. */
#ifndef CHAT_SEARCH_WORDS_H
#define CHAT_SEARCH_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORD_BYTES_MAX 60 /* the rest of a longer word does not count */

struct word {
	char text[WORD_BYTES_MAX + 1]; /* letters, numbers and symbols only */
	size_t len;
	size_t from, to;  /* bytes of the source that it stands for */
	size_t first_to;  /* end of the first of a pair's characters; that of other words: to */
	int32_t position; /* the first word has 1 */
	bool pair;        /* of characters, or the last character of a run */
	bool end;         /* the last character of a run */
};

/* False: enough was read. */
typedef bool word_fn(void *ctx, const struct word *word);

/* text: UTF-8; other bytes divide words. */
void words_split(const char *text, size_t len, word_fn *fn, void *ctx);

#endif
