/* The pieces are those of these regular expressions, read from left to right.
 *
 * cl100k: (?i:'s|'t|'re|'ve|'m|'ll|'d) | [^\r\n\p{L}\p{N}]?\p{L}+ | \p{N}{1,3}
 *         |  ?[^\s\p{L}\p{N}]+[\r\n]* | \s*[\r\n]+ | \s+(?!\S) | \s+
 * o200k:  [^\r\n\p{L}\p{N}]?U*W+(?i:'s|…)? | [^\r\n\p{L}\p{N}]?U+W*(?i:'s|…)? | \p{N}{1,3}
 *         |  ?[^\s\p{L}\p{N}]+[\r\n/]* | \s*[\r\n]+ | \s+(?!\S) | \s+
 *         U is CLASS_UPPER, W is CLASS_LOWER. */
#include "chat/tokens/split.h"

#include <stdbool.h>
#include <string.h>

#define WORD_OR_SPACE (CLASS_LETTER | CLASS_NUMBER | CLASS_SPACE)

struct reader {
	const struct tokens_table *table;
	const char *end;
};

/* The class of the character at p, and its end. A byte that begins no character is one of class 0. */
static inline unsigned class_of(const struct reader *reader, const char *p, const char **after)
{
	const unsigned char *b = (const unsigned char *)p;
	ptrdiff_t room = reader->end - p;
	uint32_t c = b[0];
	ptrdiff_t n = 1;

	if (c < 0x80) {
		*after = p + 1;
		return reader->table->blocks[reader->table->pages[0]][c];
	}
	if (c >= 0xC2 && c < 0xE0 && room >= 2) {
		c = (c & 0x1F) << 6 | (b[1] & 0x3F);
		n = 2;
	} else if (c >= 0xE0 && c < 0xF0 && room >= 3) {
		c = (c & 0x0F) << 12 | (b[1] & 0x3Fu) << 6 | (b[2] & 0x3F);
		n = 3;
	} else if (c >= 0xF0 && c < 0xF5 && room >= 4) {
		c = (c & 0x07) << 18 | (b[1] & 0x3Fu) << 12 | (b[2] & 0x3Fu) << 6 | (b[3] & 0x3F);
		n = 4;
	} else {
		c = 0x10FFFF; /* assigned to nothing */
	}
	*after = p + n;
	if (c > 0x10FFFF)
		c = 0x10FFFF;
	return reader->table->blocks[reader->table->pages[c / TOKENS_PAGE]][c % TOKENS_PAGE];
}

/* The end of a run of characters. Each has a bit of want, unless want is 0, and none of refuse. */
static const char *run(const struct reader *reader, const char *p, unsigned want, unsigned refuse)
{
	const char *after;

	while (p < reader->end) {
		unsigned class = class_of(reader, p, &after);

		if ((want && !(class & want)) || (class & refuse))
			break;
		p = after;
	}
	return p;
}

static bool is(const char *p, char lower)
{
	return (*p | 0x20) == lower;
}

/* The end of 's, 't, 're … at p; p where there is none. Without regard to case U+017F is an s. */
static const char *contraction(const struct reader *reader, const char *p)
{
	ptrdiff_t room = reader->end - p;

	if (room < 2 || *p != '\'')
		return p;
	if (is(p + 1, 's') || is(p + 1, 't') || is(p + 1, 'm') || is(p + 1, 'd'))
		return p + 2;
	if (room < 3)
		return p;
	if ((is(p + 1, 'r') && is(p + 2, 'e')) || (is(p + 1, 'v') && is(p + 2, 'e')) ||
	    (is(p + 1, 'l') && is(p + 2, 'l')) || (p[1] == '\xC5' && p[2] == '\xBF'))
		return p + 3;
	return p;
}

/* U*W+ from p: U* gives back what W+ wants. NULL: no match; then *upper is the end of U*. */
static const char *upper_lower(const struct reader *reader, const char *p, const char **upper)
{
	const char *after, *last = NULL; /* the end of the last character that is both */

	while (p < reader->end) {
		unsigned class = class_of(reader, p, &after);

		if (!(class & CLASS_UPPER)) {
			if (class & CLASS_LOWER)
				return run(reader, p, CLASS_LOWER, 0);
			break;
		}
		p = after;
		if (class & CLASS_LOWER)
			last = p;
	}
	*upper = p;
	return last;
}

/* The end of a word of o200k; text: there is none. first: of the character at text. */
static const char *o200k_word(const struct reader *reader, const char *text, unsigned first,
			      const char *second)
{
	bool prefix = !(first & (CLASS_LETTER | CLASS_NUMBER | CLASS_LINE));
	const char *start = prefix ? second : text, *upper = start, *ignored;
	const char *end = upper_lower(reader, start, &upper);

	if (!end && prefix && (first & CLASS_LOWER))
		end = upper_lower(reader, text, &ignored); /* a mark is a word of its own */
	if (!end && upper > start)
		end = upper;
	return end ? contraction(reader, end) : text;
}

static const char *cl100k_word(const struct reader *reader, const char *text, unsigned first,
			       const char *second)
{
	const char *end;

	if (first & CLASS_LETTER)
		return run(reader, second, CLASS_LETTER, 0);
	end = contraction(reader, text);
	if (end > text || (first & (CLASS_NUMBER | CLASS_LINE)))
		return end;
	end = run(reader, second, CLASS_LETTER, 0);
	return end > second ? end : text;
}

static const char *number(const struct reader *reader, const char *p)
{
	const char *after;

	for (int i = 0; i < 3 && p < reader->end; i++) {
		if (!(class_of(reader, p, &after) & CLASS_NUMBER))
			break;
		p = after;
	}
	return p;
}

/* Signs, a blank before them, and ends of lines behind them; text: there are none. */
static const char *signs(const struct reader *reader, enum tokens_encoding encoding,
			 const char *text)
{
	const char *start = *text == ' ' ? text + 1 : text;
	const char *end = run(reader, start, 0, WORD_OR_SPACE);

	if (end == start)
		return text;
	while (end < reader->end &&
	       (*end == '\r' || *end == '\n' || (*end == '/' && encoding == TOKENS_O200K)))
		end++;
	return end;
}

/* White space up to its last end of line. Without one it leaves its last character to the word
 * behind it. */
static const char *space(const struct reader *reader, const char *text)
{
	const char *p = text, *line = NULL, *last = text, *after;

	while (p < reader->end) {
		unsigned class = class_of(reader, p, &after);

		if (!(class & CLASS_SPACE))
			break;
		last = p;
		p = after;
		if (class & CLASS_LINE)
			line = p;
	}
	if (line)
		return line;
	return p < reader->end && last > text ? last : p;
}

const char *tokens_split(const struct tokens_table *table, enum tokens_encoding encoding,
			 const char *text, const char *end)
{
	const struct reader reader = {table, end};
	const char *second, *at;
	unsigned first = class_of(&reader, text, &second);

	if (first & CLASS_NUMBER)
		return number(&reader, text);
	at = encoding == TOKENS_O200K ? o200k_word(&reader, text, first, second)
				      : cl100k_word(&reader, text, first, second);
	if (at == text)
		at = signs(&reader, encoding, text);
	if (at == text)
		at = space(&reader, text);
	return at > text ? at : second;
}
