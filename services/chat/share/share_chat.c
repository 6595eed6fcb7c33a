#include "chat/share/share.h"
#include "runtime/base/text.h"

#include <inttypes.h>
#include <string.h>

/* A call on its way through the transaction. */
struct sharing {
	struct rpc_call *call;
	const Chat__V1__ShareChatRequest *req;
	const char *audience, *author, *expire_time; /* NULL: never */
	char id[UUID_SIZE];                          /* of the share */
	int32_t messages;                            /* of the snapshot */
	int64_t bytes;
	char leaf[UUID_SIZE];
	PGresult *rows; /* the share at the end */
};

static enum status check_size(const struct sharing *sharing, struct error *reterr)
{
	const struct chat_conf *conf = chat_of(sharing->call)->conf;

	if (sharing->messages == 0)
		return error_set(reterr, FAILED_PRECONDITION, "share_empty",
				 "the chat shows no message that could be shared yet");
	if (sharing->messages > conf->share_messages_max)
		return error_set(reterr, RESOURCE_EXHAUSTED, "share_too_large",
				 "the branch has %" PRId32 " messages; a link may have %" PRId64
				 ": share a shorter branch, or export the chat",
				 sharing->messages, conf->share_messages_max);
	if (sharing->bytes > conf->share_bytes_max)
		return error_set(reterr, RESOURCE_EXHAUSTED, "share_too_large",
				 "the branch has %" PRId64 " KiB of text; a link may have %" PRId64
				 ": share a shorter branch, or export the chat",
				 sharing->bytes >> 10, conf->share_bytes_max >> 10);
	return OK;
}

/* Counts what the user shares beside this chat, and no other transaction does meanwhile. */
static enum status check_user(struct db *db, const struct sharing *sharing, struct error *reterr)
{
	const struct chat_conf *conf = chat_of(sharing->call)->conf;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const user[] = {sharing->call->subject};
	const char *const params[] = {sharing->call->subject, sharing->req->chat};
	_cleanup_(db_ask_done) struct db_ask lock = {&sql_share_lock, user, NULL};
	enum status s;

	db_ahead(db, &lock);
	s = db_query_one(db, &sql_share_owner, params, &rows, reterr);
	if (s != OK)
		return s;
	if (db_i32(rows, 0, "shares") >= conf->shares_per_user)
		return error_set(reterr, RESOURCE_EXHAUSTED, "shares_full",
				 "you have %" PRId64 " links, as many as one may have: end some in "
				 "the settings",
				 conf->shares_per_user);
	if (db_i64(rows, 0, "bytes") + sharing->bytes > conf->share_bytes_per_user)
		return error_set(reterr, RESOURCE_EXHAUSTED, "shares_full",
				 "your links would have more than %" PRId64
				 " MiB of text, which is as much as they may: end some in the "
				 "settings",
				 conf->share_bytes_per_user >> 20);
	return OK;
}

static enum status measure(struct db *db, struct sharing *sharing, const char *leaf,
			   struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {sharing->req->chat, leaf};
	enum status s = db_query_one(db, &sql_share_measure, params, &rows, reterr);

	if (s != OK)
		return s;
	sharing->messages = db_i32(rows, 0, "messages");
	sharing->bytes = db_i64(rows, 0, "bytes");
	snprintf(sharing->leaf, UUID_SIZE, "%s", db_peek(rows, 0, "leaf_id"));
	s = check_size(sharing, reterr);
	return s == OK ? check_user(db, sharing, reterr) : s;
}

static enum status take_snapshot(struct db *db, struct sharing *sharing, const char *leaf,
				 struct error *reterr)
{
	struct arena *arena = sharing->call->arena;
	const char *chat = sharing->req->chat, *user = sharing->call->subject;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	uint8_t salt[SHARE_SALT_SIZE];
	char token[SHARE_TOKEN_SIZE], id[UUID_SIZE];
	enum status s = measure(db, sharing, leaf, reterr);

	if (s != OK)
		return s;
	uuid_v7(id);
	random_bytes(salt, sizeof salt);
	share_token(chat_of(sharing->call)->conf, salt, token);
	const char *const keep[] = {id,
				    chat,
				    user,
				    db_param_bytes(arena, salt, sizeof salt),
				    share_hash(arena, token),
				    sharing->audience,
				    sharing->author,
				    sharing->expire_time,
				    db_param_i64(arena, sharing->messages),
				    db_param_i64(arena, sharing->bytes),
				    sharing->leaf};
	s = db_query_one(db, &sql_share_keep, keep, &rows, reterr);
	if (s != OK)
		return s;
	snprintf(sharing->id, UUID_SIZE, "%s", db_peek(rows, 0, "id"));
	const char *const fill[] = {chat, leaf, sharing->id, user};

	s = db_exec(db, &sql_share_empty, (const char *const[]){sharing->id}, NULL, reterr);
	return s == OK ? db_exec(db, &sql_share_fill, fill, NULL, reterr) : s;
}

static enum status set_terms(struct db *db, struct sharing *sharing, const PGresult *chat,
			     struct error *reterr)
{
	const char *const params[] = {sharing->id, sharing->audience, sharing->author,
				      sharing->expire_time};

	if (db_is_null(chat, 0, "share_id"))
		return error_set(reterr, NOT_FOUND, "not_found", "the chat has no link");
	snprintf(sharing->id, UUID_SIZE, "%s", db_peek(chat, 0, "share_id"));
	return db_exec(db, &sql_share_terms, params, NULL, reterr);
}

static enum status share_tx(struct db *db, void *ctx, struct error *reterr)
{
	struct sharing *sharing = ctx;
	const Chat__V1__ShareChatRequest *req = sharing->req;
	_cleanup_(PQclearp) PGresult *chat = NULL;
	const char *const params[] = {req->chat, sharing->expire_time};
	enum status s = db_query(db, &sql_share_chat, params, &chat, reterr);

	if (s != OK)
		return s;
	if (PQntuples(chat) == 0)
		return error_set(reterr, NOT_FOUND, "not_found", "there is no such chat");
	if (db_bool(chat, 0, "past"))
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "expire_time",
				   "a link cannot end in the past");
	if (req->keep_snapshot)
		s = set_terms(db, sharing, chat, reterr);
	else
		s = take_snapshot(db, sharing,
				  db_is_null(chat, 0, "leaf_id") ? NULL
								 : db_peek(chat, 0, "leaf_id"),
				  reterr);
	if (s != OK)
		return s;
	PQclear(TAKE_PTR(sharing->rows)); /* of a try that met another transaction */
	db_tx_ends(db);
	return db_query_one(db, &sql_share_get, (const char *const[]){sharing->id}, &sharing->rows,
			    reterr);
}

/* One line without what turns the direction of the text around it. */
static enum status author_read(struct rpc_call *call, const char *author, const char **ret)
{
	for (const char *p = author; *p; p++) {
		if ((unsigned char)*p < ' ')
			return rpc_fail_field(call, "field_invalid", "author",
					      "a name is one line of text");
	}
	*ret = text_line(call->arena, author);
	return OK;
}

enum status chat_v1_share_chat(struct rpc_call *call, const Chat__V1__ShareChatRequest *req,
			       Chat__V1__ShareChatResponse *resp)
{
	const struct chat_conf *conf = chat_of(call)->conf;
	bool signed_in = req->audience == CHAT__V1__SHARE__AUDIENCE__SIGNED_IN;
	struct sharing sharing = {
		.call = call,
		.req = req,
		.audience = signed_in ? "SIGNED_IN" : "EVERYBODY",
		.expire_time = db_param_time(call->arena, req->expire_time),
	};
	enum status s = author_read(call, req->author, &sharing.author);

	if (s == OK)
		s = db_tx(service_db(call), call->subject, share_tx, &sharing, &call->err);
	if (s == OK)
		resp->share = arena_alloc(call->arena, sizeof *resp->share);
	if (s == OK && !resp->share)
		s = rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "a link");
	if (s == OK) {
		share_read(conf, call->arena, sharing.rows, 0, resp->share);
		resp->url = resp->share->url;
		resp->token = *resp->url ? resp->url + strlen(SHARE_PATH) : resp->url;
	}
	PQclear(sharing.rows);
	return s;
}
