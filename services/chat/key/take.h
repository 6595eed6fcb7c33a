/* Uses of keys whose limit all replicas share: counted in the key's row. */
#ifndef CHAT_KEY_TAKE_H
#define CHAT_KEY_TAKE_H

#include "chat/provider/provider.h"
#include "runtime/db/db.h"

struct key_taken {
	struct provider_pick *pick;         /* in the ask; NULL: none has room */
	int64_t wait_us[PROVIDER_KEYS_MAX]; /* of each, then; -1: it may not be used */
};

/* Takes the least used key of the lowest rank that has room in this minute. Blocks. errors: those of
 * db. */
_must_check_ enum status key_take(struct db *db, struct provider_ask *ask, struct key_taken *ret,
				  struct error *reterr);

#endif
