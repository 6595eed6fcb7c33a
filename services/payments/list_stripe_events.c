#include "payments/payments.h"

#include "runtime/base/page.h"

enum status payments_v1_list_stripe_events(struct rpc_call *call,
					   const Payments__V1__ListStripeEventsRequest *req,
					   Payments__V1__ListStripeEventsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	Payments__V1__StripeEvent *all;
	struct page page;
	enum status s;
	int n;

	s = page_begin(&page, arena, call->method->path, req->odd ? "odd" : "all", req->page_size,
		       req->page_token, &call->err);
	if (s != OK)
		return s;
	const char *const params[] = {req->odd ? "true" : "false", page.key, page.id,
				      db_param_i64(arena, page.size + 1)};
	s = db_query(service_db(call), &sql_payments_events_list, params, &rows, &call->err);
	if (s != OK)
		return s;

	n = PQntuples(rows);
	if (n > page.size) {
		n = page.size;
		resp->next_page_token = page_next(&page, arena, db_peek(rows, n - 1, "received"),
						  db_peek(rows, n - 1, "id"));
	}
	all = arena_array(arena, (size_t)n, sizeof *all);
	resp->events = arena_array(arena, (size_t)n, sizeof *resp->events);
	if (n > 0 && (!all || !resp->events))
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "%d events", n);
	for (int i = 0; i < n; i++) {
		payments__v1__stripe_event__init(&all[i]);
		all[i].id = db_text(arena, rows, i, "id");
		all[i].type = db_text(arena, rows, i, "type");
		all[i].object = db_text(arena, rows, i, "object_id");
		all[i].note = db_text(arena, rows, i, "note");
		all[i].receive_time = db_time(arena, rows, i, "receive_us");
		all[i].body_bytes = db_i32(rows, i, "bytes");
		resp->events[i] = &all[i];
	}
	resp->n_events = (size_t)n;
	return OK;
}
