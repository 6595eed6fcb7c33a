#include "chat/search/snippet.h"

#include "chat/search/words.h"
#include "runtime/base/buf.h"

#include <string.h>

#define FOUND_MAX 1024 /* words that are looked at for one text */
#define LEAD_BYTES 60  /* before the first match */
#define TEXT_BYTES_MAX (1 << 20)

/* A word of the text that is one of the query's. */
struct found {
	const struct term *term;
	int32_t position;
	size_t from, to;
};

struct range {
	size_t from, to, group;
};

struct finding {
	const struct query *query;
	struct found *found;
	size_t n;
};

static bool matches(const struct term *term, const struct word *word)
{
	return (term->prefix ? word->len >= term->len : word->len == term->len) &&
	       memcmp(word->text, term->text, term->len) == 0;
}

static bool look_at(void *ctx, const struct word *word)
{
	struct finding *finding = ctx;

	for (size_t g = 0; g < finding->query->n; g++) {
		const struct group *group = &finding->query->groups[g];

		for (size_t i = 0; i < group->n && finding->n < FOUND_MAX; i++) {
			if (!matches(&group->terms[i], word))
				continue;
			/* A single character is the beginning of a pair. */
			finding->found[finding->n++] = (struct found){
				.term = &group->terms[i],
				.position = word->position,
				.from = word->from,
				.to = word->pair && word->len > group->terms[i].len ? word->first_to
										    : word->to,
			};
		}
	}
	return finding->n < FOUND_MAX;
}

/* Where the group goes on that begins with this word; its end, or 0: it is not whole. */
static size_t whole(const struct finding *finding, size_t at, const struct group *group)
{
	int32_t begin = finding->found[at].position;
	size_t end = finding->found[at].to, next = 1;

	for (size_t i = at; i < finding->n && next < group->n; i++) {
		const struct found *one = &finding->found[i];

		if (one->position > begin + group->terms[next].offset)
			return 0;
		if (one->position == begin + group->terms[next].offset &&
		    one->term == &group->terms[next]) {
			end = one->to;
			next++;
		}
	}
	return next == group->n ? end : 0;
}

static size_t find_ranges(const struct finding *finding, struct range *ret)
{
	size_t n = 0;

	for (size_t at = 0; at < finding->n; at++) {
		for (size_t g = 0; g < finding->query->n; g++) {
			const struct group *group = &finding->query->groups[g];
			size_t end;

			if (finding->found[at].term != group->terms)
				continue;
			end = whole(finding, at, group);
			if (end > 0)
				ret[n++] = (struct range){finding->found[at].from, end, g};
		}
	}
	return n;
}

/* The first range from which on most groups are near. */
static size_t best_range(const struct range *ranges, size_t n, size_t n_groups)
{
	size_t best = 0, most = 0;

	for (size_t i = 0; i < n && most < n_groups; i++) {
		uint64_t seen = 0;

		for (size_t k = i; k < n && ranges[k].to <= ranges[i].from + SNIPPET_BYTES; k++)
			seen |= 1ULL << (ranges[k].group % 64);
		if ((size_t)__builtin_popcountll(seen) > most) {
			most = (size_t)__builtin_popcountll(seen);
			best = i;
		}
	}
	return best;
}

static bool is_rest(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static bool is_space(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

/* The beginning of a word, or else of a character, at most LEAD_BYTES before `at`. */
static size_t begin_before(const char *text, size_t at)
{
	size_t begin = at > LEAD_BYTES ? at - LEAD_BYTES : 0;

	if (begin == 0)
		return 0;
	for (size_t i = begin; i < at; i++) {
		if (is_space(text[i]))
			return i + 1;
	}
	while (begin < at && is_rest(text[begin]))
		begin++;
	return begin;
}

static size_t end_after(const char *text, size_t len, size_t at)
{
	if (at >= len)
		return len;
	for (size_t i = at; i > at - LEAD_BYTES / 2; i--) {
		if (is_space(text[i]))
			return i;
	}
	while (at < len && is_rest(text[at]))
		at++;
	return at;
}

/* One line of text[from … to), in which the ranges are marked. */
static void write_line(struct buf *out, const char *text, size_t from, size_t to,
		       const struct range *ranges, size_t n)
{
	size_t marked = 0; /* until here */
	bool space = true;

	for (size_t at = from, r = 0; at < to; at++) {
		for (; r < n && ranges[r].from <= at; r++) {
			if (ranges[r].to <= at || ranges[r].from < from)
				continue;
			if (marked <= at)
				buf_addc(out, '\2');
			marked = ranges[r].to > marked ? ranges[r].to : marked;
		}
		if (!is_space(text[at]))
			buf_addc(out, text[at]);
		else if (!space)
			buf_addc(out, ' ');
		space = is_space(text[at]);
		if (marked == at + 1)
			buf_addc(out, '\3');
	}
}

char *snippet_make(struct arena *arena, const struct query *query, const char *text)
{
	size_t len = strlen(text), n, best, begin = 0, end;
	struct finding finding = {query, arena_array(arena, FOUND_MAX, sizeof(struct found)), 0};
	struct range *ranges = arena_array(arena, FOUND_MAX, sizeof *ranges);
	_cleanup_(buf_done) struct buf out;

	if (!finding.found || !ranges)
		return (char *)"";
	buf_init(&out, TEXT_BYTES_MAX);
	words_split(text, len, look_at, &finding);
	n = find_ranges(&finding, ranges);
	best = best_range(ranges, n, query->n);
	if (n > 0)
		begin = begin_before(text, ranges[best].from);
	end = begin + SNIPPET_BYTES;
	if (n > 0 && end < ranges[best].to)
		end = ranges[best].to;
	end = end_after(text, len, end);
	if (begin > 0)
		buf_adds(&out, "…");
	write_line(&out, text, begin, end, ranges, n);
	if (end < len)
		buf_adds(&out, "…");
	return arena_strdup(arena, buf_text(&out));
}
