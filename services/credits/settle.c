#include "command.h"

enum status credits_v1_settle(struct rpc_call *call, const Credits__V1__SettleRequest *req,
			      Credits__V1__SettleResponse *resp)
{
	char id[UUID_SIZE], hold[UUID_SIZE], overage[UUID_SIZE], loss[UUID_SIZE];
	enum status s;

	s = credits_uuid(call, "settle_id", req->settle_id, id);
	if (s == OK)
		s = credits_uuid(call, "hold_id", req->hold_id, hold);
	if (s == OK)
		s = credits_amount(call, "amount_microcredits", req->amount_microcredits, 0);
	if (s == OK)
		s = credits_text(call, "price_version", req->price_version, 100);
	if (s != OK)
		return s;

	uuid_v5(&CREDITS_V1_ID_OVERAGE, id, overage);
	uuid_v5(&CREDITS_V1_ID_LOSS, id, loss);
	struct credits_command command = {
		.kind = "settle",
		.id = id,
		.subject = hold,
		.amount = db_param_i64(call->arena, req->amount_microcredits),
		.expire_time = "infinity",
		.reference = req->price_version,
		.model = "",
		.plans = "{}",
		.budgets = "{}",
		.overage = overage,
		.loss = loss,
	};
	s = credits_run(call, &command);
	if (s != OK)
		return s;

	resp->settle_id = arena_strdup(call->arena, id);
	resp->charged_microcredits = command.charged_microcredits;
	resp->available_microcredits = command.available_microcredits;
	return OK;
}
