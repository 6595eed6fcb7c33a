#include "credits.h"

enum status credits_v1_end_plan(struct rpc_call *call, const Credits__V1__EndPlanRequest *req,
				_unused_ Credits__V1__EndPlanResponse *resp)
{
	char user[UUID_SIZE], account[UUID_SIZE];
	enum status s = credits_uuid(call, "user_id", req->user_id, user);

	if (s == OK)
		s = credits_plans(call, &req->plan, 1);
	if (s != OK)
		return s;
	credits_plan_account(user, req->plan, account);
	return db_exec(service_db(call), &sql_credits_end_plan,
		       (const char *[]){account, req->source}, NULL, &call->err);
}
