#include "credits.h"

#include <inttypes.h>

enum status credits_v1_check_hold(struct rpc_call *call, const Credits__V1__CheckHoldRequest *req,
				  Credits__V1__CheckHoldResponse *resp)
{
	Credits__V1__Balance balance = CREDITS__V1__BALANCE__INIT;
	char user[UUID_SIZE];
	enum status s;

	s = credits_uuid(call, "user_id", req->user_id, user);
	if (s == OK)
		s = credits_amount(call, "amount_microcredits", req->amount_microcredits, 1);
	if (s == OK)
		s = credits_balance(call, user, true, &balance);
	if (s != OK)
		return s;
	if (balance.available_microcredits < req->amount_microcredits)
		return rpc_fail(call, FAILED_PRECONDITION, "insufficient_credits",
				"%" PRId64 " micro-credits are needed, %" PRId64 " are available",
				req->amount_microcredits, balance.available_microcredits);
	resp->available_microcredits = balance.available_microcredits;
	return OK;
}
