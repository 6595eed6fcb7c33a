#include "credits.h"

#include "runtime/service/list.h"

enum status credits_v1_list_plan_balances(struct rpc_call *call,
					  _unused_ const Credits__V1__ListPlanBalancesRequest *req,
					  Credits__V1__ListPlanBalancesResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query_as(service_db(call), call->subject, &sql_credits_plan_balances,
				    &call->subject, &rows, &call->err);

	if (s == OK)
		s = list_new(call, &credits__v1__plan_balance__descriptor, (size_t)PQntuples(rows),
			     &resp->n_plans, &resp->plans);
	for (size_t i = 0; s == OK && i < resp->n_plans; i++) {
		Credits__V1__PlanBalance *plan = resp->plans[i];

		plan->plan = db_text(call->arena, rows, (int)i, "plan");
		plan->available_microcredits = db_i64(rows, (int)i, "available");
		plan->held_microcredits = db_i64(rows, (int)i, "held");
		plan->expire_time = db_time(call->arena, rows, (int)i, "expire_us");
	}
	return s;
}
