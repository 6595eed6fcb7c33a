#include "chat/answer/vectors.h"

#include "chat/provider/embeddings.h"

#include <string.h>

#define LINE_BYTES (EMBEDDINGS_BYTES_MAX + 4096)
#define ALL_BYTES (1u << 30) /* the limit was kept when they were made */

enum status vectors_store(struct db *db, const struct event_log *log, struct error *reterr)
{
	const char *p = buf_text(&log->items), *end = p + log->items.len, *stop;
	enum status s = OK;

	for (int64_t i = 0; s == OK && p < end; i++, p = stop + 1) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(4096, LINE_BYTES);
		const char *params[] = {log->facts.id, db_param_i64(arena, i), log->facts.user_id,
					NULL};

		stop = memchr(p, '\n', (size_t)(end - p));
		params[3] = arena_strndup(arena, p, (size_t)(stop - p));
		s = db_exec(db, &sql_api_call_item_add, params, NULL, reterr);
	}
	return s;
}

enum status vectors_read(struct db *db, const char *user_id, const char *id, struct event_log *log,
			 bool *ret_any, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 65536);
	enum status s = OK;
	int64_t i = 0;

	log->items.max = ALL_BYTES;
	for (bool more = true; s == OK && more; i++) {
		_cleanup_(PQclearp) PGresult *rows = NULL;
		const char *const params[] = {id, db_param_i64(arena, i)};

		s = db_query_as(db, user_id, &sql_api_call_item_get, params, &rows, reterr);
		more = s == OK && PQntuples(rows) > 0;
		if (more &&
		    !log_add_item(log, db_peek(rows, 0, "item"), strlen(db_peek(rows, 0, "item"))))
			s = error_set(reterr, INTERNAL, "internal_error",
				      "the stored vectors of %s do not fit", id);
	}
	*ret_any = s == OK && log->n_marks > 0;
	if (*ret_any) {
		log_add(log, EVENT_USAGE);
		log_add(log, EVENT_DONE);
	}
	return s;
}
