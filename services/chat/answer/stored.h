/* Logs that were stored: the checkpoints of what runs, or the row of what ended. */
#ifndef CHAT_ANSWER_STORED_H
#define CHAT_ANSWER_STORED_H

#include "chat/answer/log.h"

/* The checkpoints of the newest attempt that wrote anything. NULL: none did. user_id: under row
 * level security; NULL: of anybody. */
_must_check_ enum status stored_pieces(struct db *db, const char *user_id, const char *id,
				       size_t bytes_max, struct event_log **ret,
				       struct error *reterr);
/* The whole log of a generation that ended: row 0 of generation_watch. Its vectors are read from db
 * for user_id. */
_must_check_ enum status stored_whole(struct db *db, const char *user_id, const struct facts *facts,
				      const PGresult *rows, struct event_log **ret,
				      struct error *reterr);

#endif
