#include "chat/message/send.h"

#include <inttypes.h>
#include <string.h>

#define MESSAGES_OF_A_SEND 2 /* question and answer */

static enum status take_chat(const PGresult *rows, int64_t messages_max, struct chat_before *ret,
			     struct error *reterr)
{
	if (PQntuples(rows) == 0)
		return error_set(reterr, NOT_FOUND, "not_found", "there is no such chat");
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

static enum status take_count(const PGresult *rows, int64_t bytes_max, struct error *reterr)
{
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

static void take_place(const PGresult *rows, struct send_place *ret)
{
	ret->running = db_i32(rows, 0, "running");
	ret->siblings = db_i32(rows, 0, "siblings");
	ret->known = db_is_null(rows, 0, "parent_id") || !db_is_null(rows, 0, "depth");
	if (db_is_null(rows, 0, "depth"))
		return;
	ret->depth = db_i32(rows, 0, "depth") + 1;
	snprintf(ret->hops[0].id, UUID_SIZE, "%s", db_peek(rows, 0, "parent_id"));
	ret->hops[0].depth = ret->depth - 1;
	read_hop(rows, "jump_id", "jump_depth", &ret->hops[1]);
	read_hop(rows, "jump2_id", "jump2_depth", &ret->hops[2]);
	read_hop(rows, "jump3_id", "jump3_depth", &ret->hops[3]);
}

enum status send_look(struct db *db, const struct send_ask *ask, struct chat_before *ret_before,
		      struct send_place *ret_place, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const chat_params[] = {ask->chat};
	const char *const count_params[] = {ask->user_id, db_param_i64(arena, ask->bytes)};
	const char *const params[] = {*ask->parent ? ask->parent : NULL, ask->chat, ask->user_id,
				      db_param_i64(arena, ask->running_max)};
	_cleanup_(db_ask_done) struct db_ask chat = {&sql_send_chat, chat_params, NULL};
	_cleanup_(db_ask_done) struct db_ask count = {&sql_send_count, count_params, NULL};
	enum status s;

	db_ahead(db, &chat);
	db_ahead(db, &count);
	s = db_query_one(db, &sql_send_place, params, &rows, reterr);
	if (s == OK)
		s = take_chat(chat.rows, ask->messages_max, ret_before, reterr);
	if (s == OK)
		s = take_count(count.rows, ask->bytes_max, reterr);
	if (s == OK)
		take_place(rows, ret_place);
	return s;
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
