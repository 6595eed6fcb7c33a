#include "voucher_batch.h"

enum status credits_v1_revoke_vouchers(struct rpc_call *call,
				       const Credits__V1__RevokeVouchersRequest *req,
				       Credits__V1__VoucherBatch *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	char id[UUID_SIZE];
	enum status s = credits_uuid(call, "batch", req->batch, id);

	if (s == OK)
		s = db_query_one(service_db(call), &sql_credits_revoke_vouchers,
				 (const char *[]){id}, &rows, &call->err);
	if (s == OK)
		credits_voucher_batch_read(call->arena, rows, 0, resp);
	return s;
}
