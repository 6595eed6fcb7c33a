#include "payments/payments.h"

#include "runtime/service/list.h"

static void read_row(struct arena *arena, const PGresult *rows, int row,
		     Payments__V1__StripeEvent *ret)
{
	ret->id = db_text(arena, rows, row, "id");
	ret->type = db_text(arena, rows, row, "type");
	ret->object = db_text(arena, rows, row, "object_id");
	ret->note = db_text(arena, rows, row, "note");
	ret->receive_time = db_time(arena, rows, row, "receive_us");
	ret->body_bytes = db_i32(rows, row, "bytes");
}

enum status payments_v1_list_stripe_events(struct rpc_call *call,
					   const Payments__V1__ListStripeEventsRequest *req,
					   Payments__V1__ListStripeEventsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct page page;
	enum status s =
		list_begin(call, req->odd ? "odd" : "all", req->page_size, req->page_token, &page);
	size_t n;

	if (s != OK)
		return s;
	const char *const params[] = {req->odd ? "true" : "false", page.key, page.id,
				      list_limit(call, &page)};
	s = db_query(service_db(call), &sql_payments_events_list, params, &rows, &call->err);
	if (s != OK)
		return s;

	n = list_end(call, &page, rows, "received", &resp->next_page_token);
	s = list_new(call, &payments__v1__stripe_event__descriptor, n, &resp->n_events,
		     &resp->events);
	if (s != OK)
		return s;
	for (size_t i = 0; i < n; i++)
		read_row(call->arena, rows, (int)i, resp->events[i]);
	return OK;
}
