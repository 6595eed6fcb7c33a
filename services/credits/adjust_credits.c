#include "credits.h"

/* The caller's id, else one derived from the Idempotency-Key, else a new one. Only with a new one
 * does a repeat book twice. */
static enum status booking_id(struct rpc_call *call, const char *id, char out[UUID_SIZE])
{
	if (id[0])
		return credits_uuid(call, "id", id, out);
	if (call->ctx.idempotency_key[0])
		uuid_v5(&CREDITS_V1_ID_ADJUSTMENT,
			arena_printf(call->arena, "%s:%s", call->subject,
				     call->ctx.idempotency_key),
			out);
	else
		uuid_v7(out);
	return OK;
}

enum status credits_v1_adjust_credits(struct rpc_call *call,
				      const Credits__V1__AdjustCreditsRequest *req,
				      Credits__V1__Transaction *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	char id[UUID_SIZE], user[UUID_SIZE];
	enum status s;

	s = booking_id(call, req->id, id);
	if (s == OK)
		s = credits_uuid(call, "user", req->user, user);
	if (s == OK && req->amount_microcredits == 0)
		s = rpc_fail_field(call, "amount_range", "amount", "amount is 0");
	if (s == OK)
		s = credits_amount(call, "amount", req->amount_microcredits,
				   -AMOUNT_MICROCREDITS_MAX);
	if (s == OK)
		s = credits_text(call, "reason", req->reason, 500);
	if (s == OK && !req->reason[0])
		s = rpc_fail_field(call, "field_required", "reason", "reason is missing");
	if (s != OK)
		return s;

	s = credits_book(call,
			 &(struct credits_booking){
				 .id = id,
				 .user_id = user,
				 .kind = "adjustment",
				 .change_microcredits = req->amount_microcredits,
				 .reference = req->reason,
				 .actor_id = call->subject,
			 },
			 &rows);
	if (s == OK)
		credits_transaction_read(call->arena, rows, 0, resp);
	return s;
}
