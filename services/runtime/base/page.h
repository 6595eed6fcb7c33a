/* Page tokens (AIP-158): where a list goes on, opaque to the client and signed. A token holds the
 * last row's sort key and id, never an offset. Rows that come or go meanwhile are thus neither
 * shown twice nor left out. runtime/service/list.h shows a handler that uses them. */
#ifndef RUNTIME_BASE_PAGE_H
#define RUNTIME_BASE_PAGE_H

#include "runtime/base/arena.h"
#include "runtime/base/status.h"
#include <stdint.h>

#define PAGE_SIZE_DEFAULT 50 /* rows, when the request says 0 */
#define PAGE_SIZE_MAX 100    /* rows; more is cut to this (AIP-158) */
#define PAGE_TOKEN_MAX 512   /* bytes of a token; longer ones are refused unread */
#define PAGE_KEY_MAX 300     /* bytes of sort key and id together */
/* Behind every row of a list from the newest on. The first page begins there: with "IS NULL OR" in
 * its place PostgreSQL would read all rows above each page. */
#define PAGE_FIRST_TIME "infinity"
#define PAGE_FIRST_ID "ffffffff-ffff-ffff-ffff-ffffffffffff"

/* One page of one list. Texts live in the arena given to page_begin. */
struct page {
	int32_t size;     /* rows of this page, 1 … PAGE_SIZE_MAX */
	const char *key;  /* sort key of the last row that the client has; NULL: first page */
	const char *id;   /* and its id; NULL: first page */
	uint8_t list[16]; /* hash of method and filter, for page_next */
};

/* Key that signs tokens, the same on all replicas; copied. Once at start, before other threads
 * run; without it a random one signs, and tokens are good in this process alone. */
void page_set_secret(const char *secret);

/* Reads size and token of a request (token NULL or "": first page).
 * filter: all that chooses the rows, the user included, as text that is equal for equal lists.
 * errors: INVALID_ARGUMENT page_token_mismatch (token of another list or filter),
 *         field_invalid (no token of ours, size < 0). */
_must_check_ enum status page_begin(struct page *ret, struct arena *arena, const char *method,
				    const char *filter, int32_t size, const char *token,
				    struct error *reterr);

/* Where the statement goes on. first: what stands before every row of the list, for the first page. */
static inline const char *page_key(const struct page *page, const char *first)
{
	return page->key ? page->key : first;
}

static inline const char *page_id(const struct page *page, const char *first)
{
	return page->id ? page->id : first;
}

/* Token of the page after the row with this key and id. key: the value as SQL text, so that it
 * comes back exactly. "" past the arena's limit. */
char *page_next(const struct page *page, struct arena *arena, const char *key, const char *id);

#endif
