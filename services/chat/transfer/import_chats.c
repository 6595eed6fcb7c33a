#include "chat/catalogue/current.h"
#include "chat/catalogue/groups.h"
#include "chat/transfer/import.h"
#include "google/api/httpbody.pb-c.h"

#include <inttypes.h>
#include <string.h>

#define ROW_BYTES_MAX (2 * IMPORT_PIECE_BYTES + 4096) /* a piece in hex */

struct arrival {
	const struct chat_conf *conf;
	const char *user, *model;
	char import[UUID_SIZE];
	int64_t size, offset;
	const uint8_t *data;
	size_t len;
	bool complete; /* out: the file has all its bytes */
};

/* ---------------------------------------------------------------- a new one */

static enum status check_load(const PGresult *rows, const struct arrival *arrival,
			      struct error *reterr)
{
	if (db_i64(rows, 0, "mine") >= arrival->conf->imports_per_user)
		return error_set(reterr, RESOURCE_EXHAUSTED, "imports_full",
				 "%" PRId64 " imports of yours are not over, as many as may be: "
				 "wait for one or cancel it",
				 db_i64(rows, 0, "mine"));
	if (db_i64(rows, 0, "bytes") + arrival->size > arrival->conf->imports_bytes_max)
		return error_set(reterr, UNAVAILABLE, "imports_busy",
				 "many files wait to be read: try again soon");
	return OK;
}

static enum status create(struct db *db, void *ctx, struct error *reterr)
{
	const struct arrival *arrival = ctx;
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const user[] = {arrival->user};
	const char *const params[] = {arrival->import, arrival->user,
				      db_param_i64(arena, arrival->size), arrival->model};
	const char *const kept[] = {arrival->user,
				    db_param_i64(arena, arrival->conf->imports_kept)};
	enum status s = db_exec(db, &sql_import_lock, user, NULL, reterr);

	if (s == OK)
		s = db_query_one(db, &sql_import_load, user, &rows, reterr);
	if (s == OK)
		s = check_load(rows, arrival, reterr);
	if (s == OK)
		s = db_exec(db, &sql_import_forget, kept, NULL, reterr);
	if (s == OK)
		s = db_exec(db, &sql_import_insert, params, NULL, reterr);
	return s;
}

/* The model of the chats' next answers is the user's first one. */
static enum status begin(struct rpc_call *call, struct arrival *arrival)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(chat_of(call)->current);
	const struct model *model;
	struct db *db;
	enum status s;

	if (arrival->size > arrival->conf->import_bytes_max)
		return rpc_fail(call, INVALID_ARGUMENT, "import_too_large",
				"the file has %" PRId64 " bytes and may have %" PRId64
				": export fewer chats",
				arrival->size, arrival->conf->import_bytes_max);
	if (arrival->size == 0 || arrival->offset != 0)
		return rpc_fail_field(call, "field_invalid", arrival->size ? "offset" : "body",
				      arrival->size ? "the first piece begins at 0"
						    : "the file is empty");
	s = model_for(chat_of(call)->groups, catalogue, &call->ctx.subject, "", "", &model,
		      &call->err);
	if (s == OK)
		s = chat_worker_take(call, &db);
	if (s != OK)
		return s;
	arrival->model = model->id;
	uuid_v7(arrival->import);
	s = db_tx(db, NULL, create, arrival, &call->err);
	chat_worker_give(call, db);
	return s;
}

/* ---------------------------------------------------------------- a piece */

static enum status add_rows(struct db *db, const struct arrival *arrival, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, ROW_BYTES_MAX);
	enum status s = OK;

	for (size_t at = 0; s == OK && at < arrival->len; at += IMPORT_PIECE_BYTES) {
		size_t rest = arrival->len - at;
		size_t len = rest < IMPORT_PIECE_BYTES ? rest : IMPORT_PIECE_BYTES;

		arena_reset(arena);
		const char *const params[] = {
			arrival->import, db_param_i64(arena, arrival->offset + (int64_t)at),
			arrival->user, db_param_bytes(arena, arrival->data + at, len)};
		s = db_exec(db, &sql_import_add, params, NULL, reterr);
	}
	return s;
}

static enum status check_place(const PGresult *rows, const struct arrival *arrival,
			       struct error *reterr)
{
	int64_t end = arrival->offset + (int64_t)arrival->len;

	if (PQntuples(rows) == 0)
		return error_set(reterr, NOT_FOUND, "not_found", "there is no such import");
	if (end > db_i64(rows, 0, "size"))
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "offset",
				   "the file ends at %" PRId64 ", and this piece at %" PRId64,
				   db_i64(rows, 0, "size"), end);
	if (arrival->offset > db_i64(rows, 0, "received"))
		return error_set(reterr, FAILED_PRECONDITION, "import_gap",
				 "the next piece begins at %" PRId64, db_i64(rows, 0, "received"));
	return OK;
}

static enum status take_piece(struct db *db, void *ctx, struct error *reterr)
{
	struct arrival *arrival = ctx;
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	int64_t end = arrival->offset + (int64_t)arrival->len;
	const char *const id[] = {arrival->import};
	const char *const received[] = {arrival->import, db_param_i64(arena, end)};
	enum status s = db_query(db, &sql_import_open, id, &rows, reterr);

	if (s == OK)
		s = check_place(rows, arrival, reterr);
	if (s != OK)
		return s;
	arrival->complete = end == db_i64(rows, 0, "size");
	if (end <= db_i64(rows, 0, "received"))
		return OK; /* it came before */
	if (strcmp(db_peek(rows, 0, "state"), "UPLOADING") != 0)
		return error_set(reterr, FAILED_PRECONDITION, "import_over",
				 "the import takes no more pieces");
	if (arrival->offset < db_i64(rows, 0, "received"))
		return error_set(reterr, FAILED_PRECONDITION, "import_gap",
				 "the next piece begins at %" PRId64, db_i64(rows, 0, "received"));
	s = add_rows(db, arrival, reterr);
	return s == OK ? db_exec(db, &sql_import_received, received, NULL, reterr) : s;
}

enum status chat_v1_import_chats(struct rpc_call *call, const Chat__V1__ImportChatsRequest *req,
				 Chat__V1__Import *resp)
{
	struct arrival arrival = {
		.conf = chat_of(call)->conf,
		.user = call->subject,
		.offset = req->offset,
		.data = req->body ? req->body->data.data : NULL,
		.len = req->body ? req->body->data.len : 0,
	};
	enum status s = OK;

	arrival.size = req->size ? req->size : (int64_t)arrival.len;
	snprintf(arrival.import, UUID_SIZE, "%s", req->import);
	if (!*req->import)
		s = begin(call, &arrival);
	if (s == OK)
		s = db_tx(service_db(call), call->subject, take_piece, &arrival, &call->err);
	if (s != OK)
		return s;
	if (arrival.complete)
		imports_wake(chat_of(call)->imports);
	return import_get(call, arrival.import, resp);
}
