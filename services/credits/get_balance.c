#include "credits.h"

#include <string.h>

void credits_balance_read(const PGresult *rows, Credits__V1__Balance *ret)
{
	ret->available_microcredits = db_i64(rows, 0, "available");
	ret->held_microcredits = db_i64(rows, 0, "held");
	ret->posted_microcredits = db_i64(rows, 0, "posted");
	ret->limit_microcredits = db_i64(rows, 0, "limit_microcredits");
	ret->billing_type = strcmp(db_peek(rows, 0, "billing_type"), "prepaid") == 0
				    ? CREDITS__V1__BILLING_TYPE__PREPAID
				    : CREDITS__V1__BILLING_TYPE__PAY_AS_YOU_GO;
}

enum status credits_v1_get_balance(struct rpc_call *call, const Credits__V1__GetBalanceRequest *req,
				   Credits__V1__Balance *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct db *db = service_db(call);
	enum status s;

	s = db_query(db, &sql_credits_balance, &call->subject, &rows, &call->err);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0) {
		s = credits_open_account(db, call->subject, &call->err);
		if (s != OK)
			return s;
		PQclear(TAKE_PTR(rows));
		s = db_query_one(db, &sql_credits_balance, &call->subject, &rows, &call->err);
		if (s != OK)
			return s;
	}
	credits_balance_read(rows, resp);
	return OK;
}
