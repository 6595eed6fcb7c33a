#include "credits.h"

#include "runtime/service/list.h"

#define DEBTS_DEFAULT 100
#define DEBTS_MAX 1000

enum status credits_v1_list_debts(struct rpc_call *call, const Credits__V1__ListDebtsRequest *req,
				  Credits__V1__ListDebtsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	char after[UUID_SIZE] = "00000000-0000-0000-0000-000000000000";
	const char *month;
	enum status s;
	size_t n;

	s = credits_month(call, req->month, &month);
	if (s == OK && !month)
		s = rpc_fail_field(call, "field_required", "month", "month is missing");
	if (s == OK && req->after_user_id[0])
		s = credits_uuid(call, "after_user_id", req->after_user_id, after);
	if (s == OK && (req->limit < 0 || req->limit > DEBTS_MAX))
		s = rpc_fail_field(call, "field_invalid", "limit", "limit must be 0..%d",
				   DEBTS_MAX);
	if (s != OK)
		return s;
	s = db_query(service_db(call), &sql_credits_debts,
		     (const char *[]){month, after,
				      db_param_i64(arena, req->limit ? req->limit : DEBTS_DEFAULT)},
		     &rows, &call->err);
	if (s != OK)
		return s;

	n = (size_t)PQntuples(rows);
	s = list_new(call, &credits__v1__debt__descriptor, n, &resp->n_debts, &resp->debts);
	for (size_t i = 0; s == OK && i < n; i++) {
		resp->debts[i]->user_id = db_text(arena, rows, (int)i, "id");
		resp->debts[i]->debt_microcredits = db_i64(rows, (int)i, "debt");
	}
	return s;
}
