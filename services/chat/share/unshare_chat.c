#include "chat/share/share.h"

enum status chat_v1_unshare_chat(struct rpc_call *call, const Chat__V1__UnshareChatRequest *req,
				 _unused_ Google__Protobuf__Empty *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {req->chat};
	enum status s = db_query_as(service_db(call), call->subject, &sql_share_end, params, &rows,
				    &call->err);

	if (s == OK && PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such chat");
	return s;
}
