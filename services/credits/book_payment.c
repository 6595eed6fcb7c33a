#include "credits.h"

#include <inttypes.h>

enum status credits_v1_book_payment(struct rpc_call *call,
				    const Credits__V1__BookPaymentRequest *req,
				    Credits__V1__BookPaymentResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct credits_booking booking = {
		.reference = req->reference,
		.change_microcredits = -req->amount_microcredits,
	};
	char id[UUID_SIZE], user[UUID_SIZE];
	enum status s;

	switch (req->kind) {
	case CREDITS__V1__TRANSACTION__KIND__PURCHASE:
		booking.kind = "purchase";
		booking.change_microcredits = req->amount_microcredits;
		break;
	case CREDITS__V1__TRANSACTION__KIND__REFUND:
		booking.kind = "refund";
		break;
	case CREDITS__V1__TRANSACTION__KIND__CHARGEBACK:
		booking.kind = "chargeback";
		break;
	default:
		return rpc_fail_field(call, "field_invalid", "kind",
				      "kind is PURCHASE, REFUND or CHARGEBACK");
	}
	s = credits_amount(call, "amount_microcredits", req->amount_microcredits, 1);
	if (s == OK)
		s = credits_uuid(call, "transfer_id", req->transfer_id, id);
	if (s == OK)
		s = credits_uuid(call, "user_id", req->user_id, user);
	if (s == OK)
		s = credits_text(call, "reference", req->reference, 200);
	if (s != OK)
		return s;

	booking.id = id;
	booking.user_id = user;
	s = credits_book(call, &booking, &rows);
	if (s != OK)
		return s;
	resp->transfer_id = arena_strdup(call->arena, id);
	resp->posted_microcredits = db_i64(rows, 0, "posted");
	return OK;
}
