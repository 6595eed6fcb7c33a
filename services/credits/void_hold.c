#include "command.h"

enum status credits_v1_void_hold(struct rpc_call *call, const Credits__V1__VoidRequest *req,
				 Credits__V1__VoidResponse *resp)
{
	char id[UUID_SIZE], hold[UUID_SIZE];
	enum status s;

	s = credits_uuid(call, "void_id", req->void_id, id);
	if (s == OK)
		s = credits_uuid(call, "hold_id", req->hold_id, hold);
	if (s != OK)
		return s;

	struct credits_command command = {
		.kind = "void",
		.id = id,
		.subject = hold,
		.amount = "0",
		.expire_time = "infinity",
		.reference = "",
		.model = "",
		.plans = "{}",
		.budgets = "{}",
		.overage = id,
		.loss = id,
	};
	s = credits_run(call, &command);
	if (s != OK)
		return s;
	resp->void_id = arena_strdup(call->arena, id);
	return OK;
}
