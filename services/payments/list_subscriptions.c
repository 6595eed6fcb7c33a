#include "payments/plan.h"
#include "runtime/db/timestamp.h"
#include "runtime/service/list.h"

#include <string.h>

static Payments__V1__Subscription__State state_of(const char *status, bool ended)
{
	if (ended)
		return PAYMENTS__V1__SUBSCRIPTION__STATE__ENDED;
	if (strcmp(status, "active") == 0 || strcmp(status, "trialing") == 0)
		return PAYMENTS__V1__SUBSCRIPTION__STATE__ACTIVE;
	if (strcmp(status, "past_due") == 0)
		return PAYMENTS__V1__SUBSCRIPTION__STATE__PAST_DUE;
	return PAYMENTS__V1__SUBSCRIPTION__STATE__UNPAID;
}

void subscription_read(struct arena *arena, const PGresult *rows, int row,
		       Payments__V1__Subscription *ret)
{
	bool ended = !db_is_null(rows, row, "end_us");

	ret->id = db_text(arena, rows, row, "id");
	ret->user = db_text(arena, rows, row, "user_id");
	ret->plan = db_text(arena, rows, row, "plan");
	ret->state = state_of(db_peek(rows, row, "status"), ended);
	ret->cancels = db_bool(rows, row, "cancels");
	ret->create_time = db_time(arena, rows, row, "create_us");
	if (!db_is_null(rows, row, "period_end_us"))
		ret->period_end_time = db_time(arena, rows, row, "period_end_us");
	if (ended)
		ret->end_time = db_time(arena, rows, row, "end_us");
}

enum status
payments_v1_list_subscriptions(struct rpc_call *call,
			       _unused_ const Payments__V1__ListSubscriptionsRequest *req,
			       Payments__V1__ListSubscriptionsResponse *resp)
{
	const char *const params[] = {call->subject, payments_live_param(payments_of(call))};
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s =
		db_query(service_db(call), &sql_payments_subscriptions, params, &rows, &call->err);

	if (s == OK)
		s = list_new(call, &payments__v1__subscription__descriptor, (size_t)PQntuples(rows),
			     &resp->n_subscriptions, &resp->subscriptions);
	for (size_t i = 0; s == OK && i < resp->n_subscriptions; i++)
		subscription_read(call->arena, rows, (int)i, resp->subscriptions[i]);
	return s;
}
