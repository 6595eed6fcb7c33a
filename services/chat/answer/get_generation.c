#include "chat/answer/facts.h"

enum status chat_v1_get_generation(struct rpc_call *call, const Chat__V1__GetGenerationRequest *req,
				   Chat__V1__Generation *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {req->generation};
	struct facts facts;
	enum status s;

	s = db_query_as(service_db(call), call->subject, &sql_generation_get, params, &rows,
			&call->err);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such generation");
	facts_read(&facts, rows);
	facts_generation(&facts, call->arena, resp);
	return OK;
}
