#include "credits.h"

enum status credits_v1_reverse_payment(struct rpc_call *call,
				       const Credits__V1__ReversePaymentRequest *req,
				       Credits__V1__BookPaymentResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	char id[UUID_SIZE], original[UUID_SIZE];
	enum status s;

	s = credits_uuid(call, "transfer_id", req->transfer_id, id);
	if (s == OK)
		s = credits_uuid(call, "reverses_id", req->reverses_id, original);
	if (s == OK)
		s = credits_text(call, "reference", req->reference, 200);
	if (s == OK)
		s = credits_reverse(call, id, original, "{refund,chargeback}", req->reference, NULL,
				    &rows);
	if (s != OK)
		return s;
	resp->transfer_id = arena_strdup(call->arena, id);
	resp->posted_microcredits = db_i64(rows, 0, "posted");
	return OK;
}
