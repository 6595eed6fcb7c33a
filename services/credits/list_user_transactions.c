#include "credits.h"

enum status credits_v1_list_user_transactions(struct rpc_call *call,
					      const Credits__V1__ListUserTransactionsRequest *req,
					      Credits__V1__ListTransactionsResponse *resp)
{
	return credits_transactions(call, req->user, req->page_size, req->page_token, resp);
}
