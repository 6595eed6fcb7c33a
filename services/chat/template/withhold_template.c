#include "chat/template/template.h"

enum status chat_v1_withhold_template(struct rpc_call *call,
				      const Chat__V1__WithholdTemplateRequest *req,
				      _unused_ Google__Protobuf__Empty *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {req->template_};
	struct db *db;
	enum status s = chat_worker_take(call, &db);

	if (s != OK)
		return s;
	s = db_query(db, &sql_template_withhold, params, &rows, &call->err);
	chat_worker_give(call, db);
	if (s == OK && PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such public template");
	return s;
}
