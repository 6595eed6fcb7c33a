#include "chat/project/project.h"

enum status chat_v1_get_project(struct rpc_call *call, const Chat__V1__GetProjectRequest *req,
				Chat__V1__Project *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {req->project};
	enum status s = db_query_as(service_db(call), call->subject, &sql_project_get, params,
				    &rows, &call->err);

	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such project");
	project_read(call->arena, rows, 0, resp);
	return OK;
}
