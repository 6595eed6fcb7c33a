/* The page where people pay, and the effect of a payment. */
#include "stripe.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char head[] =
	"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
	"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
	"<title>Demo payment</title><style>"
	":root{color-scheme:light dark}"
	"body{font:16px/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;"
	"place-items:center;background:light-dark(#f5f5f4,#171717)}"
	"main{box-sizing:border-box;width:min(400px,100vw - 32px);padding:32px;border-radius:16px;"
	"background:light-dark(#fff,#262626);border:1px solid light-dark(#e5e5e5,#404040)}"
	"h1{font-size:14px;margin:0;font-weight:500}"
	"p.price{font-size:36px;font-weight:600;margin:8px 0 0}"
	"p.note{font-size:14px;padding:8px 12px;border-radius:8px;"
	"background:light-dark(#fef3c7,#422006)}"
	"button,a{display:block;box-sizing:border-box;width:100%;font:inherit;text-align:center;"
	"padding:10px;border-radius:8px;margin-top:12px}"
	"button{border:0;background:#1d4ed8;color:#fff;cursor:pointer}"
	"a{color:inherit}</style><main>";

static void add_escaped(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("<>&\"'", *text))
			buf_addf(out, "&#%d;", *text);
		else
			buf_addc(out, *text);
	}
}

static int64_t amount_of(const json_t *paid)
{
	const json_t *total = json_object_get(paid, "amount_total");

	return json_integer_value(total ? total : json_object_get(paid, "amount_due"));
}

static bool is_open(const json_t *paid)
{
	int64_t end = json_integer_value(json_object_get(paid, "expires_at"));

	return strcmp(form_text(paid, "status"), "open") == 0 &&
	       (end == 0 || end > clock_wall_us() / US_PER_S);
}

static void show(const json_t *paid, struct stripe_answer *answer)
{
	struct buf *out = &answer->page;
	const char *back = form_text(paid, "cancel_url");
	int64_t amount = amount_of(paid);

	answer->status = 200;
	buf_adds(out, head);
	buf_adds(out, "<h1>");
	add_escaped(out, form_text(paid, "standin_name"));
	buf_addf(out, "</h1><p class=\"price\">%" PRId64 ".%02" PRId64 " ", amount / 100,
		 amount % 100);
	for (const char *c = form_text(paid, "currency"); *c; c++)
		buf_addc(out, (char)(*c & ~0x20));
	buf_adds(out, "</p><p class=\"note\">This is a demo: no card is asked for and no money "
		      "moves.</p>");
	if (is_open(paid))
		buf_adds(out, "<form method=\"post\"><button>Pay</button></form>");
	else
		buf_adds(out, "<p>This page is closed: it was paid, or its time is over.</p>");
	if (*back) {
		buf_adds(out, "<a href=\"");
		add_escaped(out, back);
		buf_adds(out, "\">Back</a>");
	}
	buf_adds(out, "</main></html>");
}

/* Makes the payment: an intent that succeeded, and its charge. */
static json_t *take_money(const struct stripe_request *req, const json_t *paid, json_t *metadata)
{
	json_t *intent = store_new("payment_intent", "pi"), *charge = store_new("charge", "ch");
	const char *currency = form_text(paid, "currency"), *id = form_text(intent, "id");
	json_int_t amount = amount_of(paid);
	char receipt[200];

	snprintf(receipt, sizeof receipt, "%s/pay/%s", req->base, form_text(paid, "id"));
	ensure(json_object_update_new(intent, json_pack("{s:I, s:I, s:s, s:s, s:s, s:O}", "amount",
							amount, "amount_received", amount,
							"currency", currency, "status", "succeeded",
							"latest_charge", form_text(charge, "id"),
							"metadata", metadata)) == 0);
	ensure(json_object_update_new(
		       charge,
		       json_pack("{s:I, s:I, s:b, s:s, s:b, s:s, s:s, s:s, s:O}", "amount", amount,
				 "amount_refunded", (json_int_t)0, "refunded", 0, "currency",
				 currency, "paid", 1, "status", "succeeded", "payment_intent", id,
				 "receipt_url", receipt, "metadata", metadata)) == 0);
	json_decref(metadata);
	webhook_tell("charge.succeeded", charge);
	webhook_tell("payment_intent.succeeded", intent);
	return intent;
}

static void pay_session(const struct stripe_request *req, json_t *session)
{
	json_t *customer = store_find("customer", form_text(session, "customer"));
	json_t *intent = take_money(
		req, session, json_incref(json_object_get(session, "standin_intent_metadata")));

	/* Buyers give an address. */
	if (customer)
		json_object_set_new(customer, "email", json_string("buyer@example.test"));
	json_object_set_new(session, "status", json_string("complete"));
	json_object_set_new(session, "payment_status", json_string("paid"));
	json_object_set(session, "payment_intent", json_object_get(intent, "id"));
	webhook_tell("checkout.session.completed", session);
}

static void pay_invoice(const struct stripe_request *req, json_t *invoice)
{
	json_t *intent = take_money(req, invoice, json_object());

	json_object_set_new(invoice, "status", json_string("paid"));
	json_object_set(invoice, "amount_paid", json_object_get(invoice, "amount_due"));
	json_object_set(invoice, "payment_intent", json_object_get(intent, "id"));
	webhook_tell("invoice.paid", invoice);
}

void page_answer(const struct stripe_request *req, struct stripe_answer *answer)
{
	const char *id = req->path + strlen("/pay/");
	json_t *session = store_find("checkout.session", id), *invoice = store_find("invoice", id);
	json_t *paid = session ? session : invoice;

	if (!paid) {
		stripe_error(answer, 404, "invalid_request_error", "resource_missing", "id",
			     "There is no such page: the stand-in forgets them when it ends.");
		return;
	}
	if (strcmp(req->method, "POST") != 0) {
		show(paid, answer);
		return;
	}
	if (is_open(paid) && strcmp(form_text(paid, "mode"), "subscription") == 0)
		subscription_begin(req, session);
	else if (is_open(paid) && session)
		pay_session(req, session);
	else if (is_open(paid))
		pay_invoice(req, invoice);
	answer->status = 303;
	answer->location =
		arena_strdup(req->arena, session ? form_text(session, "success_url") : req->path);
}
