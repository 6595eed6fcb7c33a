/* The ends of answers in the database: text, usage, state, and the call to credits, in one
 * transaction for as many as are due. */
#ifndef CHAT_ANSWER_END_H
#define CHAT_ANSWER_END_H

#include "chat/answer/generation.h"

#define ENDS_MAX OUTBOX_LEAVE_MAX /* of one transaction */

struct end {
	struct end *next;
	struct generation *generation;
	bool alone;         /* it has a transaction of its own */
	const char *source; /* of the token counts; NULL: nothing is charged */
	bool counted;       /* … by us */
	bool begun;         /* … the output alone: the provider told that of the beginning */
	struct usage usage;
	int32_t text_tokens; /* in o200k */
	int64_t cost_microcredits;
	int64_t list_microcredits; /* by the provider's list price; -1: not known */
	enum event_kind last[2];   /* that tell the watchers */
	size_t n_last;
	bool stored;    /* checkpoints may exist */
	bool withdrawn; /* refused: nothing of it stays */
	/* Of the transaction. */
	bool lost; /* the lease is another's */
	int64_t end_us;
	struct family family;
};

/* Whether the row waits for its next round, and does not end. */
bool end_waits(const struct end *end);
/* Stores the ends, and then lets their calls go out. n > 1: none of them is alone. Sorts them. On
 * the crew. */
_must_check_ enum status end_store(struct db *db, struct end **ends, size_t n,
				   struct error *reterr);

#endif
