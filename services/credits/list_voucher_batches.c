#include "runtime/service/list.h"
#include "voucher_batch.h"

enum status credits_v1_list_voucher_batches(struct rpc_call *call,
					    const Credits__V1__ListVoucherBatchesRequest *req,
					    Credits__V1__ListVoucherBatchesResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct page page;
	enum status s = list_begin(call, "all", req->page_size, req->page_token, &page);
	size_t n;

	if (s != OK)
		return s;
	const char *const params[] = {page_key(&page, PAGE_FIRST_TIME),
				      page_id(&page, PAGE_FIRST_ID), list_limit(call, &page)};
	s = db_query(service_db(call), &sql_credits_voucher_batches, params, &rows, &call->err);
	if (s != OK)
		return s;
	n = list_end(call, &page, rows, "created", &resp->next_page_token);
	s = list_new(call, &credits__v1__voucher_batch__descriptor, n, &resp->n_batches,
		     &resp->batches);
	for (size_t i = 0; s == OK && i < n; i++)
		credits_voucher_batch_read(call->arena, rows, (int)i, resp->batches[i]);
	return s;
}
