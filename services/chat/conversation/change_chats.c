#include "chat/conversation/conversation.h"
#include "chat/events/events.h"
#include "runtime/base/uuid.h"

#include <inttypes.h>

#define ACTION(name) CHAT__V1__CHANGE_CHATS_REQUEST__ACTION__##name

static bool may_undo(int action)
{
	return action == ACTION(UNDELETE) || action == ACTION(UNARCHIVE);
}

static enum status check(struct rpc_call *call, const Chat__V1__ChangeChatsRequest *req)
{
	int64_t max = chat_of(call)->conf->change_chats_max;
	int given = (req->n_chats > 0) + (*req->change != '\0') + req->all;

	if (req->action == ACTION(ACTION_UNSPECIFIED))
		return rpc_fail_field(call, "field_required", "action", "it says what to do");
	if (given != 1)
		return rpc_fail_field(call, given ? "field_invalid" : "field_required", "chats",
				      "one of chats, change and all says which chats");
	if (*req->change && !may_undo(req->action))
		return rpc_fail_field(call, "field_invalid", "change",
				      "only UNDELETE and UNARCHIVE undo a change");
	if ((int64_t)req->n_chats > max)
		return rpc_fail_field(call, "chats_too_many", "chats",
				      "%zu chats are named, and %" PRId64
				      " may be: change them in several requests",
				      req->n_chats, max);
	return OK;
}

/* The statement of the action, with its parameters in ret. */
static const struct sql *statement(struct rpc_call *call, const Chat__V1__ChangeChatsRequest *req,
				   const char *id, const char *ret[5])
{
	ret[0] = req->n_chats > 0 ? db_param_array(call->arena, (const char *const *)req->chats,
						   req->n_chats)
				  : NULL;
	ret[1] = call->subject;
	ret[2] = *req->change ? req->change : NULL;
	switch (req->action) {
	case ACTION(DELETE):
		ret[2] = id;
		return &sql_chat_change_delete;
	case ACTION(UNDELETE):
		ret[3] = db_param_i64(call->arena, chat_of(call)->conf->bin_lifetime_ms);
		return &sql_chat_change_undelete;
	case ACTION(ARCHIVE):
	case ACTION(UNARCHIVE):
		ret[3] = req->action == ACTION(ARCHIVE) ? "true" : "false";
		ret[4] = *id ? id : NULL;
		return &sql_chat_change_archive;
	case ACTION(ERASE):
		return &sql_chat_change_erase;
	default:
		ret[2] = req->action == ACTION(PIN) ? "true" : "false";
		return &sql_chat_change_pin;
	}
}

enum status chat_v1_change_chats(struct rpc_call *call, const Chat__V1__ChangeChatsRequest *req,
				 Chat__V1__ChangeChatsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *params[5] = {NULL};
	char id[UUID_SIZE] = "";
	const struct sql *sql;
	enum status s = check(call, req);

	if (s != OK)
		return s;
	if (req->action == ACTION(DELETE) || req->action == ACTION(ARCHIVE))
		uuid_v4(id);
	sql = statement(call, req, id, params);
	s = db_query_as(service_db(call), call->subject, sql, params, &rows, &call->err);
	if (s != OK)
		return s;
	resp->changed = db_i32(rows, 0, "changed");
	if (resp->changed > 0) {
		resp->change = arena_strdup(call->arena, id);
		events_tell(call, "chats.changed", "{}");
	}
	return OK;
}
