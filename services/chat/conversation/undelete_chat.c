#include "chat/conversation/conversation.h"

enum status chat_v1_undelete_chat(struct rpc_call *call, const Chat__V1__UndeleteChatRequest *req,
				  Chat__V1__Chat *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {
		req->chat, db_param_i64(call->arena, chat_of(call)->conf->bin_lifetime_ms)};
	enum status s;

	s = db_query_as(service_db(call), call->subject, &sql_chat_undelete, params, &rows,
			&call->err);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such chat");
	chat_read(call->arena, rows, 0, resp);
	return OK;
}
