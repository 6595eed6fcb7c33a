#include "chat/catalogue/current.h"
#include "chat/catalogue/groups.h"
#include "chat/conversation/conversation.h"
#include "chat/message/tree.h"
#include "chat/share/share.h"

#include <inttypes.h>
#include <string.h>

/* A call on its way through the transaction. */
struct copying {
	struct rpc_call *call;
	const char *hash;
	const char *title, *model;
	int32_t messages;
	const char **ids, **jumps; /* of the copies */
	char chat[UUID_SIZE];
	PGresult *rows; /* the chat at the end */
};

/* Makes the ids of a chain, each message with the ancestor that it jumps to. */
static enum status make_chain(struct copying *copying)
{
	struct arena *arena = copying->call->arena;
	size_t n = (size_t)copying->messages;
	struct hop *hops = arena_array(arena, n, sizeof *hops);
	const struct hop **jumps = arena_array(arena, n, sizeof(struct hop *));

	copying->ids = arena_array(arena, n, sizeof *copying->ids);
	copying->jumps = arena_array(arena, n, sizeof *copying->jumps);
	if (!hops || !jumps || !copying->ids || !copying->jumps)
		return rpc_fail(copying->call, RESOURCE_EXHAUSTED, "call_too_large", "%zu messages",
				n);
	for (size_t i = 0; i < n; i++) {
		struct hop way[3] = {0};

		hops[i].depth = (int32_t)i;
		uuid_v7(hops[i].id);
		copying->ids[i] = hops[i].id;
		if (i == 0)
			continue;
		way[0] = hops[i - 1];
		if (jumps[i - 1])
			way[1] = *jumps[i - 1];
		if (jumps[i - 1] && jumps[jumps[i - 1]->depth])
			way[2] = *jumps[jumps[i - 1]->depth];
		jumps[i] = &hops[tree_jump(way)->depth];
		copying->jumps[i] = jumps[i]->id;
	}
	return OK;
}

/* Counts the bytes for the user, whose total the new chat has locked. */
static enum status count(struct db *db, const struct copying *copying, int64_t bytes,
			 struct error *reterr)
{
	const struct chat_conf *conf = chat_of(copying->call)->conf;
	const char *const params[] = {copying->call->subject,
				      db_param_i64(copying->call->arena, bytes)};
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query_one(db, &sql_send_count, params, &rows, reterr);

	if (s == OK && db_i64(rows, 0, "bytes") > conf->user_bytes_max)
		return error_set(reterr, RESOURCE_EXHAUSTED, "storage_full",
				 "your messages take %" PRId64 " MiB, as much as they may: delete "
				 "chats; the bin is emptied from time to time to make room",
				 conf->user_bytes_max >> 20);
	return s;
}

static enum status insert_chat(struct db *db, struct copying *copying, struct error *reterr)
{
	const struct chat_conf *conf = chat_of(copying->call)->conf;
	const char *const params[] = {copying->chat,
				      copying->call->subject,
				      copying->title,
				      copying->model,
				      db_param_i64(copying->call->arena, conf->user_chats_max),
				      NULL};
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query(db, &sql_chat_insert, params, &rows, reterr);

	if (s == OK && PQntuples(rows) == 0)
		return error_set(reterr, RESOURCE_EXHAUSTED, "chats_full",
				 "you have %" PRId64
				 " chats, as many as one may have: delete some; "
				 "the bin is emptied from time to time to make room",
				 conf->user_chats_max);
	return s;
}

static enum status copy_tx(struct db *db, void *ctx, struct error *reterr)
{
	struct copying *copying = ctx;
	struct arena *arena = copying->call->arena;
	size_t n = (size_t)copying->messages;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = insert_chat(db, copying, reterr);

	if (s != OK)
		return s;
	const char *const copy[] = {copying->hash, copying->chat, copying->call->subject,
				    db_param_array(arena, copying->ids, n),
				    db_param_array(arena, copying->jumps, n)};
	s = db_query_one(db, &sql_shared_copy, copy, &rows, reterr);
	if (s == OK && db_i32(rows, 0, "messages") != copying->messages)
		return error_set(reterr, ABORTED, "conflict_retry",
				 "the link was changed meanwhile");
	if (s == OK)
		s = count(db, copying, db_i64(rows, 0, "bytes"), reterr);
	if (s != OK)
		return s;
	const char *const show[] = {copying->chat, db_param_i64(arena, copying->messages),
				    copying->ids[n - 1]};
	PQclear(TAKE_PTR(copying->rows)); /* of a try that met another transaction */
	db_tx_ends(db);
	return db_query_one(db, &sql_shared_copied, show, &copying->rows, reterr);
}

/* Reads what the link shows, without its text. */
static enum status look(struct copying *copying)
{
	struct rpc_call *call = copying->call;
	const struct chat_conf *conf = chat_of(call)->conf;
	const char *const params[] = {copying->hash, "0", "1", "0"};
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query_as(service_db(call), call->subject, &sql_shared_page, params,
				    &rows, &call->err);

	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return share_not_found(call);
	copying->messages = db_i32(rows, 0, "messages");
	copying->title = db_text(call->arena, rows, 0, "title");
	if (copying->messages > conf->chat_messages_max)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "chat_full",
				"it has %" PRId32 " messages, and a chat may have %" PRId64,
				copying->messages, conf->chat_messages_max);
	return OK;
}

enum status chat_v1_continue_shared(struct rpc_call *call,
				    const Chat__V1__ContinueSharedRequest *req,
				    Chat__V1__Chat *resp)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(chat_of(call)->current);
	struct copying copying = {.call = call, .hash = share_hash(call->arena, req->token)};
	const struct model *model;
	enum status s = look(&copying);

	if (s == OK)
		s = model_for(chat_of(call)->groups, catalogue, &call->ctx.subject, "", "", &model,
			      &call->err);
	if (s == OK)
		s = make_chain(&copying);
	if (s != OK)
		return s;
	copying.model = model->id;
	uuid_v7(copying.chat);
	s = db_tx(service_db(call), call->subject, copy_tx, &copying, &call->err);
	if (s == OK)
		chat_read(call->arena, copying.rows, 0, resp);
	PQclear(copying.rows);
	return s;
}
