#include "payments/plan.h"
#include "payments/stripe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void add_price(struct stripe_form *form, const struct plan *plan)
{
	const Payments__V1__Money *price = plan->shown.price;
	char currency[4] = "";

	stripe_form_add(form, "line_items[0][quantity]", "1");
	if (*plan->stripe_price) {
		stripe_form_add(form, "line_items[0][price]", plan->stripe_price);
		return;
	}
	for (int i = 0; i < 3; i++) /* Stripe writes small letters */
		currency[i] = (char)(price->currency[i] | 0x20);
	stripe_form_add(form, "line_items[0][price_data][currency]", currency);
	stripe_form_addf(form, "line_items[0][price_data][unit_amount]", "%" PRId64,
			 price->minor_units);
	stripe_form_add(form, "line_items[0][price_data][recurring][interval]",
			plan->shown.interval == PAYMENTS__V1__PLAN__INTERVAL__YEAR ? "year"
										   : "month");
	stripe_form_add(form, "line_items[0][price_data][product_data][name]",
			plan->shown.display_name);
}

/* The subscription carries its terms, so that each of its events names them. */
static void fill_form(struct stripe_form *form, const char *public_url, const struct plan *plan,
		      const char *user, const char *customer)
{
	stripe_form_add(form, "mode", "subscription");
	stripe_form_add(form, "customer", customer);
	stripe_form_add(form, "client_reference_id", user);
	stripe_form_add(form, "subscription_data[metadata][user]", user);
	stripe_form_add(form, "subscription_data[metadata][plan]", plan->shown.id);
	stripe_form_addf(form, "subscription_data[metadata][credits]", "%" PRId64,
			 plan->shown.credits_microcredits);
	add_price(form, plan);
	stripe_form_addf(form, "success_url", "%s/credits?plan=%s", public_url, plan->shown.id);
	stripe_form_addf(form, "cancel_url", "%s/pricing", public_url);
}

/* A customer that was deleted at Stripe is made anew, once. */
static enum status open_session(struct rpc_call *call, const struct plan *plan, const char *key,
				json_t **ret)
{
	const struct payments *payments = payments_of(call);
	struct db *db = service_db(call);
	const char *customer;
	bool again = false;
	enum status s;

	for (;;) {
		_cleanup_(stripe_form_done) struct stripe_form form;

		stripe_form_init(&form);
		s = customer_of(payments, db, call->subject, call->arena, &customer, &call->err);
		if (s != OK)
			return s;
		fill_form(&form, payments->conf->public_url, plan, call->subject, customer);
		s = stripe_post(&payments->stripe, "/v1/checkout/sessions", &form,
				arena_printf(call->arena, "%s:%s", key, customer), ret, &call->err);
		if (s != FAILED_PRECONDITION || strcmp(call->err.field, "customer") != 0 || again)
			return s;
		again = true;
		s = db_exec(db, &sql_payments_customer_delete, (const char *[]){customer}, NULL,
			    &call->err);
		if (s != OK)
			return s;
	}
}

static enum status refuse_second(struct rpc_call *call, const char *plan)
{
	const char *const params[] = {call->subject, plan, payments_live_param(payments_of(call))};
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query(service_db(call), &sql_payments_subscription_live, params, &rows,
				 &call->err);

	if (s == OK && PQntuples(rows) > 0)
		s = rpc_fail(call, FAILED_PRECONDITION, "already_subscribed", "you have this plan");
	return s;
}

enum status payments_v1_buy_plan(struct rpc_call *call, const Payments__V1__BuyPlanRequest *req,
				 Payments__V1__BuyPlanResponse *resp)
{
	struct payments *payments = payments_of(call);
	const struct plan *plan = plan_find(payments, req->plan);
	_cleanup_(json_decrefp) json_t *session = NULL;
	char key[UUID_SIZE];
	enum status s;

	if (!payments_enabled(payments))
		return rpc_fail(call, FAILED_PRECONDITION, "payments_disabled",
				"nothing can be bought here");
	if (!plan)
		return rpc_fail(call, NOT_FOUND, "plan_unknown", "the plan is not for sale");
	s = refuse_second(call, req->plan);
	if (s != OK)
		return s;
	uuid_v4(key);
	if (atomic_fetch_add(&payments->stripe_calls, 1) < payments->conf->api_calls_max)
		s = open_session(call, plan,
				 *call->ctx.idempotency_key
					 ? arena_printf(call->arena, "%s:%s:%.200s", call->subject,
							req->plan, call->ctx.idempotency_key)
					 : key,
				 &session);
	else
		s = rpc_fail(call, RESOURCE_EXHAUSTED, "overloaded",
			     "too many payments are begun at this moment");
	atomic_fetch_sub(&payments->stripe_calls, 1);
	if (s == OK)
		resp->url = arena_strdup(call->arena, stripe_text(session, "url"));
	return s;
}
