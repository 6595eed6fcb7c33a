/* The ledger on a real PostgreSQL. A test has a user of its own and ends with the invariants. */
#include "credits_test.h"

#include "runtime/base/page.h"

static void a_new_user_has_the_gift_once(void **state)
{
	struct ledger *l = *state;
	Credits__V1__Balance balance;

	ledger_balance(l, &balance);
	assert_int_equal(balance.available_microcredits, GIFT);
	assert_int_equal(balance.posted_microcredits, GIFT);
	assert_int_equal(balance.held_microcredits, 0);
	assert_int_equal(balance.limit_microcredits, 0);
	assert_int_equal(balance.billing_type, CREDITS__V1__BILLING_TYPE__PREPAID);

	assert_int_equal(credits_open_account(l->call, l->user), OK);
	assert_int_equal(ledger_available(l), GIFT);
}

static void a_hold_may_be_the_first_that_credits_sees(void **state)
{
	struct ledger *l = *state;

	assert_int_equal(ledger_hold(l, "1", 30 * CREDIT), OK);
	assert_int_equal(ledger_available(l), GIFT - 30 * CREDIT);
}

/* The look before a hold says what the hold will say, and changes nothing. */
static void a_look_is_no_hold(void **state)
{
	struct ledger *l = *state;
	Credits__V1__CheckHoldRequest req = CREDITS__V1__CHECK_HOLD_REQUEST__INIT;
	Credits__V1__CheckHoldResponse resp = CREDITS__V1__CHECK_HOLD_RESPONSE__INIT;

	req.user_id = l->user;
	req.amount_microcredits = GIFT; /* credits has not seen this user before */
	test_call_reset(l->call);
	assert_int_equal(credits_v1_check_hold(l->call, &req, &resp), OK);
	assert_int_equal(resp.available_microcredits, GIFT);
	assert_int_equal(ledger_hold(l, "1", 30 * CREDIT), OK);
	test_call_reset(l->call);
	assert_fails(l, credits_v1_check_hold(l->call, &req, &resp), "insufficient_credits");
	req.amount_microcredits = GIFT - 30 * CREDIT;
	test_call_reset(l->call);
	assert_int_equal(credits_v1_check_hold(l->call, &req, &resp), OK);
	req.amount_microcredits = 0;
	assert_fails(l, credits_v1_check_hold(l->call, &req, &resp), "amount_range");
	assert_int_equal(ledger_available(l), GIFT - 30 * CREDIT);
}

static void a_settle_charges_and_releases_the_rest(void **state)
{
	struct ledger *l = *state;
	Credits__V1__Balance balance;
	int64_t charged;

	assert_int_equal(ledger_hold(l, "1", 30 * CREDIT), OK);
	assert_int_equal(ledger_settle(l, "1", 12 * CREDIT, &charged), OK);
	assert_int_equal(charged, 12 * CREDIT);
	ledger_balance(l, &balance);
	assert_int_equal(balance.posted_microcredits, GIFT - 12 * CREDIT);
	assert_int_equal(balance.held_microcredits, 0);
}

static void a_settle_of_nothing_releases_all(void **state)
{
	struct ledger *l = *state;
	int64_t charged;

	assert_int_equal(ledger_hold(l, "1", 30 * CREDIT), OK);
	assert_int_equal(ledger_settle(l, "1", 0, &charged), OK);
	assert_int_equal(charged, 0);
	assert_int_equal(ledger_available(l), GIFT);
}

static void a_repeat_has_the_same_answer_and_no_effect(void **state)
{
	struct ledger *l = *state;
	int64_t charged;

	for (int i = 0; i < 3; i++)
		assert_int_equal(ledger_hold(l, "1", 30 * CREDIT), OK);
	assert_int_equal(ledger_available(l), GIFT - 30 * CREDIT);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ledger_settle(l, "1", 12 * CREDIT, &charged), OK);
		assert_int_equal(charged, 12 * CREDIT);
	}
	assert_int_equal(ledger_hold(l, "1", 30 * CREDIT), OK);
	assert_int_equal(ledger_available(l), GIFT - 12 * CREDIT);

	assert_int_equal(ledger_hold(l, "2", CREDIT), OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ledger_void(l, "2"), OK);
	assert_int_equal(ledger_available(l), GIFT - 12 * CREDIT);
}

static void an_id_with_other_terms_is_refused(void **state)
{
	struct ledger *l = *state;

	assert_int_equal(ledger_hold(l, "1", 30 * CREDIT), OK);
	assert_int_equal(ledger_hold(l, "1", 31 * CREDIT), ALREADY_EXISTS);
	assert_string_equal(l->call->err.reason, "transfer_id_reused");
	assert_int_equal(ledger_settle(l, "1", 12 * CREDIT, NULL), OK);
	assert_fails(l, ledger_settle(l, "1", 13 * CREDIT, NULL), "transfer_id_reused");
	assert_int_equal(ledger_available(l), GIFT - 12 * CREDIT);
}

static void another_users_id_is_refused(void **state)
{
	struct ledger *l = *state;
	char first[UUID_SIZE], second[UUID_SIZE];
	Credits__V1__HoldRequest req = CREDITS__V1__HOLD_REQUEST__INIT;
	Credits__V1__HoldResponse resp = CREDITS__V1__HOLD_RESPONSE__INIT;
	Google__Protobuf__Timestamp expire = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

	assert_int_equal(ledger_hold(l, "1", CREDIT), OK);
	snprintf(first, sizeof first, "%s", l->user);
	uuid_v7(second);
	req.hold_id = (char *)ledger_id(l, &CREDITS_V1_ID_HOLD, "1");
	req.user_id = second;
	req.amount_microcredits = CREDIT;
	expire.seconds = 4000000000;
	req.expire_time = &expire;
	assert_fails(l, credits_v1_hold(l->call, &req, &resp), "transfer_id_reused");
}

static void a_refused_hold_stays_refused(void **state)
{
	struct ledger *l = *state;

	assert_int_equal(ledger_hold(l, "1", GIFT + 1), FAILED_PRECONDITION);
	assert_string_equal(l->call->err.reason, "insufficient_credits");
	assert_int_equal(ledger_hold(l, "2", GIFT), OK);
	assert_fails(l, ledger_hold(l, "3", 1), "insufficient_credits");
	assert_int_equal(ledger_void(l, "2"), OK);
	assert_fails(l, ledger_hold(l, "3", 1), "insufficient_credits");
	assert_int_equal(ledger_hold(l, "4", 1), OK);
	assert_fails(l, ledger_settle(l, "3", 1, NULL), "hold_unknown");
	assert_fails(l, ledger_void(l, "3"), "hold_unknown");
}

static void a_hold_ends_once(void **state)
{
	struct ledger *l = *state;

	assert_fails(l, ledger_settle(l, "1", 1, NULL), "hold_unknown");
	assert_fails(l, ledger_void(l, "1"), "hold_unknown");
	assert_int_equal(ledger_hold(l, "1", CREDIT), OK);
	assert_int_equal(ledger_settle(l, "1", CREDIT, NULL), OK);
	assert_fails(l, ledger_void(l, "1"), "hold_settled");
	assert_int_equal(ledger_hold(l, "2", CREDIT), OK);
	assert_int_equal(ledger_void(l, "2"), OK);
	assert_fails(l, ledger_settle(l, "2", CREDIT, NULL), "hold_voided");
}

static void what_exceeds_the_hold_is_charged_up_to_the_limit(void **state)
{
	struct ledger *l = *state;
	int64_t charged;

	assert_int_equal(ledger_hold(l, "1", 30 * CREDIT), OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ledger_settle(l, "1", 40 * CREDIT, &charged), OK);
		assert_int_equal(charged, 40 * CREDIT);
	}
	assert_int_equal(ledger_available(l), 60 * CREDIT);

	assert_int_equal(ledger_hold(l, "2", 10 * CREDIT), OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ledger_settle(l, "2", 90 * CREDIT, &charged), OK);
		assert_int_equal(charged, 60 * CREDIT);
	}
	assert_int_equal(ledger_available(l), 0);
	assert_string_equal(pg_value("SELECT posted FROM (SELECT set_config('search_path', "
				     "'credits, lc', true)) s,"
				     " credits.platform_balance WHERE name = 'loss'"),
			    "-30000000");
}

static void a_hold_expires_by_time(void **state)
{
	struct ledger *l = *state;

	assert_int_equal(ledger_hold(l, "1", 30 * CREDIT), OK);
	pg_clock_add("+80 s");
	ledger_sweep(l);
	assert_int_equal(ledger_available(l), 70 * CREDIT);
	pg_clock_add("+20 s");
	ledger_sweep(l);
	assert_int_equal(ledger_available(l), GIFT);
	ledger_sweep(l);
	assert_int_equal(ledger_void(l, "1"), OK);              /* nothing is left to release */
	assert_int_equal(ledger_hold(l, "1", 30 * CREDIT), OK); /* the same answer as ever */
	assert_int_equal(ledger_available(l), GIFT);
}

static void a_settle_before_the_sweep_is_in_time(void **state)
{
	struct ledger *l = *state;
	int64_t charged;

	assert_int_equal(ledger_hold(l, "1", 30 * CREDIT), OK);
	pg_clock_add("+100 s");
	assert_int_equal(ledger_settle(l, "1", 12 * CREDIT, &charged), OK);
	ledger_sweep(l);
	assert_int_equal(ledger_available(l), GIFT - 12 * CREDIT);
}

static void a_settle_after_expiry_charges_up_to_the_limit(void **state)
{
	struct ledger *l = *state;
	int64_t charged;

	assert_int_equal(ledger_hold(l, "1", 30 * CREDIT), OK);
	assert_int_equal(ledger_hold(l, "2", 30 * CREDIT), OK);
	pg_clock_add("+100 s");
	ledger_sweep(l);
	assert_int_equal(ledger_settle(l, "1", 30 * CREDIT, &charged), OK);
	assert_int_equal(charged, 30 * CREDIT);
	assert_int_equal(ledger_hold(l, "3", 60 * CREDIT), OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ledger_settle(l, "2", 30 * CREDIT, &charged), OK);
		assert_int_equal(charged, 10 * CREDIT);
	}
	assert_int_equal(ledger_available(l), 0);
	assert_int_equal(ledger_void(l, "3"), OK);
	assert_fails(l, ledger_void(l, "2"), "hold_settled");
}

static void a_hold_is_extended_in_bulk(void **state)
{
	struct ledger *l = *state;
	Google__Protobuf__Timestamp expire = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Credits__V1__ExtendHoldsRequest req = CREDITS__V1__EXTEND_HOLDS_REQUEST__INIT;
	Credits__V1__ExtendHoldsResponse resp = CREDITS__V1__EXTEND_HOLDS_RESPONSE__INIT;
	char ids[3][UUID_SIZE];

	for (int i = 0; i < 3; i++) {
		char name[2] = {(char)('1' + i), 0};

		snprintf(ids[i], UUID_SIZE, "%s", ledger_id(l, &CREDITS_V1_ID_HOLD, name));
		assert_int_equal(ledger_hold(l, name, CREDIT), OK);
	}
	assert_int_equal(ledger_void(l, "3"), OK);

	test_call_reset(l->call);
	req.hold_ids = (char *[]){ids[2], ids[1], ids[0]};
	req.n_hold_ids = 3;
	expire.seconds = 4000000000; /* cut to the longest life of a hold, an hour here */
	req.expire_time = &expire;
	assert_int_equal(credits_v1_extend_holds(l->call, &req, &resp), OK);
	assert_int_equal(resp.n_hold_ids, 2);

	pg_clock_add("+59 minutes");
	ledger_sweep(l);
	assert_int_equal(ledger_available(l), GIFT - 2 * CREDIT);
	pg_clock_add("+2 minutes");
	ledger_sweep(l);
	assert_int_equal(ledger_available(l), GIFT);
}

static void the_list_has_what_changed_the_balance(void **state)
{
	struct ledger *l = *state;
	Credits__V1__ListTransactionsRequest req = CREDITS__V1__LIST_TRANSACTIONS_REQUEST__INIT;
	Credits__V1__ListTransactionsResponse resp;
	char token[PAGE_TOKEN_MAX + 1] = "";
	int64_t balance = GIFT - 5 * CREDIT;
	char name[2] = "0";

	for (; name[0] < '5'; name[0]++) {
		assert_int_equal(ledger_hold(l, name, 3 * CREDIT), OK);
		assert_int_equal(ledger_settle(l, name, CREDIT, NULL), OK);
	}
	assert_int_equal(ledger_hold(l, "open", CREDIT), OK);

	l->call->method = &credits_v1_list_transactions_method;
	req.page_size = 2;
	for (int page = 0; page < 3; page++) {
		test_call_reset(l->call);
		credits__v1__list_transactions_response__init(&resp);
		req.page_token = token;
		assert_int_equal(credits_v1_list_transactions(l->call, &req, &resp), OK);
		assert_int_equal(resp.n_transactions, 2);
		for (int i = 0; i < 2; i++) {
			const Credits__V1__Transaction *t = resp.transactions[i];
			bool gift = page == 2 && i == 1;

			assert_int_equal(t->balance_after_microcredits, balance);
			assert_int_equal(t->kind, gift ? CREDITS__V1__TRANSACTION__KIND__GIFT
						       : CREDITS__V1__TRANSACTION__KIND__USAGE);
			assert_int_equal(t->amount_microcredits, gift ? GIFT : -CREDIT);
			assert_string_equal(t->reference, gift ? "" : "generation");
			assert_string_equal(t->model, gift ? "" : "gpt-4o");
			assert_non_null(t->create_time);
			balance += CREDIT;
		}
		snprintf(token, sizeof token, "%s", resp.next_page_token);
		assert_int_equal(token[0] == 0, page == 2);
	}

	req.page_token = "nonsense";
	test_call_reset(l->call);
	assert_fails(l, credits_v1_list_transactions(l->call, &req, &resp), "field_invalid");
}

static void bad_input_names_the_field(void **state)
{
	struct ledger *l = *state;
	Google__Protobuf__Timestamp expire = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Credits__V1__HoldRequest req = CREDITS__V1__HOLD_REQUEST__INIT;
	Credits__V1__HoldResponse resp = CREDITS__V1__HOLD_RESPONSE__INIT;
	char long_text[300];

	memset(long_text, 'x', sizeof long_text);
	long_text[sizeof long_text - 1] = 0;
	assert_fails(l, credits_v1_hold(l->call, &req, &resp), "field_invalid");
	assert_string_equal(l->call->err.field, "hold_id");
	req.hold_id = l->user;
	assert_fails(l, credits_v1_hold(l->call, &req, &resp), "field_invalid");
	assert_string_equal(l->call->err.field, "user_id");
	req.user_id = l->user;
	for (int i = 0; i < 3; i++) {
		req.amount_microcredits = (int64_t[]){0, -1, AMOUNT_MICROCREDITS_MAX + 1}[i];
		assert_fails(l, credits_v1_hold(l->call, &req, &resp), "amount_range");
		assert_string_equal(l->call->err.field, "amount_microcredits");
	}
	req.amount_microcredits = 1;
	assert_fails(l, credits_v1_hold(l->call, &req, &resp), "field_required");
	assert_string_equal(l->call->err.field, "expire_time");
	req.expire_time = &expire;
	req.reference = long_text;
	assert_fails(l, credits_v1_hold(l->call, &req, &resp), "field_too_long");
	assert_string_equal(l->call->err.field, "reference");
	assert_fails(l, ledger_settle(l, "1", -1, NULL), "amount_range");
	assert_fails(l, ledger_settle(l, "1", INT64_MAX, NULL), "amount_range");
	assert_string_equal(
		pg_value("SELECT count(*) FROM credits.transfer WHERE amount_microcredits < 0"),
		"0");
}

static const struct sql change_transfer = {"change_transfer",
					   "UPDATE transfer SET amount_microcredits = 0", 0};
static const struct sql delete_transfer = {"delete_transfer", "DELETE FROM transfer", 0};
static const struct sql truncate_transfer = {"truncate_transfer", "TRUNCATE transfer", 0};
static const struct sql delete_account = {"delete_account", "DELETE FROM account", 0};
static const struct sql count_transfers = {"count_transfers", "SELECT count(*) AS n FROM transfer",
					   0};

static void transfers_cannot_be_changed(void **state)
{
	static const struct sql *const statements[] = {&change_transfer, &delete_transfer,
						       &truncate_transfer};
	struct ledger *l = *state;
	_cleanup_(db_freep) struct db *owner = pg_db("credits_owner", NULL);

	assert_int_equal(ledger_hold(l, "1", CREDIT), OK);
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++) {
		assert_int_not_equal(db_exec(l->db, statements[i], NULL, NULL, &l->call->err), OK);
		assert_int_not_equal(db_exec(owner, statements[i], NULL, NULL, &l->call->err), OK);
	}
	assert_int_not_equal(db_exec(l->db, &delete_account, NULL, NULL, &l->call->err), OK);
}

static void rows_of_others_are_not_seen(void **state)
{
	struct ledger *l = *state;
	_cleanup_(PQclearp) PGresult *none = NULL, *own = NULL;
	char other[UUID_SIZE];

	assert_int_equal(ledger_hold(l, "1", CREDIT), OK);
	uuid_v7(other);
	assert_int_equal(db_query_as(l->db, other, &count_transfers, NULL, &none, &l->call->err),
			 OK);
	assert_int_equal(db_i64(none, 0, "n"), 0);
	assert_int_equal(db_query_as(l->db, l->user, &count_transfers, NULL, &own, &l->call->err),
			 OK);
	assert_int_equal(db_i64(own, 0, "n"), 2);
}

int hold_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_user_has_the_gift_once),
		TEST(a_hold_may_be_the_first_that_credits_sees),
		TEST(a_look_is_no_hold),
		TEST(a_settle_charges_and_releases_the_rest),
		TEST(a_settle_of_nothing_releases_all),
		TEST(a_repeat_has_the_same_answer_and_no_effect),
		TEST(an_id_with_other_terms_is_refused),
		TEST(another_users_id_is_refused),
		TEST(a_refused_hold_stays_refused),
		TEST(a_hold_ends_once),
		TEST(what_exceeds_the_hold_is_charged_up_to_the_limit),
		TEST(a_hold_expires_by_time),
		TEST(a_settle_before_the_sweep_is_in_time),
		TEST(a_settle_after_expiry_charges_up_to_the_limit),
		TEST(a_hold_is_extended_in_bulk),
		TEST(the_list_has_what_changed_the_balance),
		TEST(bad_input_names_the_field),
		TEST(transfers_cannot_be_changed),
		TEST(rows_of_others_are_not_seen),
	};

	return cmocka_run_group_tests(tests, ledger_group_set_up, NULL);
}
