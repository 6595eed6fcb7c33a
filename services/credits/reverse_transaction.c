#include "credits.h"

enum status credits_v1_reverse_transaction(struct rpc_call *call,
					   const Credits__V1__ReverseTransactionRequest *req,
					   Credits__V1__Transaction *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	char id[UUID_SIZE], original[UUID_SIZE];
	enum status s;

	s = credits_uuid(call, "transaction", req->transaction, original);
	if (s == OK && !req->reason[0])
		s = rpc_fail_field(call, "field_required", "reason", "reason is missing");
	if (s == OK)
		s = credits_text(call, "reason", req->reason, 500);
	if (s != OK)
		return s;

	/* Every caller derives the same id, so a transaction is undone once. */
	uuid_v5(&CREDITS_V1_ID_REVERSAL, original, id);
	s = credits_reverse(call, id, original, "{settle,charge,gift,refund,chargeback,adjustment}",
			    req->reason, call->subject, &rows);
	if (s == ALREADY_EXISTS)
		return rpc_fail(call, FAILED_PRECONDITION, "already_reversed",
				"transaction %s was undone before", original);
	if (s == OK)
		credits_transaction_read(call->arena, rows, 0, resp);
	return s;
}
