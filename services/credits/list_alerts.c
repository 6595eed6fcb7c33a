#include "credits.h"

enum status credits_v1_list_alerts(struct rpc_call *call, const Credits__V1__ListAlertsRequest *req,
				   Credits__V1__ListAlertsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	Credits__V1__Alert *alerts;
	enum status s;
	size_t n;

	s = db_query_as(service_db(call), call->subject, &sql_credits_alerts, &call->subject, &rows,
			&call->err);
	if (s != OK)
		return s;
	n = (size_t)PQntuples(rows);
	alerts = arena_array(arena, n, sizeof *alerts);
	resp->alerts = arena_array(arena, n, sizeof *resp->alerts);
	if (n > 0 && (!alerts || !resp->alerts))
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "%zu alerts", n);
	for (size_t i = 0; i < n; i++) {
		credits__v1__alert__init(&alerts[i]);
		alerts[i].subject = db_text(arena, rows, (int)i, "subject_id");
		alerts[i].percent = db_i32(rows, (int)i, "level");
		alerts[i].create_time = db_time(arena, rows, (int)i, "create_us");
		resp->alerts[i] = &alerts[i];
	}
	resp->n_alerts = n;
	return OK;
}
