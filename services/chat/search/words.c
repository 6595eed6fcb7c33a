#include "chat/search/words.h"

#include "runtime/base/cleanup.h"

#include <string.h>
#include <utf8proc.h>

#define CLUSTER_MAX 32 /* code points of a character with its marks; further ones begin another */
#define FOLDED_MAX 640 /* what they become: one code point gives at most 18 */
#define IS_ASCII(c) ((unsigned char)(c) < 0x80)

struct span {
	int32_t from, to;
};

/* Scripts that are written without spaces between words; Hangul's words carry endings. */
static const struct span pair_scripts[] = {
	{0x0e00, 0x0eff},   /* Thai, Lao */
	{0x1000, 0x109f},   /* Myanmar */
	{0x1100, 0x11ff},   /* Hangul */
	{0x1780, 0x17ff},   /* Khmer */
	{0x3005, 0x3007},   /* marks that repeat, zero */
	{0x3040, 0x30ff},   /* Kana */
	{0x3130, 0x318f},   /* Hangul */
	{0x31f0, 0x31ff},   /* Kana */
	{0x3400, 0x4dbf},   /* Han */
	{0x4e00, 0x9fff},   /* Han */
	{0xac00, 0xd7ff},   /* Hangul */
	{0xf900, 0xfaff},   /* Han */
	{0x20000, 0x3ffff}, /* Han */
};

/* Marks without which a word is the same. Those of Kana, Thai and Indic scripts are letters. */
static const struct span diacritics[] = {
	{0x0300, 0x036f}, {0x0591, 0x05c7}, {0x0610, 0x061a}, {0x064b, 0x065f}, {0x0670, 0x0670},
	{0x06d6, 0x06ed}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe20, 0xfe2f},
};

/* Letters with a stroke and the like, which Unicode does not decompose. */
struct stroke {
	int32_t letter;
	const char *plain;
};

static const struct stroke strokes[] = {
	{0x00e6, "ae"}, {0x00f0, "d"}, {0x00f8, "o"}, {0x00fe, "th"}, {0x0111, "d"},
	{0x0127, "h"},  {0x0131, "i"}, {0x0142, "l"}, {0x0153, "oe"}, {0x0167, "t"},
};

static bool within(const struct span *spans, size_t n, int32_t c)
{
	for (size_t i = 0; i < n && c >= spans[i].from; i++) {
		if (c <= spans[i].to)
			return true;
	}
	return false;
}

enum kind { BETWEEN, LETTER, PAIR, SYMBOL };

static enum kind kind_of(int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return within(pair_scripts, ARRAY_SIZE(pair_scripts), c) ? PAIR : LETTER;
	case UTF8PROC_CATEGORY_SO: /* emoji */
		return c >= 0x2190 ? SYMBOL : BETWEEN;
	default:
		return BETWEEN;
	}
}

struct reading {
	word_fn *fn;
	void *ctx;
	int32_t position; /* of the last word */
	bool enough;
	struct word word; /* of letters; len 0: none has begun */
	bool begun;       /* a run, with this character so far */
	char last[4];
	size_t last_len, last_from, last_to;
};

static void give(struct reading *reading, struct word *word)
{
	word->text[word->len] = '\0';
	word->position = ++reading->position;
	if (!reading->enough)
		reading->enough = !reading->fn(reading->ctx, word);
}

static void end_word(struct reading *reading)
{
	struct word *word = &reading->word;

	if (word->len == 0)
		return;
	word->first_to = word->to;
	give(reading, word);
	word->len = 0;
}

static void end_run(struct reading *reading)
{
	struct word word = {.pair = true, .end = true};

	if (!reading->begun)
		return;
	memcpy(word.text, reading->last, reading->last_len);
	word.len = reading->last_len;
	word.from = reading->last_from;
	word.to = word.first_to = reading->last_to;
	give(reading, &word);
	reading->begun = false;
}

static void add_letter(struct reading *reading, const char *text, size_t len, size_t from,
		       size_t to)
{
	struct word *word = &reading->word;

	if (word->len == 0)
		word->from = from;
	word->to = to;
	if (word->len + len <= WORD_BYTES_MAX) {
		memcpy(word->text + word->len, text, len);
		word->len += len;
	}
}

static void add_to_run(struct reading *reading, const char *text, size_t len, size_t from,
		       size_t to)
{
	struct word word = {.pair = true};

	if (reading->begun) {
		memcpy(word.text, reading->last, reading->last_len);
		memcpy(word.text + reading->last_len, text, len);
		word.len = reading->last_len + len;
		word.from = reading->last_from;
		word.first_to = reading->last_to;
		word.to = to;
		give(reading, &word);
	}
	memcpy(reading->last, text, len);
	reading->begun = true;
	reading->last_len = len;
	reading->last_from = from;
	reading->last_to = to;
}

static void add(struct reading *reading, int32_t c, size_t from, size_t to)
{
	char text[4];
	size_t len = (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)text);
	enum kind kind = kind_of(c);

	if (kind != LETTER)
		end_word(reading);
	if (kind != PAIR)
		end_run(reading);
	if (kind == LETTER) {
		for (size_t i = 0; i < ARRAY_SIZE(strokes); i++) {
			if (strokes[i].letter != c)
				continue;
			add_letter(reading, strokes[i].plain, strlen(strokes[i].plain), from, to);
			return;
		}
		add_letter(reading, text, len, from, to);
	} else if (kind == PAIR) {
		add_to_run(reading, text, len, from, to);
	} else if (kind == SYMBOL) {
		add_letter(reading, text, len, from, to);
		end_word(reading);
	}
}

static void add_ascii(struct reading *reading, char c, size_t at)
{
	char lower = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;

	end_run(reading);
	if ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9'))
		add_letter(reading, &lower, 1, at, at + 1);
	else
		end_word(reading);
}

/* Vowels and finals of Hangul become one syllable with what stands before. */
static bool joins(int32_t c)
{
	utf8proc_category_t category = utf8proc_category(c);

	return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
	       category == UTF8PROC_CATEGORY_ME || (c >= 0x1160 && c <= 0x11ff) || c == 0x200d ||
	       c == 0xff9e || c == 0xff9f;
}

/* The end of the character at `at`, with all its marks. */
static size_t cluster_end(const char *text, size_t len, size_t at)
{
	size_t n = 0;

	while (at < len && n < CLUSTER_MAX) {
		int32_t c;
		utf8proc_ssize_t bytes = utf8proc_iterate((const utf8proc_uint8_t *)text + at,
							  (utf8proc_ssize_t)(len - at), &c);

		if (n > 0 && (bytes <= 0 || !joins(c)))
			break;
		if (bytes <= 0)
			return at + 1;
		at += (size_t)bytes;
		n++;
	}
	return at;
}

static void add_cluster(struct reading *reading, const char *text, size_t from, size_t to)
{
	static const utf8proc_option_t fold = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
					      UTF8PROC_CASEFOLD | UTF8PROC_IGNORE | UTF8PROC_STABLE;
	static const utf8proc_option_t compose = UTF8PROC_COMPOSE | UTF8PROC_STABLE;
	utf8proc_int32_t folded[FOLDED_MAX];
	utf8proc_ssize_t n, kept = 0;

	n = utf8proc_decompose((const utf8proc_uint8_t *)text + from, (utf8proc_ssize_t)(to - from),
			       folded, FOLDED_MAX, fold);
	if (n < 0 || n > FOLDED_MAX) { /* no UTF-8 */
		end_word(reading);
		end_run(reading);
		return;
	}
	for (utf8proc_ssize_t i = 0; i < n; i++) {
		if (!within(diacritics, ARRAY_SIZE(diacritics), folded[i]))
			folded[kept++] = folded[i];
	}
	n = kept > 1 ? utf8proc_normalize_utf32(folded, kept, compose) : kept;
	for (utf8proc_ssize_t i = 0; i < n; i++)
		add(reading, folded[i], from, to);
}

void words_split(const char *text, size_t len, word_fn *fn, void *ctx)
{
	struct reading reading = {.fn = fn, .ctx = ctx};

	for (size_t at = 0; at < len && !reading.enough;) {
		size_t to = at + 1;

		if (IS_ASCII(text[at]) && (to == len || IS_ASCII(text[to]))) {
			add_ascii(&reading, text[at], at);
		} else {
			to = cluster_end(text, len, at);
			add_cluster(&reading, text, at, to);
		}
		at = to;
	}
	end_word(&reading);
	end_run(&reading);
}
