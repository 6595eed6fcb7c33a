/* Stripe's objects teach the same in every order, however often they come. This file is part of
 * payments' test program. */
#include "credits/v1/rpc.h"
#include "payments/payments_test.h"
#include "tests/lib/pg.h"

#include "runtime/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define USER "01a1f000-0000-7000-8000-000000000001"
#define PAYMENT "01a1f000-0000-7000-8000-0000000000aa"
#define OTHER "01a1f000-0000-7000-8000-0000000000bb"
#define CREDITS 500000001LL /* no multiple of the price */
#define PRICE 500

#define SESSION                                                                                \
	"{\"object\":\"checkout.session\",\"id\":\"cs_1\",\"payment_status\":\"paid\","        \
	"\"amount_total\":500,\"currency\":\"eur\",\"payment_intent\":\"pi_1\",\"metadata\":{" \
	"\"payment\":\"" PAYMENT "\"}}"
#define INTENT                                                                                   \
	"{\"object\":\"payment_intent\",\"id\":\"pi_1\",\"status\":\"succeeded\","               \
	"\"amount_received\":500,\"currency\":\"eur\",\"latest_charge\":\"ch_1\",\"metadata\":{" \
	"\"payment\":\"" PAYMENT "\"}}"
#define CHARGE                                                                                     \
	"{\"object\":\"charge\",\"id\":\"ch_1\",\"payment_intent\":\"pi_1\",\"currency\":\"eur\"," \
	"\"receipt_url\":\"https://pay.example/r/1\"}"
#define REFUND(id, amount, status)                                                                \
	"{\"object\":\"refund\",\"id\":\"" id "\",\"payment_intent\":\"pi_1\",\"amount\":" amount \
	",\"currency\":\"eur\",\"status\":\"" status "\"}"
#define DISPUTE(amount, status)                                                                  \
	"{\"object\":\"dispute\",\"id\":\"dp_1\",\"payment_intent\":\"pi_1\",\"amount\":" amount \
	",\"currency\":\"eur\",\"status\":\"" status "\"}"

static struct db *test_db;

int learn_set_up(void **state)
{
	test_db = pg_db("payments_app", sql_payments_all);
	payments_test_configure("sk_test_1");
	return db_test_begin(test_db, NULL) != OK;
}

int learn_tear_down(void **state)
{
	db_test_rollback(test_db);
	db_free(test_db);
	return 0;
}

struct db *learn_db(void)
{
	return test_db;
}

int64_t learn_value_of(const struct sql *sql)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct error err;

	if (db_query_one(test_db, sql, NULL, &rows, &err) != OK)
		fail_msg("%s: %s", sql->text, err.message);
	return db_i64(rows, 0, "n");
}

static void insert_payment(const char *id, const char *live)
{
	const char *const params[] = {id,    USER, "starter", "500000001", "EUR",
				      "500", live, NULL,      "3600000"};

	assert_int_equal(db_exec(test_db, &sql_payments_insert, params, NULL, NULL), OK);
}

static void tell(const char *text)
{
	_cleanup_(json_decrefp) json_t *object = json_loads(text, 0, NULL);
	struct error err;

	assert_non_null(object);
	if (learn_alone(payments_test_state(), test_db, object, &err) != OK)
		fail_msg("%s: %s", text, err.message);
}

/* The sum that credits books once the outbox is delivered. As in a ledger, a reversal without its
 * original fails, and so does a second one under one id. */
static int64_t booked(void)
{
	static const struct sql sql = {"test_outbox",
				       "SELECT id, method, request FROM outbox ORDER BY seq", 0};
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = arena_new(65536, 1 << 20);
	struct {
		const char *id;
		int64_t change;
	} ledger[32];
	int64_t sum = 0;
	size_t n = 0;

	assert_int_equal(db_query(test_db, &sql, NULL, &rows, NULL), OK);
	for (int i = 0; i < PQntuples(rows); i++) {
		size_t len;
		uint8_t *bytes = db_bytes(arena, rows, i, "request", &len);
		int64_t change = 0;

		if (strstr(db_peek(rows, i, "method"), "BookPayment")) {
			Credits__V1__BookPaymentRequest *req =
				credits__v1__book_payment_request__unpack(&arena->allocator, len,
									  bytes);

			assert_string_equal(req->user_id, USER);
			assert_true(req->amount_microcredits > 0);
			change = req->kind == CREDITS__V1__TRANSACTION__KIND__PURCHASE
					 ? req->amount_microcredits
					 : -req->amount_microcredits;
			ledger[n].id = req->transfer_id;
		} else {
			Credits__V1__ReversePaymentRequest *req =
				credits__v1__reverse_payment_request__unpack(&arena->allocator, len,
									     bytes);
			bool found = false;

			for (size_t k = 0; k < n; k++)
				if (strcmp(ledger[k].id, req->reverses_id) == 0) {
					change = -ledger[k].change;
					found = true;
				}
			assert_true(found);
			ledger[n].id = req->transfer_id;
		}
		ledger[n++].change = change;
		sum += change;
	}
	arena_free(arena);
	return sum;
}

void a_payment_is_credited_once(void **state)
{
	insert_payment(PAYMENT, "false");
	for (int i = 0; i < 3; i++) {
		tell(SESSION);
		tell(INTENT);
		tell(CHARGE);
	}
	assert_int_equal(booked(), CREDITS);
	assert_int_equal(learn_value("SELECT count(*) AS n FROM outbox"), 1);
	assert_int_equal(
		learn_value("SELECT count(*) AS n FROM payment WHERE paid_time IS NOT NULL AND "
			    "receipt_url = 'https://pay.example/r/1'"),
		1);
}

void a_refund_may_come_before_its_payment(void **state)
{
	insert_payment(PAYMENT, "false");
	tell(REFUND("re_1", "500", "succeeded"));
	tell(DISPUTE("500", "warning_needs_response"));
	assert_int_equal(learn_value("SELECT count(*) AS n FROM outbox"), 0);
	tell(SESSION);
	assert_int_equal(booked(), 0);
	assert_int_equal(learn_value("SELECT refunded_minor_units AS n FROM payment"), 500);
}

void parts_of_a_refund_add_up(void **state)
{
	insert_payment(PAYMENT, "false");
	tell(SESSION);
	tell(REFUND("re_1", "167", "succeeded"));
	assert_int_equal(booked(), CREDITS - 167000000); /* floor of 167000000.334 */
	tell(REFUND("re_2", "166", "pending"));
	tell(REFUND("re_3", "167", "succeeded"));
	assert_int_equal(booked(), 0);
	tell(REFUND("re_2", "166", "failed"));
	assert_true(booked() > 165000000 && booked() < 167000001);
	/* A dispute after refunds of nearly everything takes no more than the rest. */
	tell(DISPUTE("500", "needs_response"));
	assert_int_equal(booked(), 0);
}

void a_dispute_that_is_won_gives_back(void **state)
{
	insert_payment(PAYMENT, "false");
	tell(SESSION);
	tell(DISPUTE("500", "warning_needs_response"));
	assert_int_equal(booked(), CREDITS);
	tell(DISPUTE("500", "needs_response"));
	assert_int_equal(booked(), 0);
	assert_int_equal(learn_value("SELECT disputed::int AS n FROM payment"), 1);
	tell(DISPUTE("500", "won"));
	tell(DISPUTE("500", "under_review"));
	assert_int_equal(booked(), CREDITS);
	assert_int_equal(learn_value("SELECT disputed::int AS n FROM payment"), 0);
}

void what_is_not_ours_has_no_effect(void **state)
{
	insert_payment(PAYMENT, "true");
	tell(SESSION); /* of test mode, about a payment of live mode */
	tell("{\"object\":\"payment_intent\",\"id\":\"pi_2\",\"status\":\"succeeded\","
	     "\"amount_received\":500,\"currency\":\"eur\",\"metadata\":{\"payment\":\"" OTHER
	     "\"}}");
	tell("{\"object\":\"payment_intent\",\"id\":\"pi_3\",\"status\":\"succeeded\","
	     "\"amount_received\":500,\"currency\":\"eur\",\"metadata\":{\"payment\":\"shop-17\"}"
	     "}");
	tell("{\"object\":\"invoice\",\"id\":\"in_9\",\"status\":\"paid\",\"amount_paid\":7}");
	tell("{\"object\":\"balance\"}");
	assert_int_equal(learn_value("SELECT count(*) AS n FROM outbox"), 0);
	assert_int_equal(learn_value("SELECT count(*) AS n FROM payment WHERE paid_time IS NULL"),
			 1);
}

void a_wrong_amount_is_not_credited(void **state)
{
	insert_payment(PAYMENT, "false");
	tell("{\"object\":\"checkout.session\",\"id\":\"cs_1\",\"payment_status\":\"paid\","
	     "\"amount_total\":499,\"currency\":\"eur\",\"payment_intent\":\"pi_1\",\"metadata\":{"
	     "\"payment\":\"" PAYMENT "\"}}");
	tell("{\"object\":\"checkout.session\",\"id\":\"cs_1\",\"payment_status\":\"paid\","
	     "\"amount_total\":500,\"currency\":\"usd\",\"payment_intent\":\"pi_1\",\"metadata\":{"
	     "\"payment\":\"" PAYMENT "\"}}");
	tell("{\"object\":\"checkout.session\",\"id\":\"cs_1\",\"payment_status\":\"unpaid\","
	     "\"amount_total\":500,\"currency\":\"eur\",\"payment_intent\":\"pi_1\",\"metadata\":{"
	     "\"payment\":\"" PAYMENT "\"}}");
	assert_int_equal(learn_value("SELECT count(*) AS n FROM outbox"), 0);
}

/* xorshift64*: the same story from the same seed. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * UINT64_C(0x2545f4914f6cdd1d);
}

/* All that Stripe may say of one payment, in any order, each up to three times: the end is the
 * same. */
void every_order_ends_the_same(void **state)
{
	static const char *const facts[] = {
		SESSION,
		INTENT,
		CHARGE,
		REFUND("re_1", "123", "pending"),
		REFUND("re_1", "123", "succeeded"),
		REFUND("re_2", "77", "succeeded"),
		REFUND("re_2", "77", "failed"),
		DISPUTE("300", "needs_response"),
		DISPUTE("300", "under_review"),
		DISPUTE("300", "won"),
	};
	const char *given = getenv("SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)clock_wall_us() | 1;
	int rounds = given && getenv("ROUNDS") ? (int)strtol(getenv("ROUNDS"), NULL, 10) : 60;

	print_message("# SEED=%" PRIu64 "\n", seed);
	for (int round = 0; round < rounds; round++) {
		const char *order[3 * ARRAY_SIZE(facts)];
		size_t n = 0;

		for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
			for (uint64_t k = next_random(&seed) % 3 + 1; k > 0; k--)
				order[n++] = facts[i];
		for (size_t i = n - 1; i > 0; i--) {
			size_t k = next_random(&seed) % (i + 1);
			const char *moved = order[i];

			order[i] = order[k];
			order[k] = moved;
		}
		insert_payment(PAYMENT, "false");
		for (size_t i = 0; i < n; i++)
			tell(order[i]);
		/* Only re_1 stays: 123 of 500, whose rounding depends on what was taken before. */
		if (llabs(booked() - (CREDITS - 123000000)) > 1)
			fail_msg("round %d: %" PRId64, round, booked());
		assert_int_equal(
			learn_value("SELECT count(*) AS n FROM payment WHERE NOT disputed AND "
				    "refunded_minor_units = 123 AND receipt_url IS NOT NULL"),
			1);
		db_test_rollback(test_db);
		assert_int_equal(db_test_begin(test_db, NULL), OK);
	}
}

/* ------------------------------------------------------------------ invoices */

#define INVOICE(status)                                                                        \
	"{\"object\":\"invoice\",\"id\":\"in_1\",\"status\":\"" status                         \
	"\",\"amount_paid\":1000,\"currency\":\"eur\",\"hosted_invoice_url\":\"https://i/1\"," \
	"\"metadata\":{\"payment\":\"" PAYMENT "\"}}"

static void insert_invoice(const char *id, const char *month, const char *debt)
{
	const char *const params[] = {id,     USER,    month, debt,        "EUR",
				      "1000", "false", "100", "2030-01-01"};

	assert_int_equal(db_exec(test_db, &sql_payments_invoice_insert, params, NULL, NULL), OK);
}

void an_invoice_asks_for_what_no_other_asks(void **state)
{
	insert_invoice(PAYMENT, "2026-10", "99000000"); /* 0.99: waits */
	assert_int_equal(learn_value("SELECT count(*) AS n FROM payment"), 0);
	insert_invoice(PAYMENT, "2026-10", "1000000000");
	insert_invoice(PAYMENT, "2026-10", "5000000000");
	assert_int_equal(learn_value("SELECT price_minor_units AS n FROM payment"), 1000);
	insert_invoice(OTHER, "2026-11", "1500000001");
	assert_int_equal(
		learn_value("SELECT price_minor_units AS n FROM payment WHERE month = '2026-11'"),
		501); /* rounded up */
	/* Paid, but not booked by credits when the debt was read: still asked for. */
	tell(INVOICE("paid"));
	insert_invoice("01a1f000-0000-7000-8000-0000000000cc", "2026-12", "1500000001");
	assert_int_equal(learn_value("SELECT count(*) AS n FROM payment"), 2);
	assert_int_equal(booked(), 1000000000);
}

void an_overdue_invoice_suspends_until_it_is_paid(void **state)
{
	static const struct sql due = {
		"test_due", "UPDATE payment SET url = 'u', due_time = lc.now() - interval '1 s'",
		0};
	static const char *const test_mode[] = {"false"};
	int64_t n;

	insert_invoice(PAYMENT, "2026-10", "1000000000");
	assert_int_equal(db_exec(test_db, &due, NULL, NULL, NULL), OK);
	assert_int_equal(db_exec(test_db, &sql_payments_invoices_overdue, test_mode, &n, NULL), OK);
	assert_int_equal(n, 1);
	assert_int_equal(db_exec(test_db, &sql_payments_invoices_overdue, test_mode, &n, NULL), OK);
	assert_int_equal(n, 0);
	tell(INVOICE("paid"));
	assert_int_equal(
		learn_value("SELECT count(*) AS n FROM outbox WHERE method LIKE '%SuspendUser' "
			    "AND key = '" USER "'"),
		1);
	assert_int_equal(learn_value("SELECT overdue::int AS n FROM payment"), 0);
}
