/* Background answers wait for a provider: a minute, ten, an hour, a day, and are then given up. */
#ifndef CHAT_ANSWER_WAIT_H
#define CHAT_ANSWER_WAIT_H

#include "chat/answer/generation.h"

/* The round of tries failed with err, and another may succeed. In the background it waits, unless it
 * wrote something or has waited often enough; otherwise it fails. snooze_ms: a provider asked for
 * this rest, which is no failure of the answer; 0: none did. */
void wait_or_fail(struct generation *generation, const struct error *err, int64_t snooze_ms);

/* In the transaction of finish.c: the row waits. *ret_lost: the lease is another's. */
_must_check_ enum status wait_store(struct db *db, const struct generation *generation,
				    struct arena *arena, bool *ret_lost, struct error *reterr);
/* … it is over: its last failure, and the mark of its chat. */
_must_check_ enum status wait_end(struct db *db, const struct generation *generation,
				  struct arena *arena, struct error *reterr);
/* … as its last statement: the pages of its user hear of it. */
_must_check_ enum status wait_tell(struct db *db, const struct generation *generation,
				   struct arena *arena, struct error *reterr);

#endif
