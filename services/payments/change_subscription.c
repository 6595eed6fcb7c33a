#include "payments/plan.h"
#include "payments/stripe.h"

#include <string.h>

static enum status find(struct rpc_call *call, const char *id, PGresult **ret)
{
	const char *const params[] = {id, call->subject, payments_live_param(payments_of(call))};

	return db_query_one(service_db(call), &sql_payments_subscription, params, ret, &call->err);
}

/* At Stripe, and here by its answer. */
static enum status change(struct rpc_call *call, const char *id, bool resume)
{
	struct payments *payments = payments_of(call);
	_cleanup_(stripe_form_done) struct stripe_form form;
	_cleanup_(json_decrefp) json_t *answer = NULL;
	char key[UUID_SIZE];
	enum status s;

	stripe_form_init(&form);
	stripe_form_add(&form, "cancel_at_period_end", resume ? "false" : "true");
	uuid_v4(key);
	s = stripe_post(&payments->stripe, arena_printf(call->arena, "/v1/subscriptions/%s", id),
			&form, key, &answer, &call->err);
	return s == OK ? learn_alone(payments, service_db(call), answer, &call->err) : s;
}

enum status payments_v1_change_subscription(struct rpc_call *call,
					    const Payments__V1__ChangeSubscriptionRequest *req,
					    Payments__V1__Subscription *resp)
{
	struct payments *payments = payments_of(call);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s;

	if (!payments_enabled(payments))
		return rpc_fail(call, FAILED_PRECONDITION, "payments_disabled",
				"Stripe is not configured here");
	s = find(call, req->subscription, &rows);
	if (s == OK && !db_is_null(rows, 0, "end_us"))
		s = rpc_fail(call, FAILED_PRECONDITION, "subscription_ended",
			     "the subscription is over");
	if (s != OK)
		return s;
	if (db_bool(rows, 0, "cancels") == req->resume) {
		if (atomic_fetch_add(&payments->stripe_calls, 1) < payments->conf->api_calls_max)
			s = change(call, req->subscription, req->resume);
		else
			s = rpc_fail(call, RESOURCE_EXHAUSTED, "overloaded",
				     "too many calls of Stripe are under way");
		atomic_fetch_sub(&payments->stripe_calls, 1);
		PQclear(TAKE_PTR(rows));
		if (s == OK)
			s = find(call, req->subscription, &rows);
	}
	if (s == OK)
		subscription_read(call->arena, rows, 0, resp);
	return s;
}
