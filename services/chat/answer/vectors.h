/* Vectors that were made for a program, in rows of their own: one line of items in each. */
#ifndef CHAT_ANSWER_VECTORS_H
#define CHAT_ANSWER_VECTORS_H

#include "chat/answer/log.h"
#include "runtime/db/db.h"

/* Stores the items of a log. In the transaction of its end. */
_must_check_ enum status vectors_store(struct db *db, const struct event_log *log,
				       struct error *reterr);
/* Reads them into an empty log, with the events of a good end. *ret_any false: there are none. */
_must_check_ enum status vectors_read(struct db *db, const char *user_id, const char *id,
				      struct event_log *log, bool *ret_any, struct error *reterr);

#endif
