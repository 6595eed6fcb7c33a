#include "credits.h"

#include <inttypes.h>

/* What one of the plans can pay: at least as much as available before. */
static enum status plan_room(struct rpc_call *call, const char *user,
			     const Credits__V1__CheckHoldRequest *req, int64_t *available)
{
	const char *const params[] = {
		user, db_param_array(call->arena, (const char *const *)req->plans, req->n_plans)};
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s =
		db_query_one(service_db(call), &sql_credits_plan_room, params, &rows, &call->err);

	if (s == OK && !db_is_null(rows, 0, "room") && db_i64(rows, 0, "room") > *available)
		*available = db_i64(rows, 0, "room");
	return s;
}

enum status credits_v1_check_hold(struct rpc_call *call, const Credits__V1__CheckHoldRequest *req,
				  Credits__V1__CheckHoldResponse *resp)
{
	Credits__V1__Balance balance = CREDITS__V1__BALANCE__INIT;
	char user[UUID_SIZE];
	enum status s;

	s = credits_uuid(call, "user_id", req->user_id, user);
	if (s == OK)
		s = credits_amount(call, "amount_microcredits", req->amount_microcredits, 1);
	if (s == OK)
		s = credits_plans(call, req->plans, req->n_plans);
	if (s == OK)
		s = credits_balance(call, user, true, &balance);
	if (s == OK && req->n_plans > 0 &&
	    balance.available_microcredits < req->amount_microcredits)
		s = plan_room(call, user, req, &balance.available_microcredits);
	if (s != OK)
		return s;
	if (balance.available_microcredits < req->amount_microcredits)
		return rpc_fail(call, FAILED_PRECONDITION, "insufficient_credits",
				"%" PRId64 " micro-credits are needed, %" PRId64 " are available",
				req->amount_microcredits, balance.available_microcredits);
	resp->available_microcredits = balance.available_microcredits;
	return OK;
}
