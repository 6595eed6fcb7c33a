#include "credits.h"

#include <string.h>

static void read_balance(const PGresult *rows, Credits__V1__Balance *ret)
{
	ret->available_microcredits = db_i64(rows, 0, "available");
	ret->held_microcredits = db_i64(rows, 0, "held");
	ret->posted_microcredits = db_i64(rows, 0, "posted");
	ret->limit_microcredits = db_i64(rows, 0, "limit_microcredits");
	ret->billing_type = strcmp(db_peek(rows, 0, "billing_type"), "prepaid") == 0
				    ? CREDITS__V1__BILLING_TYPE__PREPAID
				    : CREDITS__V1__BILLING_TYPE__PAY_AS_YOU_GO;
}

enum status credits_balance(struct rpc_call *call, const char *user_id, bool open,
			    Credits__V1__Balance *ret)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct db *db = service_db(call);
	enum status s;

	s = db_query(db, &sql_credits_balance, &user_id, &rows, &call->err);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0 && open) {
		s = credits_open_account(call, user_id);
		if (s != OK)
			return s;
		PQclear(TAKE_PTR(rows));
		s = db_query(db, &sql_credits_balance, &user_id, &rows, &call->err);
		if (s != OK)
			return s;
	}
	if (PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "user %s has no account", user_id);
	read_balance(rows, ret);
	return OK;
}

enum status credits_v1_get_balance(struct rpc_call *call, const Credits__V1__GetBalanceRequest *req,
				   Credits__V1__Balance *resp)
{
	return credits_balance(call, call->subject, true, resp);
}
