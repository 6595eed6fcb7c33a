#include "chat/transfer/import.h"

enum status chat_v1_cancel_import(struct rpc_call *call, const Chat__V1__CancelImportRequest *req,
				  _unused_ Google__Protobuf__Empty *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {req->import};
	enum status s = db_query_as(service_db(call), call->subject, &sql_import_cancel, params,
				    &rows, &call->err);

	if (s == OK && PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such import");
	return s;
}
