#include "chat/answer/stored.h"

#include "chat/answer/vectors.h"

#include <string.h>

#define ARENA_BYTES (64u << 20) /* the marks of one row */

static enum status damaged(const char *id, struct error *reterr)
{
	return error_set(reterr, INTERNAL, "internal_error", "the stored events of %s do not fit",
			 id);
}

static bool decode(struct event_log *log, const PGresult *rows, int row)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, ARENA_BYTES);
	struct log_piece piece = {
		.text = db_peek(rows, row, "text"),
		.reasoning = db_peek(rows, row, "reasoning"),
		.items = db_peek(rows, row, "items"),
	};

	piece.marks = db_bytes(arena, rows, row, "marks", &piece.n);
	return piece.marks && log_decode(log, &piece);
}

enum status stored_pieces(struct db *db, const char *user_id, const char *id, size_t bytes_max,
			  struct event_log **ret, struct error *reterr)
{
	_cleanup_(log_unrefp) struct event_log *log = NULL;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {id};
	enum status s;

	s = user_id ? db_query_as(db, user_id, &sql_generation_pieces, params, &rows, reterr)
		    : db_query(db, &sql_generation_pieces, params, &rows, reterr);
	if (s != OK || PQntuples(rows) == 0)
		return s;
	log = log_new(db_i32(rows, 0, "epoch"), bytes_max);
	for (int row = 0; row < PQntuples(rows); row++) {
		if (!decode(log, rows, row))
			return damaged(id, reterr);
	}
	*ret = TAKE_PTR(log);
	return OK;
}

enum status stored_whole(struct db *db, const char *user_id, const struct facts *facts,
			 const PGresult *rows, struct event_log **ret, struct error *reterr)
{
	_cleanup_(log_unrefp) struct event_log *log =
		log_new(facts->attempt, 2 * strlen(db_peek(rows, 0, "text")) +
						2 * strlen(db_peek(rows, 0, "reasoning")) +
						2 * strlen(db_peek(rows, 0, "items")));

	bool vectors = false;
	enum status s = OK;

	if (!*facts->chat_id && facts->state == CHAT__V1__GENERATION__STATE__DONE &&
	    log->text.max == 0)
		s = vectors_read(db, user_id, facts->id, log, &vectors, reterr);
	if (s != OK)
		return s;
	if (!vectors && !decode(log, rows, 0))
		return damaged(facts->id, reterr);
	log->facts = *facts;
	family_read(&log->facts.family, rows, 0);
	snprintf(log->facts.asked_model, sizeof log->facts.asked_model, "%s",
		 db_peek(rows, 0, "asked_model"));
	log->ended = true;
	*ret = TAKE_PTR(log);
	return OK;
}
