#include "credits.h"

enum status credits_v1_set_budget(struct rpc_call *call, const Credits__V1__SetBudgetRequest *req,
				  Credits__V1__Budget *resp)
{
	return credits_set_budget(call, call->subject, req, resp);
}
