#include "chat/catalogue/group_set.h"
#include "chat/chat.h"

#include <string.h>

static enum status check(struct rpc_call *call, const Chat__V1__SetUserPlanRequest *req)
{
	struct uuid uuid;

	if (!uuid_parse(req->user_id, strlen(req->user_id), &uuid))
		return rpc_fail_field(call, "field_invalid", "user_id", "user_id is not a UUID");
	if (!*req->plan || strlen(req->plan) > PLAN_BYTES_MAX)
		return rpc_fail_field(call, "field_invalid", "plan",
				      "the id of a plan has 1 to %d bytes", PLAN_BYTES_MAX);
	if (!req->until_time)
		return rpc_fail_field(call, "field_required", "until_time",
				      "until_time is missing");
	return OK;
}

enum status chat_v1_set_user_plan(struct rpc_call *call, const Chat__V1__SetUserPlanRequest *req,
				  _unused_ Chat__V1__SetUserPlanResponse *resp)
{
	struct db *db;
	enum status s = check(call, req);

	if (s == OK)
		s = chat_worker_take(call, &db);
	if (s != OK)
		return s;
	s = db_exec(db, &sql_user_plan_set,
		    (const char *[]){req->user_id, req->plan,
				     db_param_time(call->arena, req->until_time),
				     db_param_i64(call->arena, req->version)},
		    NULL, &call->err);
	chat_worker_give(call, db);
	return s;
}
