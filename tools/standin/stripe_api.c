/* The part of Stripe's API that payments uses: customers, check-outs, payments, refunds, disputes,
 * invoices. */
#include "stripe.h"

#include <stdio.h>
#include <string.h>

#define AMOUNT_MAX 99999999

static void put(json_t *object, const char *name, const char *text)
{
	json_object_set_new(object, name, json_string(text));
}

static void missing(struct stripe_answer *answer, const char *kind, const char *param,
		    const char *id)
{
	char text[300];

	snprintf(text, sizeof text, "No such %s: '%.100s'", kind, id);
	stripe_error(answer, param ? 400 : 404, "invalid_request_error", "resource_missing",
		     param ? param : "id", text);
}

static void invalid(struct stripe_answer *answer, const char *param, const char *message)
{
	stripe_error(answer, 400, "invalid_request_error", NULL, param, message);
}

static void give(struct stripe_answer *answer, json_t *object)
{
	answer->status = 200;
	answer->body = json_incref(object);
}

/* ------------------------------------------------------------------ POST */

static void make_customer(const struct stripe_request *req, struct stripe_answer *answer)
{
	json_t *customer = store_new("customer", "cus");
	const char *email = form_text(req->form, "email");

	json_object_set_new(customer, "email", *email ? json_string(email) : json_null());
	json_object_set_new(customer, "metadata", store_metadata(req->form, "metadata"));
	give(answer, customer);
}

static void make_session(const struct stripe_request *req, struct stripe_answer *answer)
{
	const char *customer = form_text(req->form, "customer");
	const char *mode = form_text(req->form, "mode");
	bool subscribes = strcmp(mode, "subscription") == 0;
	int64_t price = form_number(req->form, "line_items[0][price_data][unit_amount]", 0);
	int64_t quantity = form_number(req->form, "line_items[0][quantity]", 0);
	json_t *session;
	char url[200];

	if (strcmp(mode, "payment") != 0 && !subscribes)
		return invalid(answer, "mode",
			       "The stand-in knows mode=payment and mode=subscription only.");
	if (!store_find("customer", customer))
		return missing(answer, "customer", "customer", customer);
	if (price < 1 || price > AMOUNT_MAX || quantity != 1)
		return invalid(answer, "line_items[0][price_data][unit_amount]",
			       "This must be a positive integer.");
	if (!*form_text(req->form, "success_url"))
		return invalid(answer, "success_url", "Missing required param: success_url.");
	session = store_new("checkout.session", "cs_test");
	put(session, "mode", mode);
	put(session, "status", "open");
	put(session, "payment_status", "unpaid");
	put(session, "customer", customer);
	put(session, "currency", form_text(req->form, "line_items[0][price_data][currency]"));
	json_object_set_new(session, "amount_total", json_integer(price));
	put(session, "client_reference_id", form_text(req->form, "client_reference_id"));
	put(session, "success_url", form_text(req->form, "success_url"));
	put(session, "cancel_url", form_text(req->form, "cancel_url"));
	json_object_set_new(session, "expires_at",
			    json_integer(form_number(req->form, "expires_at", 0)));
	json_object_set_new(session, "payment_intent", json_null());
	json_object_set_new(session, "metadata", store_metadata(req->form, "metadata"));
	/* Not part of Stripe's object, but asked for together with it. */
	json_object_set_new(session, "standin_intent_metadata",
			    store_metadata(req->form, subscribes
							      ? "subscription_data[metadata]"
							      : "payment_intent_data[metadata]"));
	put(session, "standin_interval",
	    form_text(req->form, "line_items[0][price_data][recurring][interval]"));
	put(session, "standin_name",
	    form_text(req->form, "line_items[0][price_data][product_data][name]"));
	snprintf(url, sizeof url, "%s/pay/%s", req->base, form_text(session, "id"));
	put(session, "url", url);
	give(answer, session);
}

static void make_refund(const struct stripe_request *req, struct stripe_answer *answer)
{
	const char *id = form_text(req->form, "payment_intent");
	json_t *intent = store_find("payment_intent", id), *charge, *refund;
	int64_t left, amount;

	if (!intent)
		return missing(answer, "payment_intent", "payment_intent", id);
	charge = store_find("charge", form_text(intent, "latest_charge"));
	left = json_integer_value(json_object_get(charge, "amount")) -
	       json_integer_value(json_object_get(charge, "amount_refunded"));
	amount = form_number(req->form, "amount", left);
	if (amount < 1 || amount > left)
		return invalid(answer, "amount", "Refund amount is greater than what is left.");
	refund = store_new("refund", "re");
	json_object_set_new(refund, "amount", json_integer(amount));
	put(refund, "currency", form_text(intent, "currency"));
	put(refund, "payment_intent", id);
	put(refund, "charge", form_text(charge, "id"));
	put(refund, "status", "succeeded");
	json_object_set_new(refund, "metadata", store_metadata(req->form, "metadata"));
	json_object_set_new(charge, "amount_refunded",
			    json_integer(json_integer_value(json_object_get(charge, "amount")) -
					 left + amount));
	json_object_set_new(charge, "refunded", json_boolean(amount == left));
	webhook_tell("refund.created", refund);
	webhook_tell("charge.refunded", charge);
	give(answer, refund);
}

static void make_invoice(const struct stripe_request *req, struct stripe_answer *answer)
{
	const char *customer = form_text(req->form, "customer");
	const char *method = form_text(req->form, "collection_method");
	json_t *owner = store_find("customer", customer), *invoice;

	if (!owner)
		return missing(answer, "customer", "customer", customer);
	if (strcmp(method, "send_invoice") == 0 && !*form_text(owner, "email"))
		return invalid(answer, "customer",
			       "Missing email. In order to create invoices that are sent to the "
			       "customer, the customer must have a valid email.");
	invoice = store_new("invoice", "in");
	put(invoice, "status", "draft");
	put(invoice, "customer", customer);
	put(invoice, "collection_method", method);
	put(invoice, "currency", form_text(req->form, "currency"));
	json_object_set_new(invoice, "amount_due", json_integer(0));
	json_object_set_new(invoice, "amount_paid", json_integer(0));
	json_object_set_new(invoice, "payment_intent", json_null());
	json_object_set_new(invoice, "hosted_invoice_url", json_null());
	json_object_set_new(invoice, "metadata", store_metadata(req->form, "metadata"));
	give(answer, invoice);
}

static void make_item(const struct stripe_request *req, struct stripe_answer *answer)
{
	const char *id = form_text(req->form, "invoice");
	json_t *invoice = store_find("invoice", id), *item;
	int64_t amount = form_number(req->form, "amount", 0);

	if (!invoice)
		return missing(answer, "invoice", "invoice", id);
	if (strcmp(form_text(invoice, "status"), "draft") != 0)
		return invalid(answer, "invoice", "This invoice is no longer editable.");
	item = store_new("invoiceitem", "ii");
	put(item, "invoice", id);
	json_object_set_new(item, "amount", json_integer(amount));
	json_object_set_new(
		invoice, "amount_due",
		json_integer(json_integer_value(json_object_get(invoice, "amount_due")) + amount));
	put(invoice, "standin_name", form_text(req->form, "description"));
	give(answer, item);
}

/* POST /v1/invoices/ID/finalize and …/send. */
static void change_invoice(const struct stripe_request *req, const char *id, const char *verb,
			   struct stripe_answer *answer)
{
	json_t *invoice = store_find("invoice", id);
	char url[200];

	if (!invoice)
		return missing(answer, "invoice", NULL, id);
	if (strcmp(verb, "finalize") == 0) {
		if (strcmp(form_text(invoice, "status"), "draft") != 0)
			return invalid(answer, "invoice", "This invoice is already finalized.");
		put(invoice, "status", "open");
		snprintf(url, sizeof url, "%s/pay/%s", req->base, id);
		put(invoice, "hosted_invoice_url", url);
		webhook_tell("invoice.finalized", invoice);
	} else if (strcmp(verb, "void") == 0) {
		put(invoice, "status", "void");
		webhook_tell("invoice.voided", invoice);
	} else if (strcmp(verb, "send") != 0) {
		return missing(answer, "route", NULL, verb);
	}
	give(answer, invoice);
}

/* ------------------------------------------------------------------ routes */

static const struct {
	const char *path, *kind;
	void (*make)(const struct stripe_request *req, struct stripe_answer *answer);
} routes[] = {
	{"/v1/customers", "customer", make_customer},
	{"/v1/checkout/sessions", "checkout.session", make_session},
	{"/v1/payment_intents", "payment_intent", NULL},
	{"/v1/charges", "charge", NULL},
	{"/v1/refunds", "refund", make_refund},
	{"/v1/disputes", "dispute", NULL},
	{"/v1/invoices", "invoice", make_invoice},
	{"/v1/invoiceitems", "invoiceitem", make_item},
	{"/v1/events", "event", NULL},
	{"/v1/subscriptions", "subscription", NULL},
};

/* A list of intents with their charges in them, as expand[]=data.latest_charge asks. */
static json_t *with_charges(json_t *list)
{
	json_t *copy = json_deep_copy(list), *intent;
	size_t i;

	json_decref(list);
	json_array_foreach(json_object_get(copy, "data"), i, intent) json_object_set(
		intent, "latest_charge", store_find("charge", form_text(intent, "latest_charge")));
	return copy;
}

static void list(const char *kind, const struct stripe_request *req, struct stripe_answer *answer)
{
	json_t *found = store_list(kind, req->form);

	if (strcmp(form_text(req->form, "expand[]"), "data.latest_charge") == 0 ||
	    strcmp(form_text(req->form, "expand[0]"), "data.latest_charge") == 0)
		found = with_charges(found);
	answer->status = 200;
	answer->body = found;
}

/* One object of a kind: its state, or POST …/ID/VERB. */
static void one(const char *kind, const char *rest, const struct stripe_request *req,
		struct stripe_answer *answer)
{
	size_t len = strcspn(rest, "/");
	const char *id = arena_strndup(req->arena, rest, len);
	json_t *object = store_find(kind, id);

	if (strcmp(req->method, "POST") == 0 && rest[len] && strcmp(kind, "invoice") == 0)
		change_invoice(req, id, rest + len + 1, answer);
	else if (strcmp(req->method, "POST") == 0 && !rest[len] &&
		 strcmp(kind, "subscription") == 0)
		subscription_change(req, id, answer);
	else if (strcmp(req->method, "GET") == 0 && !rest[len] && object)
		give(answer, object);
	else
		missing(answer, kind, NULL, id);
}

void api_answer(const struct stripe_request *req, struct stripe_answer *answer)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		size_t len = strlen(routes[i].path);

		if (strncmp(req->path, routes[i].path, len) != 0)
			continue;
		if (req->path[len] == '/')
			return one(routes[i].kind, req->path + len + 1, req, answer);
		if (req->path[len])
			continue;
		if (strcmp(req->method, "GET") == 0)
			return list(routes[i].kind, req, answer);
		if (routes[i].make && strcmp(req->method, "POST") == 0)
			return routes[i].make(req, answer);
	}
	stripe_error(answer, 404, "invalid_request_error", NULL, NULL,
		     "Unrecognized request URL: the stand-in does not know it.");
}
