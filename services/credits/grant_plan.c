#include "credits.h"

#include <stdio.h>

static enum status check(struct rpc_call *call, const Credits__V1__GrantPlanRequest *req,
			 char id[UUID_SIZE], char user[UUID_SIZE])
{
	enum status s = credits_uuid(call, "transfer_id", req->transfer_id, id);

	if (s == OK)
		s = credits_uuid(call, "user_id", req->user_id, user);
	if (s == OK)
		s = credits_plans(call, &req->plan, 1);
	if (s == OK)
		s = credits_text(call, "source", req->source, 200);
	if (s == OK)
		s = credits_text(call, "reference", req->reference, 200);
	if (s == OK)
		s = credits_amount(call, "amount_microcredits", req->amount_microcredits, 1);
	if (s == OK && !req->expire_time)
		s = rpc_fail_field(call, "field_required", "expire_time", "expire_time is missing");
	return s;
}

enum status credits_v1_grant_plan(struct rpc_call *call, const Credits__V1__GrantPlanRequest *req,
				  Credits__V1__GrantPlanResponse *resp)
{
	char id[UUID_SIZE], user[UUID_SIZE], account[UUID_SIZE], rest[UUID_SIZE];
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct db *db = service_db(call);
	char name[UUID_SIZE + sizeof ":rest"];
	enum status s = check(call, req, id, user);

	if (s != OK)
		return s;
	credits_plan_account(user, req->plan, account);
	snprintf(name, sizeof name, "%s:rest", id);
	uuid_v5(&CREDITS_V1_ID_GRANT, name, rest);
	const char *const params[] = {
		id,
		user,
		account,
		req->plan,
		req->source,
		db_param_i64(call->arena, req->amount_microcredits),
		db_param_time(call->arena, req->expire_time),
		req->reference,
		rest,
	};
	s = db_query(db, &sql_credits_grant_plan, params, &rows, &call->err);
	if (s == OK && PQntuples(rows) == 0) { /* the first that credits hears of this user */
		s = credits_open_account(call, user);
		if (s != OK)
			return s;
		PQclear(TAKE_PTR(rows));
		s = db_query_one(db, &sql_credits_grant_plan, params, &rows, &call->err);
	}
	if (s == OK)
		resp->posted_microcredits = db_i64(rows, 0, "posted");
	return s;
}
