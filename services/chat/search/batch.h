/* One transaction of indexing. */
#ifndef CHAT_SEARCH_BATCH_H
#define CHAT_SEARCH_BATCH_H

#include "runtime/db/db.h"

/* *ret_more: something was done, so there may be more to do. Where another process is at it, there
 * is nothing. words_max: of one text. errors: those of db. */
_must_check_ enum status search_batch(struct db *db, int64_t words_max, bool *ret_more,
				      struct error *reterr);

#endif
