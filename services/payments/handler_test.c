/* Handlers of payments without Stripe: what they refuse, what they store, what they list. This file
 * is part of payments' test program. */
#include "payments/payments_test.h"
#include "tests/lib/call.h"
#include "tests/lib/pg.h"

#include "payments/signature.h"
#include "runtime/base/clock.h"
#include "runtime/base/text.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#define USER "01a1f000-0000-7000-8000-000000000001"
#define STRANGER "01a1f000-0000-7000-8000-000000000002"
#define PAYMENT "01a1f000-0000-7000-8000-0000000000aa"
#define EVENT(live)                                                                            \
	"{\"id\":\"evt_1\",\"object\":\"event\",\"type\":\"payment_intent.succeeded\","        \
	"\"created\":1795260000,\"livemode\":" live ",\"data\":{\"object\":{\"object\":"       \
	"\"payment_intent\",\"id\":\"pi_1\",\"status\":\"succeeded\",\"amount_received\":500," \
	"\"currency\":\"eur\",\"metadata\":{\"payment\":\"" PAYMENT "\"}}}}"

static enum status checkout(const char *user, const char *package, const char *key,
			    struct error *err)
{
	_cleanup_(test_call_freep) struct rpc_call *call = test_call_new(learn_db(), user, NULL);
	Payments__V1__CreateCheckoutSessionRequest req =
		PAYMENTS__V1__CREATE_CHECKOUT_SESSION_REQUEST__INIT;
	Payments__V1__CheckoutSession resp = PAYMENTS__V1__CHECKOUT_SESSION__INIT;
	enum status s;

	req.package = (char *)package;
	snprintf(call->ctx.idempotency_key, sizeof call->ctx.idempotency_key, "%s", key);
	s = payments_v1_create_checkout_session(call, &req, &resp);
	*err = call->err;
	return s;
}

static enum status webhook(const char *body, const char *secret, struct error *err)
{
	_cleanup_(test_call_freep) struct rpc_call *call = test_call_new(learn_db(), NULL, NULL);
	Payments__V1__StripeWebhookRequest req = PAYMENTS__V1__STRIPE_WEBHOOK_REQUEST__INIT;
	Google__Api__HttpBody http = GOOGLE__API__HTTP_BODY__INIT;
	Google__Protobuf__Empty resp = GOOGLE__PROTOBUF__EMPTY__INIT;
	char text[4096], header[200], hex[65];
	unsigned char mac[32];
	int64_t seconds = clock_wall_us() / US_PER_S;
	enum status s;

	snprintf(text, sizeof text, "%" PRId64 ".%s", seconds, body);
	HMAC(EVP_sha256(), secret, (int)strlen(secret), (const uint8_t *)text, strlen(text), mac,
	     NULL);
	hex_encode(mac, sizeof mac, hex);
	snprintf(header, sizeof header, "t=%" PRId64 ",v1=%s", seconds, hex);
	http.data.data = (uint8_t *)body;
	http.data.len = strlen(body);
	req.body = &http;
	req.stripe_signature = header;
	s = payments_v1_stripe_webhook(call, &req, &resp);
	*err = call->err;
	return s;
}

static void insert(const char *id, const char *user, const char *key)
{
	const char *const params[] = {id,    user,    "starter", "500000000", "EUR",
				      "500", "false", key,       "3600000"};

	assert_int_equal(db_exec(learn_db(), &sql_payments_insert, params, NULL, NULL), OK);
}

void a_check_out_is_refused_with_its_reason(void **state)
{
	struct error err;

	payments_test_configure("");
	assert_int_equal(checkout(USER, "starter", "", &err), FAILED_PRECONDITION);
	assert_string_equal(err.reason, "payments_disabled");
	payments_test_configure("sk_test_1");
	assert_int_equal(checkout(USER, "no-such", "", &err), NOT_FOUND);
	assert_string_equal(err.reason, "package_unknown");
	insert(PAYMENT, USER, "key-1");
	assert_int_equal(checkout(USER, "team", "key-1", &err), ALREADY_EXISTS);
	assert_string_equal(err.reason, "idempotency_key_reused");
	assert_int_equal(learn_value("SELECT count(*) AS n FROM payment"), 1);
}

/* Nobody listens at the API's port. The payment is there all the same, for the next try. */
void stripe_away_is_said(void **state)
{
	struct error err;

	assert_int_equal(checkout(USER, "starter", "key-1", &err), UNAVAILABLE);
	assert_string_equal(err.reason, "stripe_unavailable");
	assert_int_equal(checkout(USER, "starter", "key-1", &err), UNAVAILABLE);
	assert_int_equal(learn_value("SELECT count(*) AS n FROM payment"), 1);
}

void an_event_is_stored_with_its_effect(void **state)
{
	struct error err;

	insert(PAYMENT, USER, NULL);
	assert_int_equal(webhook(EVENT("false"), "whsec_new", &err), OK);
	assert_int_equal(webhook(EVENT("false"), "whsec_old", &err), OK);
	assert_int_equal(learn_value("SELECT count(*) AS n FROM stripe_event WHERE type = "
				     "'payment_intent.succeeded' AND object_id = 'pi_1'"),
			 1);
	assert_int_equal(learn_value("SELECT count(*) AS n FROM outbox"), 1);
	assert_int_equal(
		learn_value("SELECT count(*) AS n FROM payment WHERE paid_time IS NOT NULL"), 1);
}

void a_bad_event_leaves_nothing(void **state)
{
	struct error err;

	insert(PAYMENT, USER, NULL);
	assert_int_equal(webhook(EVENT("false"), "whsec_other", &err), INVALID_ARGUMENT);
	assert_string_equal(err.reason, "signature_invalid");
	assert_int_equal(webhook(EVENT("true"), "whsec_new", &err), FAILED_PRECONDITION);
	assert_string_equal(err.reason, "stripe_mode_mismatch");
	assert_int_equal(webhook("{\"id\":\"evt_1\"", "whsec_new", &err), INVALID_ARGUMENT);
	assert_int_equal(webhook("[]", "whsec_new", &err), INVALID_ARGUMENT);
	assert_int_equal(webhook("{\"id\":\"evt_1\",\"type\":\"x\"}", "whsec_new", &err),
			 INVALID_ARGUMENT);
	assert_string_equal(err.field, "body");
	payments_test_configure("sk_live_1");
	assert_int_equal(webhook(EVENT("false"), "whsec_new", &err), FAILED_PRECONDITION);
	assert_int_equal(learn_value("SELECT count(*) AS n FROM stripe_event"), 0);
	assert_int_equal(learn_value("SELECT count(*) AS n FROM outbox"), 0);
}

static Payments__V1__ListPaymentsResponse *list(struct rpc_call *call, const char *token)
{
	Payments__V1__ListPaymentsRequest req = PAYMENTS__V1__LIST_PAYMENTS_REQUEST__INIT;
	Payments__V1__ListPaymentsResponse *resp = arena_alloc(call->arena, sizeof *resp);

	payments__v1__list_payments_response__init(resp);
	req.page_size = 2;
	req.page_token = (char *)token;
	call->method = &payments_v1_list_payments_method;
	assert_int_equal(payments_v1_list_payments(call, &req, resp), OK);
	return resp;
}

void a_user_sees_their_own_payments(void **state)
{
	static const struct sql states = {
		"test_states",
		"UPDATE payment SET create_time = create_time - ('x' || right(id::text, 1))::bit(4)"
		"::int * interval '1 s', expire_time = CASE right(id::text, 1) WHEN 'c' THEN "
		"lc.now() - interval '1 s' ELSE expire_time END, paid_time = CASE right(id::text, "
		"1) WHEN 'b' THEN lc.now() END, url = 'https://pay'",
		0};
	_cleanup_(test_call_freep) struct rpc_call *call = test_call_new(learn_db(), USER, NULL);
	_cleanup_(test_call_freep) struct rpc_call *stranger =
		test_call_new(learn_db(), STRANGER, NULL);
	Payments__V1__ListPaymentsResponse *page;

	insert("01a1f000-0000-7000-8000-0000000000aa", USER, NULL);
	insert("01a1f000-0000-7000-8000-0000000000ab", USER, NULL);
	insert("01a1f000-0000-7000-8000-0000000000ac", USER, NULL);
	insert("01a1f000-0000-7000-8000-0000000000ad", STRANGER, NULL);
	assert_int_equal(db_exec(learn_db(), &states, NULL, NULL, NULL), OK);
	page = list(call, "");
	assert_int_equal(page->n_payments, 2);
	assert_int_equal(page->payments[0]->state, PAYMENTS__V1__PAYMENT__STATE__OPEN);
	assert_string_equal(page->payments[0]->url, "https://pay");
	assert_int_equal(page->payments[1]->state, PAYMENTS__V1__PAYMENT__STATE__PAID);
	assert_string_equal(page->payments[1]->url, "");
	assert_int_equal(page->payments[0]->price->minor_units, 500);
	page = list(call, page->next_page_token);
	assert_int_equal(page->n_payments, 1);
	assert_int_equal(page->payments[0]->state, PAYMENTS__V1__PAYMENT__STATE__EXPIRED);
	assert_string_equal(page->next_page_token, "");
	assert_int_equal(list(stranger, "")->n_payments, 1);
	payments_test_configure("sk_live_1");
	assert_int_equal(list(call, "")->n_payments, 0);
}
