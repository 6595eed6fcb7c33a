/* Asks providers for their models, again and again, and puts the catalogue with them in place. It
 * has a thread of its own: a server that is down at start is found when it comes. */
#ifndef CHAT_CATALOGUE_DISCOVERY_H
#define CHAT_CATALOGUE_DISCOVERY_H

#include "chat/catalogue/current.h"
#include "chat/chat.h"

struct discovery;

/* Prices are kept through pool. Nothing is asked before the first catalogue. */
struct discovery *discovery_start(struct db_pool *pool, const struct chat_conf *conf,
				  struct current *current, int32_t wait_ms);
/* Waits for a question under way, a few seconds at most. */
void discovery_stop(struct discovery *discovery);

/* Puts the file's catalogue in place, with the last answers of its providers, and asks them anew.
 * Takes the caller's reference. Any thread. errors: those of db; then everything is as before. */
_must_check_ enum status discovery_take(struct discovery *discovery, struct catalogue *base,
					struct error *reterr);

#endif
