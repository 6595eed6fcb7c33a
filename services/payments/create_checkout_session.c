#include "payments/payments.h"
#include "payments/stripe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const Payments__V1__Package *package_find(struct payments *payments, const char *id)
{
	const struct packages *packages = atomic_load(&payments->packages);

	for (size_t i = 0; i < packages->n; i++)
		if (strcmp(packages->all[i]->id, id) == 0)
			return packages->all[i];
	return NULL;
}

/* Stores the payment, or finds the one that this request has made before. */
static enum status store(struct rpc_call *call, const Payments__V1__Package *package,
			 PGresult **ret)
{
	const struct payments *payments = payments_of(call);
	const char *key = *call->ctx.idempotency_key ? call->ctx.idempotency_key : NULL;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct db *db = service_db(call);
	char id[UUID_SIZE];
	enum status s;

	uuid_v7(id);
	const char *const params[] = {
		id,
		call->subject,
		package->id,
		db_param_i64(call->arena, package->credits_microcredits),
		package->price->currency,
		db_param_i64(call->arena, package->price->minor_units),
		payments_live_param(payments),
		key,
		db_param_i64(call->arena, payments->conf->checkout_lifetime_ms),
	};
	s = db_query(db, &sql_payments_insert, params, &rows, &call->err);
	if (s == OK && PQntuples(rows) == 0) {
		PQclear(TAKE_PTR(rows));
		s = db_query_one(db, &sql_payments_find_request,
				 (const char *[]){call->subject, key}, &rows, &call->err);
	}
	if (s == OK && strcmp(db_peek(rows, 0, "package"), package->id) != 0)
		s = rpc_fail(call, ALREADY_EXISTS, "idempotency_key_reused",
			     "the key was used for another package");
	if (s == OK)
		*ret = TAKE_PTR(rows);
	return s;
}

static void fill_form(struct stripe_form *form, const char *public_url,
		      const Payments__V1__Package *package, const char *payment,
		      const char *customer, int64_t expire_seconds)
{
	char currency[4] = "";

	for (int i = 0; i < 3; i++) /* Stripe writes small letters */
		currency[i] = (char)(package->price->currency[i] | 0x20);
	stripe_form_add(form, "mode", "payment");
	stripe_form_add(form, "customer", customer);
	stripe_form_add(form, "client_reference_id", payment);
	stripe_form_add(form, "metadata[payment]", payment);
	stripe_form_add(form, "payment_intent_data[metadata][payment]", payment);
	stripe_form_add(form, "line_items[0][quantity]", "1");
	stripe_form_add(form, "line_items[0][price_data][currency]", currency);
	stripe_form_addf(form, "line_items[0][price_data][unit_amount]", "%" PRId64,
			 package->price->minor_units);
	stripe_form_addf(form, "line_items[0][price_data][product_data][name]", "%s: %.15g credits",
			 package->display_name, (double)package->credits_microcredits / 1e6);
	stripe_form_addf(form, "expires_at", "%" PRId64, expire_seconds);
	stripe_form_addf(form, "success_url", "%s/pricing/success?payment=%s", public_url, payment);
	stripe_form_addf(form, "cancel_url", "%s/pricing/cancel?payment=%s", public_url, payment);
}

/* A customer that was deleted at Stripe is made anew, once. */
static enum status open_session(struct rpc_call *call, const Payments__V1__Package *package,
				const char *payment, int64_t expire_seconds, json_t **ret)
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
		fill_form(&form, payments->conf->public_url, package, payment, customer,
			  expire_seconds);
		s = stripe_post(&payments->stripe, "/v1/checkout/sessions", &form,
				arena_printf(call->arena, "%s:%s", payment, customer), ret,
				&call->err);
		if (s != FAILED_PRECONDITION || strcmp(call->err.field, "customer") != 0 || again)
			return s;
		again = true;
		s = db_exec(db, &sql_payments_customer_delete, (const char *[]){customer}, NULL,
			    &call->err);
		if (s != OK)
			return s;
	}
}

static enum status open_page(struct rpc_call *call, const Payments__V1__Package *package,
			     const char *payment, int64_t expire_seconds, const char **ret_url)
{
	_cleanup_(json_decrefp) json_t *session = NULL;
	enum status s = open_session(call, package, payment, expire_seconds, &session);

	if (s != OK)
		return s;
	*ret_url = arena_strdup(call->arena, stripe_text(session, "url"));
	return db_exec(service_db(call), &sql_payments_opened,
		       (const char *[]){payment, stripe_text(session, "id"), *ret_url}, NULL,
		       &call->err);
}

enum status
payments_v1_create_checkout_session(struct rpc_call *call,
				    const Payments__V1__CreateCheckoutSessionRequest *req,
				    Payments__V1__CheckoutSession *resp)
{
	struct payments *payments = payments_of(call);
	const Payments__V1__Package *package = package_find(payments, req->package);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *url;
	enum status s;

	if (!payments_enabled(payments))
		return rpc_fail(call, FAILED_PRECONDITION, "payments_disabled",
				"nothing can be bought here");
	if (!package)
		return rpc_fail(call, NOT_FOUND, "package_unknown", "the package is not for sale");
	s = store(call, package, &rows);
	if (s != OK)
		return s;
	resp->payment = db_text(call->arena, rows, 0, "id");
	url = db_text(call->arena, rows, 0, "url");
	if (!*url) {
		if (atomic_fetch_add(&payments->stripe_calls, 1) < payments->conf->api_calls_max)
			s = open_page(call, package, resp->payment,
				      db_i64(rows, 0, "expire_seconds"), &url);
		else
			s = rpc_fail(call, RESOURCE_EXHAUSTED, "overloaded",
				     "too many payments are begun at this moment");
		atomic_fetch_sub(&payments->stripe_calls, 1);
	}
	resp->url = (char *)url;
	return s;
}
