#include "credits.h"

#include "runtime/service/list.h"

enum status credits_v1_list_budgets(struct rpc_call *call,
				    const Credits__V1__ListBudgetsRequest *req,
				    Credits__V1__ListBudgetsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s;
	size_t n;

	s = db_query_as(service_db(call), call->subject, &sql_credits_budgets, &call->subject,
			&rows, &call->err);
	if (s != OK)
		return s;
	n = (size_t)PQntuples(rows);
	s = list_new(call, &credits__v1__budget__descriptor, n, &resp->n_budgets, &resp->budgets);
	for (size_t i = 0; s == OK && i < n; i++)
		s = credits_budget_read(call, rows, (int)i, resp->budgets[i]);
	return s;
}
