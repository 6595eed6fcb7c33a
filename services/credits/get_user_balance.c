#include "credits.h"

enum status credits_v1_get_user_balance(struct rpc_call *call,
					const Credits__V1__GetUserBalanceRequest *req,
					Credits__V1__Balance *resp)
{
	return credits_balance(call, req->user, false, resp);
}
