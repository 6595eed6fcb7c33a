#include "credits.h"

#include "runtime/service/list.h"

enum status credits_v1_list_alerts(struct rpc_call *call, const Credits__V1__ListAlertsRequest *req,
				   Credits__V1__ListAlertsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s;
	size_t n;

	s = db_query_as(service_db(call), call->subject, &sql_credits_alerts, &call->subject, &rows,
			&call->err);
	if (s != OK)
		return s;
	n = (size_t)PQntuples(rows);
	s = list_new(call, &credits__v1__alert__descriptor, n, &resp->n_alerts, &resp->alerts);
	for (size_t i = 0; s == OK && i < n; i++) {
		Credits__V1__Alert *alert = resp->alerts[i];

		alert->subject = db_text(call->arena, rows, (int)i, "subject_id");
		alert->period = credits_period_read(db_peek(rows, (int)i, "period"));
		alert->display_name = db_text(call->arena, rows, (int)i, "display_name");
		alert->percent = db_i32(rows, (int)i, "level");
		alert->create_time = db_time(call->arena, rows, (int)i, "create_us");
	}
	return s;
}
