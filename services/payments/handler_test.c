/* Handlers of payments without Stripe: refusals, stored rows, lists. This file is part of payments'
 * test program. */
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
	_cleanup_(test_call_freep) struct rpc_call *call = payments_test_call(learn_db(), user);
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
	_cleanup_(test_call_freep) struct rpc_call *call = payments_test_call(learn_db(), NULL);
	Payments__V1__StripeWebhookRequest req = PAYMENTS__V1__STRIPE_WEBHOOK_REQUEST__INIT;
	Google__Api__HttpBody http = GOOGLE__API__HTTP_BODY__INIT;
	Google__Protobuf__Empty resp = GOOGLE__PROTOBUF__EMPTY__INIT;
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	char header[200], hex[65], *text;
	unsigned char mac[32];
	int64_t seconds = clock_wall_us() / US_PER_S;
	enum status s;

	text = arena_printf(arena, "%" PRId64 ".%s", seconds, body);
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

/* The administrator's note on the event with this body. */
static const char *note_of(const char *body)
{
	static const struct sql sql = {
		"test_note",
		"SELECT coalesce(note, '') AS note FROM stripe_event WHERE raw = $1::bytea", 1};
	static char note[1001];
	_cleanup_(PQclearp) PGresult *rows = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 65536);

	assert_int_equal(db_query_one(learn_db(), &sql,
				      (const char *[]){db_param_bytes(arena, body, strlen(body))},
				      &rows, NULL),
			 OK);
	snprintf(note, sizeof note, "%s", db_peek(rows, 0, "note"));
	return note;
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
	payments_test_configure("sk_live_1");
	assert_int_equal(webhook(EVENT("false"), "whsec_new", &err), FAILED_PRECONDITION);
	assert_int_equal(learn_value("SELECT count(*) AS n FROM stripe_event"), 0);
	assert_int_equal(learn_value("SELECT count(*) AS n FROM outbox"), 0);
}

/* An event that is odd only where nobody looks has its effect. */
void what_nobody_reads_cannot_be_wrong(void **state)
{
	static const char *const odd[] = {
		"\"big\":123456789012345678901234567890",
		"\"below\":-9223372036854775809",
		"\"huge\":1e999",
		"\"tiny\":1e-999",
		"\"nan\":NaN",
		"\"nul\":\"a\\u0000b\"",
		"\"high\":\"\\ud83d\"",
		"\"low\":\"\\udE00 x\"",
		"\"latin1\":\"caf\xe9\"",
		"\"cut\":\"\xf0\x9f\x98\"",
		"\"escape\":\"\\x\"",
		"\"control\":\"a\tb\"",
		"\"\":{\"\":[[],{},[null]]}",
		"\"id\":\"evt_first\"", /* the last one counts */
	};
	char body[4096], query[64];

	insert(PAYMENT, USER, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		struct error err;

		snprintf(query, sizeof query, "evt_%zu", i);
		snprintf(body, sizeof body,
			 "{%s,\"object\":\"event\",\"type\":\"payment_intent.succeeded\","
			 "\"created\":1795260000,\"livemode\":false,\"data\":{\"object\":{%s,"
			 "\"object\":\"payment_intent\",\"id\":\"pi_%zu\","
			 "\"status\":\"succeeded\",\"amount_received\":500,"
			 "\"currency\":\"eur\"}},\"id\":\"%s\"}",
			 odd[i], odd[i], i, query);
		if (webhook(body, "whsec_new", &err) != OK)
			fail_msg("%s: %s", odd[i], err.message);
	}
	assert_int_equal(
		learn_value("SELECT count(*) AS n FROM stripe_event WHERE note IS NULL AND "
			    "object_id LIKE 'pi_%' AND id <> 'evt_first'"),
		ARRAY_SIZE(odd));
	assert_int_equal(learn_value("SELECT count(*) AS n FROM intent"), ARRAY_SIZE(odd));
}

/* Stripe would send it again for days: it is stored, and says why it has no effect. */
void an_odd_event_is_stored_with_its_reason(void **state)
{
	static const struct {
		const char *body, *note;
	} cases[] = {
		{"", "not a JSON object"},
		{"[]", "not a JSON object"},
		{"{\"id\":\"evt_1\"", "not a JSON object"},
		{"\"text\"", "not a JSON object"},
		{"{}", "no id"},
		{"{\"id\":7,\"type\":\"x\",\"data\":{\"object\":{}}}", "no id"},
		{"{\"id\":\"evt_2\",\"data\":{\"object\":{}}}", "no type"},
		{"{\"id\":\"evt_3\",\"type\":[\"x\"],\"data\":{\"object\":{}}}", "no type"},
		{"{\"id\":\"evt_4\",\"type\":\"x\"}", "no data.object"},
		{"{\"id\":\"evt_5\",\"type\":\"x\",\"data\":{\"object\":\"pi_1\"}}",
		 "no data.object"},
		{"{\"id\":\"evt_6\",\"object\":\"v2.core.event\",\"type\":"
		 "\"v1.billing.meter.error_report_triggered\",\"created\":"
		 "\"2026-11-01T10:00:00.000Z\",\"related_object\":{\"id\":\"mtr_1\"}}",
		 "thin event"},
		{"{\"id\":\"evt_7\",\"type\":\"refund.created\",\"created\":-1,\"data\":{"
		 "\"object\":{\"object\":\"refund\",\"id\":\"re_1\",\"payment_intent\":"
		 "\"pi_9\",\"amount\":-5,\"status\":\"succeeded\"}}}",
		 "refused"},
	};
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (webhook(cases[i].body, "whsec_new", &err) != OK)
			fail_msg("%s: %s", cases[i].body, err.message);
		assert_int_equal(webhook(cases[i].body, "whsec_new", &err), OK); /* known */
	}
	assert_int_equal(
		learn_value("SELECT count(*) AS n FROM stripe_event WHERE note IS NOT NULL"),
		ARRAY_SIZE(cases));
	assert_int_equal(learn_value("SELECT count(*) AS n FROM outbox"), 0);
	assert_int_equal(learn_value("SELECT count(*) AS n FROM clawback"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_non_null(strstr(note_of(cases[i].body), cases[i].note));
}

/* Ids and types of any length; the body alone has the bound of the route. */
void a_long_id_is_stored_by_its_hash(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	char *x = arena_alloc(arena, 100001);
	struct error err;

	memset(x, 'x', 100000);
	x[100000] = '\0';
	insert(PAYMENT, USER, NULL);
	assert_int_equal(webhook(arena_printf(arena,
					      "{\"id\":\"%s\",\"type\":\"x\",\"data\":{"
					      "\"object\":{\"object\":\"payment_intent\"}}}",
					      x),
				 "whsec_new", &err),
			 OK);
	assert_int_equal(webhook(arena_printf(arena,
					      "{\"id\":\"evt_1\",\"type\":\"%s\",\"data\":{"
					      "\"object\":{\"object\":\"payment_intent\"}}}",
					      x),
				 "whsec_new", &err),
			 OK);
	assert_int_equal(webhook(arena_printf(arena,
					      "{\"id\":\"evt_2\",\"type\":\"x\",\"data\":{"
					      "\"object\":{\"object\":\"payment_intent\",\"id\":"
					      "\"%s\",\"status\":\"succeeded\",\"amount_received\":"
					      "500,\"currency\":\"eur\",\"metadata\":{\"payment\":"
					      "\"" PAYMENT "\"}}}}",
					      x),
				 "whsec_new", &err),
			 OK);
	assert_int_equal(learn_value("SELECT count(*) AS n FROM stripe_event WHERE id LIKE "
				     "'sha256:%' AND octet_length(id) = 71"),
			 1);
	assert_int_equal(learn_value("SELECT count(*) AS n FROM stripe_event"), 3);
}

static Payments__V1__ListStripeEventsResponse *events(struct rpc_call *call, bool odd,
						      const char *token)
{
	Payments__V1__ListStripeEventsRequest req = PAYMENTS__V1__LIST_STRIPE_EVENTS_REQUEST__INIT;
	Payments__V1__ListStripeEventsResponse *resp = arena_alloc(call->arena, sizeof *resp);

	payments__v1__list_stripe_events_response__init(resp);
	req.odd = odd;
	req.page_size = 1;
	req.page_token = (char *)token;
	call->method = &payments_v1_list_stripe_events_method;
	assert_int_equal(payments_v1_list_stripe_events(call, &req, resp), OK);
	return resp;
}

void an_administrator_sees_what_was_odd(void **state)
{
	_cleanup_(test_call_freep) struct rpc_call *call = payments_test_call(learn_db(), USER);
	Payments__V1__ListStripeEventsResponse *page;
	struct error err;

	assert_int_equal(webhook("{\"id\":\"evt_1\",\"type\":\"x\"}", "whsec_new", &err), OK);
	assert_int_equal(webhook(EVENT("false") " ", "whsec_new", &err), OK); /* evt_1 is known */
	assert_int_equal(webhook("{\"id\":\"evt_2\",\"type\":\"y\",\"data\":{\"object\":{"
				 "\"id\":\"cus_1\"}}}",
				 "whsec_new", &err),
			 OK);
	page = events(call, true, "");
	assert_int_equal(page->n_events, 1);
	assert_string_equal(page->events[0]->id, "evt_1");
	assert_string_equal(page->events[0]->note, "the event has no data.object");
	assert_int_equal(page->events[0]->body_bytes, 25);
	assert_string_equal(page->next_page_token, "");
	page = events(call, false, "");
	assert_string_equal(page->events[0]->object, "cus_1");
	assert_string_equal(page->events[0]->note, "");
	page = events(call, false, page->next_page_token);
	assert_string_equal(page->events[0]->id, "evt_1");
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
	_cleanup_(test_call_freep) struct rpc_call *call = payments_test_call(learn_db(), USER);
	_cleanup_(test_call_freep) struct rpc_call *stranger =
		payments_test_call(learn_db(), STRANGER);
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
