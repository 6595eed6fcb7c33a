#include "credits.h"

enum status credits_v1_set_limit(struct rpc_call *call, const Credits__V1__SetLimitRequest *req,
				 Credits__V1__Balance *resp)
{
	const char *limit = db_param_i64(call->arena, req->limit_microcredits);
	enum status s;

	s = credits_amount(call, "limit", req->limit_microcredits, 0);
	if (s == OK)
		s = db_exec(service_db(call), &sql_credits_set_limit,
			    (const char *[]){req->user, limit}, NULL, &call->err);
	if (s == OK)
		s = credits_balance(call, req->user, false, resp);
	return s;
}
