#include "credits.h"

enum status credits_v1_set_user_budget(struct rpc_call *call,
				       const Credits__V1__SetUserBudgetRequest *req,
				       Credits__V1__Budget *resp)
{
	char user[UUID_SIZE];
	enum status s;

	s = credits_uuid(call, "user_id", req->user_id, user);
	if (s == OK && !req->budget)
		s = rpc_fail_field(call, "field_required", "budget", "budget is missing");
	if (s == OK)
		s = credits_set_budget(call, user, req->budget, resp);
	return s;
}
