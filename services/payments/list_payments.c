#include "payments/payments.h"

#include "runtime/service/list.h"

#include <string.h>

static Payments__V1__Payment__State state_of(const char *text)
{
	static const char *const names[] = {"", "open", "paid", "expired", "refunded", "disputed"};

	for (size_t i = 1; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], text) == 0)
			return (Payments__V1__Payment__State)i;
	return PAYMENTS__V1__PAYMENT__STATE__UNSPECIFIED;
}

static Payments__V1__Money *money(struct arena *arena, const PGresult *rows, int row,
				  const char *minor_units)
{
	Payments__V1__Money *money = arena_alloc(arena, sizeof *money);

	if (!money)
		return NULL;
	payments__v1__money__init(money);
	money->currency = db_text(arena, rows, row, "price_currency");
	money->minor_units = db_i64(rows, row, minor_units);
	return money;
}

static void read_row(struct arena *arena, const PGresult *rows, int row, Payments__V1__Payment *ret)
{
	ret->id = db_text(arena, rows, row, "id");
	ret->package = db_text(arena, rows, row, "package");
	ret->month = db_text(arena, rows, row, "month");
	ret->credits_microcredits = db_i64(rows, row, "credits_microcredits");
	ret->price = money(arena, rows, row, "price_minor_units");
	ret->refunded = money(arena, rows, row, "refunded_minor_units");
	ret->state = state_of(db_peek(rows, row, "state"));
	ret->receipt_url = db_text(arena, rows, row, "receipt_url");
	if (ret->state == PAYMENTS__V1__PAYMENT__STATE__OPEN)
		ret->url = db_text(arena, rows, row, "url");
	ret->due_time = db_time(arena, rows, row, "due_us");
	ret->create_time = db_time(arena, rows, row, "create_us");
}

enum status payments_v1_list_payments(struct rpc_call *call,
				      const Payments__V1__ListPaymentsRequest *req,
				      Payments__V1__ListPaymentsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct page page;
	enum status s = list_begin(call, call->subject, req->page_size, req->page_token, &page);
	size_t n;

	if (s != OK)
		return s;
	const char *const params[] = {
		call->subject,
		payments_live_param(payments_of(call)),
		page_key(&page, PAGE_FIRST_TIME),
		page_id(&page, PAGE_FIRST_ID),
		list_limit(call, &page),
	};
	s = db_query_as(service_db(call), call->subject, &sql_payments_list, params, &rows,
			&call->err);
	if (s != OK)
		return s;

	n = list_end(call, &page, rows, "created", &resp->next_page_token);
	s = list_new(call, &payments__v1__payment__descriptor, n, &resp->n_payments,
		     &resp->payments);
	if (s != OK)
		return s;
	for (size_t i = 0; i < n; i++)
		read_row(call->arena, rows, (int)i, resp->payments[i]);
	return OK;
}
