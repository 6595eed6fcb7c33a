#include "payments/plan.h"
#include "runtime/service/list.h"

#define LAST_ID "~" /* behind every id of Stripe's */

enum status payments_v1_list_all_subscriptions(struct rpc_call *call,
					       const Payments__V1__ListAllSubscriptionsRequest *req,
					       Payments__V1__ListAllSubscriptionsResponse *resp)
{
	const char *mode = payments_live_param(payments_of(call));
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct page page;
	enum status s = list_begin(call, mode, req->page_size, req->page_token, &page);
	size_t n;

	if (s != OK)
		return s;
	const char *const params[] = {mode, page_key(&page, PAGE_FIRST_TIME),
				      page_id(&page, LAST_ID), list_limit(call, &page)};
	s = db_query(service_db(call), &sql_payments_subscriptions_all, params, &rows, &call->err);
	if (s != OK)
		return s;
	n = list_end(call, &page, rows, "created", &resp->next_page_token);
	s = list_new(call, &payments__v1__subscription__descriptor, n, &resp->n_subscriptions,
		     &resp->subscriptions);
	for (size_t i = 0; s == OK && i < n; i++)
		subscription_read(call->arena, rows, (int)i, resp->subscriptions[i]);
	return s;
}
