#include "chat/draft/draft.h"

void draft_read(struct rpc_call *call, char *chat, const PGresult *rows, Chat__V1__Draft *ret)
{
	ret->chat = chat;
	ret->text = db_text(call->arena, rows, 0, "text");
	ret->version = db_i64(rows, 0, "version");
	if (!db_is_null(rows, 0, "update_us"))
		ret->update_time = db_time(call->arena, rows, 0, "update_us");
}

enum status draft_get(struct rpc_call *call, char *chat, Chat__V1__Draft *ret, bool *ret_full)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {
		call->subject, *chat ? chat : NULL,
		db_param_i64(call->arena, chat_of(call)->conf->drafts_per_user)};
	enum status s = db_query_as(service_db(call), call->subject, &sql_draft_get, params, &rows,
				    &call->err);

	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such chat");
	draft_read(call, chat, rows, ret);
	if (ret_full)
		*ret_full = db_bool(rows, 0, "full");
	return OK;
}

enum status chat_v1_get_draft(struct rpc_call *call, const Chat__V1__GetDraftRequest *req,
			      Chat__V1__Draft *resp)
{
	return draft_get(call, req->chat, resp, NULL);
}
