#include "credits.h"

enum status credits_v1_suspend_user(struct rpc_call *call,
				    const Credits__V1__SuspendUserRequest *req,
				    Credits__V1__SuspendUserResponse *resp)
{
	char user[UUID_SIZE];
	enum status s;

	s = credits_uuid(call, "user_id", req->user_id, user);
	if (s == OK)
		s = db_exec(service_db(call), &sql_credits_suspend_user,
			    (const char *[]){user, req->suspended ? "true" : "false"}, NULL,
			    &call->err);
	return s;
}
