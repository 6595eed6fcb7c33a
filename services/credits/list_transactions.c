#include "credits.h"

#include "runtime/base/page.h"

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
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(sql, kinds[i].sql) == 0)
			return kinds[i].kind;
	return KIND(UNSPECIFIED);
}

void credits_transaction_read(struct arena *arena, const PGresult *rows, int row,
			      Credits__V1__Transaction *ret)
{
	credits__v1__transaction__init(ret);
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
	struct arena *arena = call->arena;
	Credits__V1__Transaction *all;
	struct page page;
	enum status s;
	int n;

	s = page_begin(&page, arena, call->method->path, user_id, page_size, page_token,
		       &call->err);
	if (s != OK)
		return s;
	const char *const params[] = {user_id, page.key ? page.key : SEQ_MAX,
				      db_param_i64(arena, page.size + 1)};
	s = db_query_as(service_db(call), user_id, &sql_credits_transactions, params, &rows,
			&call->err);
	if (s != OK)
		return s;

	n = PQntuples(rows);
	if (n > page.size) {
		n = page.size;
		resp->next_page_token = page_next(&page, arena, db_peek(rows, n - 1, "seq"),
						  db_peek(rows, n - 1, "id"));
	}
	all = arena_array(arena, (size_t)n, sizeof *all);
	resp->transactions = arena_array(arena, (size_t)n, sizeof *resp->transactions);
	if (n > 0 && (!all || !resp->transactions))
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "%d transactions", n);
	for (int i = 0; i < n; i++) {
		credits_transaction_read(arena, rows, i, &all[i]);
		resp->transactions[i] = &all[i];
	}
	resp->n_transactions = (size_t)n;
	return OK;
}

enum status credits_v1_list_transactions(struct rpc_call *call,
					 const Credits__V1__ListTransactionsRequest *req,
					 Credits__V1__ListTransactionsResponse *resp)
{
	return credits_transactions(call, call->subject, req->page_size, req->page_token, resp);
}
