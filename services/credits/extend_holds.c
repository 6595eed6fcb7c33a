#include "credits.h"

#define EXTEND_HOLDS_MAX 10000 /* of one call: every generation of a busy replica */

enum status credits_v1_extend_holds(struct rpc_call *call,
				    const Credits__V1__ExtendHoldsRequest *req,
				    Credits__V1__ExtendHoldsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	enum status s;
	int n;

	if (!req->expire_time)
		return rpc_fail_field(call, "field_required", "expire_time",
				      "expire_time is missing");
	if (req->n_hold_ids > EXTEND_HOLDS_MAX)
		return rpc_fail_field(call, "field_invalid", "hold_ids", "more than %d holds",
				      EXTEND_HOLDS_MAX);
	const char *const params[] = {
		db_param_array(arena, (const char *const *)req->hold_ids, req->n_hold_ids),
		db_param_time(arena, req->expire_time),
		db_param_i64(arena, credits_of(call)->conf->hold_lifetime_max_ms),
	};
	s = db_query(service_db(call), &sql_credits_extend_holds, params, &rows, &call->err);
	if (s != OK)
		return s;

	n = PQntuples(rows);
	resp->hold_ids = arena_array(arena, (size_t)n, sizeof *resp->hold_ids);
	if (n > 0 && !resp->hold_ids)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "%d holds", n);
	for (int i = 0; i < n; i++)
		resp->hold_ids[i] = db_text(arena, rows, i, "id");
	resp->n_hold_ids = (size_t)n;
	return OK;
}
