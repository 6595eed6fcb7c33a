/* What a reader searches for. Words stand alone or in groups: a phrase in quotes, or words that
 * stand together without a space. A text must have all groups. */
#ifndef CHAT_SEARCH_QUERY_H
#define CHAT_SEARCH_QUERY_H

#include "runtime/base/arena.h"
#include "runtime/base/status.h"

#include <stdint.h>

struct term {
	const char *text;
	size_t len;
	int32_t offset; /* from the first word of its group */
	bool prefix;    /* words that begin so count */
};

struct group {
	const struct term *terms;
	size_t n;
};

struct query {
	struct group *groups;
	size_t n;
	/* A tsquery in which an @ stands before each word; "": nothing can be found. */
	const char *text;
};

/* The last word counts as a beginning unless a space or a quote follows it, and so does a word
 * before an asterisk. All in the arena. errors: INVALID_ARGUMENT field_invalid: more words. */
_must_check_ enum status query_read(struct arena *arena, const char *q, int64_t terms_max,
				    struct query *ret, struct error *reterr);

#endif
