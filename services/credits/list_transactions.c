#include "credits.h"

#include "runtime/service/list.h"

#include <string.h>

#define SEQ_MAX "9223372036854775807" /* above every transfer of an account */
#define KIND(name) CREDITS__V1__TRANSACTION__KIND__##name

Credits__V1__Transaction__Kind credits_kind_read(const char *sql)
{
	static const struct {
		const char *sql;
		Credits__V1__Transaction__Kind kind;
	} kinds[] = {
		{"settle", KIND(USAGE)},
		{"charge", KIND(USAGE)},
		{"gift", KIND(GIFT)},
		{"purchase", KIND(PURCHASE)},
		{"refund", KIND(REFUND)},
		{"chargeback", KIND(CHARGEBACK)},
		{"adjustment", KIND(ADJUSTMENT)},
		{"breakage", KIND(EXPIRY)},
		{"voucher", KIND(VOUCHER)},
		{"plan", KIND(PLAN)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(sql, kinds[i].sql) == 0)
			return kinds[i].kind;
	return KIND(UNSPECIFIED);
}

void credits_transaction_read(struct arena *arena, const PGresult *rows, int row,
			      Credits__V1__Transaction *ret)
{
	ret->id = db_text(arena, rows, row, "id");
	ret->kind = credits_kind_read(db_peek(rows, row, "kind"));
	ret->amount_microcredits = db_i64(rows, row, "change");
	ret->balance_after_microcredits = db_i64(rows, row, "balance_after");
	ret->reference = db_text(arena, rows, row, "reference");
	ret->model = db_text(arena, rows, row, "model");
	ret->create_time = db_time(arena, rows, row, "create_us");
}

enum status credits_transactions(struct rpc_call *call, const char *user_id, int32_t page_size,
				 const char *page_token,
				 Credits__V1__ListTransactionsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct page page;
	enum status s = list_begin(call, user_id, page_size, page_token, &page);
	size_t n;

	if (s != OK)
		return s;
	const char *const params[] = {user_id, page_key(&page, SEQ_MAX), list_limit(call, &page)};
	s = db_query_as(service_db(call), user_id, &sql_credits_transactions, params, &rows,
			&call->err);
	if (s != OK)
		return s;

	n = list_end(call, &page, rows, "seq", &resp->next_page_token);
	s = list_new(call, &credits__v1__transaction__descriptor, n, &resp->n_transactions,
		     &resp->transactions);
	if (s != OK)
		return s;
	for (size_t i = 0; i < n; i++)
		credits_transaction_read(call->arena, rows, (int)i, resp->transactions[i]);
	return OK;
}

enum status credits_v1_list_transactions(struct rpc_call *call,
					 const Credits__V1__ListTransactionsRequest *req,
					 Credits__V1__ListTransactionsResponse *resp)
{
	char account[UUID_SIZE];
	enum status s = *req->plan ? credits_plans(call, &req->plan, 1) : OK;

	if (s != OK || !*req->plan)
		return s == OK ? credits_transactions(call, call->subject, req->page_size,
						      req->page_token, resp)
			       : s;
	credits_plan_account(call->subject, req->plan, account);
	return credits_transactions(call, account, req->page_size, req->page_token, resp);
}
