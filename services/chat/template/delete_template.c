#include "chat/template/template.h"

enum status chat_v1_delete_template(struct rpc_call *call,
				    const Chat__V1__DeleteTemplateRequest *req,
				    _unused_ Google__Protobuf__Empty *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {req->template_, call->subject};
	enum status s = db_query_as(service_db(call), call->subject, &sql_template_delete, params,
				    &rows, &call->err);

	if (s == OK && PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "you have no such template");
	return s;
}
