#include "chat/template/template.h"

enum status chat_v1_undelete_template(struct rpc_call *call,
				      const Chat__V1__UndeleteTemplateRequest *req,
				      Chat__V1__Template *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {
		req->template_, call->subject,
		db_param_i64(call->arena, chat_of(call)->conf->bin_lifetime_ms)};
	enum status s = db_query_as(service_db(call), call->subject, &sql_template_undelete, params,
				    &rows, &call->err);

	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "you have no such template");
	return template_read(call, rows, 0, resp, &call->err);
}
