#include "credits.h"

enum status credits_v1_list_budgets(struct rpc_call *call,
				    const Credits__V1__ListBudgetsRequest *req,
				    Credits__V1__ListBudgetsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	Credits__V1__Budget *budgets;
	enum status s;
	size_t n;

	s = db_query_as(service_db(call), call->subject, &sql_credits_budgets, &call->subject,
			&rows, &call->err);
	if (s != OK)
		return s;
	n = (size_t)PQntuples(rows);
	budgets = arena_array(call->arena, n, sizeof *budgets);
	resp->budgets = arena_array(call->arena, n, sizeof *resp->budgets);
	if (n > 0 && (!budgets || !resp->budgets))
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "%zu budgets", n);
	for (size_t i = 0; i < n && s == OK; i++) {
		s = credits_budget_read(call, rows, (int)i, &budgets[i]);
		resp->budgets[i] = &budgets[i];
	}
	resp->n_budgets = n;
	return s;
}
