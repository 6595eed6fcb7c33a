#include "command.h"

#include "runtime/db/timestamp.h"

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
	return s == OK ? credits_plans(call, req->plans, req->n_plans) : s;
}

enum status credits_v1_hold(struct rpc_call *call, const Credits__V1__HoldRequest *req,
			    Credits__V1__HoldResponse *resp)
{
	struct arena *arena = call->arena;
	char id[UUID_SIZE], user[UUID_SIZE];
	enum status s;

	s = credits_uuid(call, "hold_id", req->hold_id, id);
	if (s == OK)
		s = credits_uuid(call, "user_id", req->user_id, user);
	if (s == OK)
		s = check(call, req);
	if (s != OK)
		return s;

	struct credits_command command = {
		.kind = "hold",
		.id = id,
		.subject = user,
		.amount = db_param_i64(arena, req->amount_microcredits),
		.expire_time = db_param_time(arena, req->expire_time),
		.reference = req->reference,
		.model = req->model,
		.budgets = db_param_array(arena, (const char *const *)req->budget_ids,
					  req->n_budget_ids),
		.plans = db_param_array(arena, (const char *const *)req->plans, req->n_plans),
		.overage = id,
		.loss = id,
	};
	s = credits_run(call, &command);
	if (s == FAILED_PRECONDITION)
		return rpc_fail(call, s, command.refused,
				"%" PRId64 " micro-credits are needed, %" PRId64 " are available",
				req->amount_microcredits, command.available_microcredits);
	if (s != OK)
		return s;

	resp->hold_id = arena_strdup(arena, id);
	resp->available_microcredits = command.available_microcredits;
	resp->expire_time = timestamp_new(arena, command.expire_us);
	return OK;
}
