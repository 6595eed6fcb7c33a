#include "chat/transfer/import.h"
#include "runtime/service/list.h"

#define SKIPPED_SHOWN 100

enum status chat_v1_get_import(struct rpc_call *call, const Chat__V1__GetImportRequest *req,
			       Chat__V1__Import *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {req->import, db_param_i64(call->arena, SKIPPED_SHOWN)};
	enum status s = import_get(call, req->import, resp);

	if (s == OK)
		s = db_query_as(service_db(call), call->subject, &sql_import_skipped, params, &rows,
				&call->err);
	if (s == OK)
		s = list_new(call, &chat__v1__import_item__descriptor, (size_t)PQntuples(rows),
			     &resp->n_skipped, &resp->skipped);
	for (size_t i = 0; s == OK && i < resp->n_skipped; i++)
		import_item_read(call->arena, rows, (int)i, resp->skipped[i]);
	return s;
}
