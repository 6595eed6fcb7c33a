/* Cuts a JSON text that comes in pieces into the elements of its array, or takes it as one when it
 * is an object. An element is found by its brackets and strings alone, so that a damaged one does
 * not take the others along. Linear, and without recursion. */
#ifndef CHAT_TRANSFER_SPLIT_H
#define CHAT_TRANSFER_SPLIT_H

#include "runtime/base/buf.h"
#include "runtime/base/status.h"

struct split {
	struct buf text; /* of the element */
	int64_t at;      /* bytes that were read */
	int64_t depth;   /* of brackets in the element */
	bool list;       /* the text is an array */
	bool begun;      /* … or began as another value */
	bool in_string, escaped;
	bool too_large; /* the element is longer than its limit: its beginning is kept */
	bool over;      /* the list was closed */
};

enum split_end {
	SPLIT_MORE,    /* all bytes are used */
	SPLIT_ELEMENT, /* text has an element */
	SPLIT_NO_JSON, /* neither a list nor an object */
};

/* element_bytes_max: longer elements are cut. resumed: the text goes on behind an element of a
 * list that begins `at` bytes after its beginning. */
void split_init(struct split *split, size_t element_bytes_max, int64_t at);
void split_done(struct split *split);
/* Takes bytes up to the end of an element. *ret_used: how many. */
enum split_end split_feed(struct split *split, const char *data, size_t len, size_t *ret_used);
/* The element was read: makes room for the next one. */
void split_next(struct split *split);
/* Whether an element was begun and not ended. */
bool split_is_inside(const struct split *split);

#endif
