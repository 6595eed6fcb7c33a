#include "chat/search/query.h"

#include "chat/search/words.h"
#include "runtime/base/buf.h"

#include <string.h>
#include <utf8proc.h>

#define TEXT_BYTES_MAX (1 << 20)

struct making {
	struct arena *arena;
	struct term *terms;
	size_t n, max;
	size_t first;  /* of the group */
	int32_t begin; /* position of its first word */
	bool too_many;
	bool run; /* the word before this one is of the same run of characters */
};

static bool add_word(void *ctx, const struct word *word)
{
	struct making *making = ctx;
	struct term *term;

	/* A run's pairs have all its characters. One character alone is the beginning of a pair. */
	if (word->end && making->run) {
		making->run = false;
		return true;
	}
	making->run = word->pair && !word->end;
	if (making->n == making->max) {
		making->too_many = true;
		return false;
	}
	if (making->n == making->first)
		making->begin = word->position;
	term = &making->terms[making->n++];
	*term = (struct term){
		.text = arena_strdup(making->arena, word->text),
		.len = word->len,
		.offset = word->position - making->begin,
		.prefix = word->end,
	};
	return true;
}

/* Bytes of the space or the quote at p; 0: there is none. */
static size_t space_at(const char *p)
{
	int32_t c;
	utf8proc_ssize_t n;

	if ((unsigned char)*p <= ' ')
		return *p != '\0';
	if ((unsigned char)*p < 0x80)
		return 0;
	n = utf8proc_iterate((const utf8proc_uint8_t *)p, -1, &c);
	return n > 0 && utf8proc_category(c) == UTF8PROC_CATEGORY_ZS ? (size_t)n : 0;
}

static size_t quote_at(const char *p)
{
	if (*p == '"')
		return 1;
	return strncmp(p, "“", 3) == 0 || strncmp(p, "”", 3) == 0 || strncmp(p, "„", 3) == 0 ? 3
											     : 0;
}

/* The end of the words that belong together and begin at p. */
static const char *chunk_end(const char *p, bool quoted)
{
	while (*p && !(quoted ? quote_at(p) : space_at(p) + quote_at(p)))
		p++;
	return p;
}

static void write_group(struct buf *out, const struct group *group)
{
	buf_adds(out, out->len ? " & (" : "(");
	for (size_t i = 0; i < group->n; i++) {
		const struct term *term = &group->terms[i];

		if (i > 0)
			buf_addf(out, " <%d> ", (int)(term->offset - group->terms[i - 1].offset));
		buf_addf(out, "'@%s'%s", term->text, term->prefix ? ":*" : "");
	}
	buf_addc(out, ')');
}

static const char *read_chunk(struct making *making, const char *p, struct query *ret)
{
	size_t quote = quote_at(p);
	const char *begin = p + quote, *end = chunk_end(begin, quote > 0);
	struct group *group = &ret->groups[ret->n];
	size_t len = (size_t)(end - begin);
	bool open = *end == '\0' || (quote == 0 && len > 0 && end[-1] == '*');

	making->first = making->n;
	making->run = false;
	words_split(begin, len, add_word, making);
	if (making->n > making->first) {
		if (open && !making->run && len > 0 && !space_at(end - 1))
			making->terms[making->n - 1].prefix = true;
		*group = (struct group){&making->terms[making->first], making->n - making->first};
		ret->n++;
	}
	return end + (quote ? quote_at(end) : 0);
}

enum status query_read(struct arena *arena, const char *q, int64_t terms_max, struct query *ret,
		       struct error *reterr)
{
	_cleanup_(buf_done) struct buf out;
	struct making making = {.arena = arena, .max = (size_t)terms_max};

	buf_init(&out, TEXT_BYTES_MAX);
	*ret = (struct query){.groups = arena_array(arena, making.max, sizeof *ret->groups)};
	making.terms = arena_array(arena, making.max, sizeof *making.terms);
	if (!ret->groups || !making.terms)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "the query");
	for (const char *p = q; *p && !making.too_many;) {
		size_t space = space_at(p);

		p = space ? p + space : read_chunk(&making, p, ret);
	}
	if (making.too_many)
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "q",
				   "search for at most %lld words at once", (long long)terms_max);
	for (size_t i = 0; i < ret->n; i++)
		write_group(&out, &ret->groups[i]);
	ret->text = arena_strdup(arena, buf_text(&out));
	return OK;
}
