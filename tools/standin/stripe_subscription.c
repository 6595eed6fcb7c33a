/* Subscriptions of the stand-in Stripe. */
#include "stripe.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"

#include <stdio.h>
#include <string.h>

#define MONTH_S (30 * 86400)
#define YEAR_S (365 * 86400)

static void put(json_t *object, const char *name, const char *text)
{
	json_object_set_new(object, name, json_string(text));
}

static int64_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* As an event or an answer shows it. Newer versions of the API have the period in the items. */
static json_t *shown(const json_t *subscription)
{
	json_t *copy = json_deep_copy(subscription), *items;

	if (!json_is_true(json_object_get(copy, "standin_new_api")))
		return copy;
	items = json_pack("{s:[{s:O}]}", "data", "current_period_end",
			  json_object_get(copy, "current_period_end"));
	json_object_set_new(copy, "items", items);
	json_object_del(copy, "current_period_end");
	return copy;
}

static void tell(const char *type, const json_t *subscription)
{
	json_t *object = shown(subscription);

	webhook_tell(type, object);
	json_decref(object);
}

/* An invoice of the next interval, paid or not. */
static void invoice(json_t *subscription, const char *reason, bool paid)
{
	bool new_api = json_is_true(json_object_get(subscription, "standin_new_api"));
	json_t *metadata = json_object_get(subscription, "metadata"), *details;
	json_t *made = store_new("invoice", "in");
	const char *id = form_text(subscription, "id");
	json_int_t end = number(subscription, "current_period_end"),
		   price = number(subscription, "standin_price");

	put(made, "status", paid ? "paid" : "open");
	put(made, "billing_reason", reason);
	put(made, "customer", form_text(subscription, "customer"));
	put(made, "currency", form_text(subscription, "currency"));
	json_object_set_new(made, "amount_due", json_integer(price));
	json_object_set_new(made, "amount_paid", json_integer(paid ? price : 0));
	json_object_set_new(made, "metadata", json_object());
	details = json_pack("{s:O}", "metadata", metadata);
	if (new_api) {
		put(details, "subscription", id);
		json_object_set_new(made, "parent",
				    json_pack("{s:s, s:o}", "type", "subscription_details",
					      "subscription_details", details));
	} else {
		put(made, "subscription", id);
		json_object_set_new(made, "subscription_details", details);
	}
	json_object_set_new(made, "lines",
			    json_pack("{s:s, s:[{s:I, s:{s:I, s:I}}]}", "object", "list", "data",
				      "amount", price, "period", "start", end - MONTH_S, "end",
				      end));
	webhook_tell(paid ? "invoice.paid" : "invoice.payment_failed", made);
}

static int64_t interval_of(const json_t *subscription)
{
	return strcmp(form_text(subscription, "standin_interval"), "year") == 0 ? YEAR_S : MONTH_S;
}

void subscription_begin(const struct stripe_request *req, json_t *session)
{
	json_t *subscription = store_new("subscription", "sub");
	int64_t now = clock_wall_us() / US_PER_S;

	(void)req;
	put(subscription, "status", "active");
	put(subscription, "customer", form_text(session, "customer"));
	put(subscription, "currency", form_text(session, "currency"));
	put(subscription, "standin_interval", form_text(session, "standin_interval"));
	json_object_set(subscription, "standin_price", json_object_get(session, "amount_total"));
	json_object_set(subscription, "metadata",
			json_object_get(session, "standin_intent_metadata"));
	json_object_set_new(subscription, "cancel_at_period_end", json_false());
	json_object_set_new(subscription, "current_period_end",
			    json_integer(now + interval_of(subscription)));
	put(session, "status", "complete");
	put(session, "payment_status", "paid");
	json_object_set(session, "subscription", json_object_get(subscription, "id"));
	tell("customer.subscription.created", subscription);
	invoice(subscription, "subscription_create", true);
	webhook_tell("checkout.session.completed", session);
}

void subscription_change(const struct stripe_request *req, const char *id,
			 struct stripe_answer *answer)
{
	json_t *subscription = store_find("subscription", id);

	if (!subscription || strcmp(form_text(subscription, "status"), "canceled") == 0) {
		stripe_error(answer, 404, "invalid_request_error", "resource_missing", "id",
			     "No such subscription.");
		return;
	}
	json_object_set_new(
		subscription, "cancel_at_period_end",
		json_boolean(strcmp(form_text(req->form, "cancel_at_period_end"), "true") == 0));
	tell("customer.subscription.updated", subscription);
	answer->status = 200;
	answer->body = shown(subscription);
}

json_t *subscription_control(const struct stripe_request *req, const char *id)
{
	json_t *subscription = store_find("subscription", id);
	const char *what = form_text(req->form, "do");

	if (!subscription)
		return NULL;
	json_object_set_new(subscription, "standin_new_api",
			    json_boolean(strcmp(form_text(req->form, "api"), "new") == 0));
	if (strcmp(what, "end") == 0) {
		put(subscription, "status", "canceled");
		json_object_set_new(subscription, "ended_at",
				    json_integer(clock_wall_us() / US_PER_S));
		tell("customer.subscription.deleted", subscription);
		return json_incref(subscription);
	}
	put(subscription, "status", strcmp(what, "fail") == 0 ? "past_due" : "active");
	json_object_set_new(subscription, "current_period_end",
			    json_integer(number(subscription, "current_period_end") +
					 interval_of(subscription)));
	invoice(subscription, "subscription_cycle", strcmp(what, "renew") == 0);
	tell("customer.subscription.updated", subscription);
	return json_incref(subscription);
}
