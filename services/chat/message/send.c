#include "chat/message/send.h"

#include <inttypes.h>
#include <string.h>

#define MESSAGES_OF_A_SEND 2 /* question and answer */

enum status send_chat(struct db *db, const char *chat, int64_t messages_max,
		      struct chat_before *ret, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {chat};
	enum status s = db_query_one(db, &sql_send_chat, params, &rows, reterr);

	if (s != OK)
		return s;
	if (db_i32(rows, 0, "messages") + MESSAGES_OF_A_SEND > messages_max)
		return error_set(reterr, RESOURCE_EXHAUSTED, "chat_full",
				 "the chat has %" PRId32 " messages, as many as one may have: "
				 "go on in a new chat",
				 db_i32(rows, 0, "messages"));
	snprintf(ret->id, UUID_SIZE, "%s", db_peek(rows, 0, "id"));
	snprintf(ret->leaf, UUID_SIZE, "%s", db_peek(rows, 0, "leaf_id"));
	snprintf(ret->model, sizeof ret->model, "%s", db_peek(rows, 0, "model"));
	snprintf(ret->update_time, sizeof ret->update_time, "%s", db_peek(rows, 0, "update_text"));
	ret->untitled = db_bool(rows, 0, "untitled");
	return OK;
}

enum status send_count(struct db *db, const char *user_id, int64_t bytes, int64_t bytes_max,
		       struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {user_id, db_param_i64(arena, bytes)};
	enum status s = db_query_one(db, &sql_send_count, params, &rows, reterr);

	if (s != OK)
		return s;
	if (db_i64(rows, 0, "bytes") > bytes_max)
		return error_set(reterr, RESOURCE_EXHAUSTED, "storage_full",
				 "your messages take %" PRId64 " MiB, as much as they may: "
				 "delete chats; the bin is emptied from time to time to make room",
				 bytes_max >> 20);
	return OK;
}

static void read_hop(const PGresult *rows, const char *id, const char *depth, struct hop *ret)
{
	snprintf(ret->id, UUID_SIZE, "%s", db_peek(rows, 0, id));
	ret->depth = db_i32(rows, 0, depth);
}

enum status send_place(struct db *db, const char *chat, const char *parent, const char *user_id,
		       int64_t running_max, struct send_place *ret, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {*parent ? parent : NULL, chat, user_id,
				      db_param_i64(arena, running_max), *parent ? parent : chat};
	enum status s = db_query_one(db, &sql_send_place, params, &rows, reterr);

	if (s != OK)
		return s;
	ret->running = db_i32(rows, 0, "running");
	ret->siblings = db_i32(rows, 0, "siblings");
	ret->known = !*parent || !db_is_null(rows, 0, "depth");
	if (!*parent || !ret->known)
		return OK;
	ret->depth = db_i32(rows, 0, "depth") + 1;
	snprintf(ret->hops[0].id, UUID_SIZE, "%s", parent);
	ret->hops[0].depth = ret->depth - 1;
	read_hop(rows, "jump_id", "jump_depth", &ret->hops[1]);
	read_hop(rows, "jump2_id", "jump2_depth", &ret->hops[2]);
	read_hop(rows, "jump3_id", "jump3_depth", &ret->hops[3]);
	return OK;
}

enum status send_place_check(const struct send_place *place, int64_t siblings_max,
			     struct error *reterr)
{
	if (!place->known)
		return error_field(reterr, INVALID_ARGUMENT, "parent_unknown", "parent",
				   "the chat has no such message");
	if (place->siblings >= siblings_max)
		return error_field(reterr, RESOURCE_EXHAUSTED, "siblings_full", "parent",
				   "%" PRId32 " messages stand in this place, as many as may: "
				   "write below one of them, or begin a new chat",
				   place->siblings);
	return OK;
}
