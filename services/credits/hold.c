#include "credits.h"

#include <inttypes.h>

#define BUDGETS_MAX 8 /* of one hold: API key, project, room for more */

static enum status check(struct rpc_call *call, const Credits__V1__HoldRequest *req)
{
	enum status s;

	s = credits_amount(call, "amount_microcredits", req->amount_microcredits, 1);
	if (s == OK)
		s = credits_text(call, "reference", req->reference, 200);
	if (s == OK)
		s = credits_text(call, "model", req->model, 100);
	if (s == OK && !req->expire_time)
		s = rpc_fail_field(call, "field_required", "expire_time", "expire_time is missing");
	if (s == OK && req->n_budget_ids > BUDGETS_MAX)
		s = rpc_fail_field(call, "field_invalid", "budget_ids", "more than %d budgets",
				   BUDGETS_MAX);
	return s;
}

enum status credits_v1_hold(struct rpc_call *call, const Credits__V1__HoldRequest *req,
			    Credits__V1__HoldResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	struct db *db = service_db(call);
	char id[UUID_SIZE], user[UUID_SIZE];
	enum status s;

	s = credits_uuid(call, "hold_id", req->hold_id, id);
	if (s == OK)
		s = credits_uuid(call, "user_id", req->user_id, user);
	if (s == OK)
		s = check(call, req);
	if (s != OK)
		return s;

	const char *const params[] = {
		id,
		user,
		db_param_i64(arena, req->amount_microcredits),
		db_param_time(arena, req->expire_time),
		req->reference,
		req->model,
		db_param_array(arena, (const char *const *)req->budget_ids, req->n_budget_ids),
		db_param_i64(arena, credits_conf->hold_lifetime_max_ms),
	};
	s = db_query(db, &sql_credits_hold, params, &rows, &call->err);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0) { /* the first that credits hears of this user */
		s = credits_open_account(db, user, &call->err);
		if (s != OK)
			return s;
		PQclear(TAKE_PTR(rows));
		s = db_query_one(db, &sql_credits_hold, params, &rows, &call->err);
		if (s != OK)
			return s;
	}
	if (!db_is_null(rows, 0, "refused"))
		return rpc_fail(call, FAILED_PRECONDITION, db_peek(rows, 0, "refused"),
				"%" PRId64 " micro-credits are needed, %" PRId64 " are available",
				req->amount_microcredits, db_i64(rows, 0, "available"));

	resp->hold_id = arena_strdup(arena, id);
	resp->available_microcredits = db_i64(rows, 0, "available");
	resp->expire_time = db_time(arena, rows, 0, "expire_us");
	return OK;
}
