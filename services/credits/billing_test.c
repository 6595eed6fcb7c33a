/* Billing types, limits, budgets, statements, bookings and their undoing. */
#include "credits_test.h"

#include "runtime/base/clock.h"

static const char *const ADMIN = "0190a000-0000-7000-8000-0000000000ad";

static enum status switch_to(struct ledger *l, Credits__V1__BillingType type)
{
	Credits__V1__SwitchBillingTypeRequest req = CREDITS__V1__SWITCH_BILLING_TYPE_REQUEST__INIT;
	Credits__V1__Balance resp = CREDITS__V1__BALANCE__INIT;
	enum status s;

	test_call_reset(l->call);
	req.billing_type = type;
	s = credits_v1_switch_billing_type(l->call, &req, &resp);
	if (s == OK)
		assert_int_equal(resp.billing_type, type);
	return s;
}

static enum status set_limit(struct ledger *l, int64_t limit)
{
	Credits__V1__SetLimitRequest req = CREDITS__V1__SET_LIMIT_REQUEST__INIT;
	Credits__V1__Balance resp = CREDITS__V1__BALANCE__INIT;

	test_call_reset(l->call);
	req.user = l->user;
	req.limit_microcredits = limit;
	return credits_v1_set_limit(l->call, &req, &resp);
}

static void suspend(struct ledger *l, bool suspended)
{
	Credits__V1__SuspendUserRequest req = CREDITS__V1__SUSPEND_USER_REQUEST__INIT;
	Credits__V1__SuspendUserResponse resp = CREDITS__V1__SUSPEND_USER_RESPONSE__INIT;

	test_call_reset(l->call);
	req.user_id = l->user;
	req.suspended = suspended;
	assert_int_equal(credits_v1_suspend_user(l->call, &req, &resp), OK);
}

static void charge(struct ledger *l, const char *name, int64_t amount)
{
	assert_int_equal(ledger_hold(l, name, amount), OK);
	assert_int_equal(ledger_settle(l, name, amount, NULL), OK);
}

static void pay_as_you_go_goes_down_to_the_limit(void **state)
{
	struct ledger *l = *state;
	Credits__V1__Balance balance;

	assert_int_equal(switch_to(l, CREDITS__V1__BILLING_TYPE__PAY_AS_YOU_GO), OK);
	ledger_balance(l, &balance);
	assert_int_equal(balance.limit_microcredits, LIMIT);
	assert_int_equal(balance.available_microcredits, GIFT + LIMIT);
	charge(l, "1", GIFT + 20 * CREDIT);
	ledger_balance(l, &balance);
	assert_int_equal(balance.posted_microcredits, -20 * CREDIT);
	assert_fails(l, ledger_hold(l, "2", LIMIT - 20 * CREDIT + 1), "insufficient_credits");
	assert_int_equal(ledger_hold(l, "3", LIMIT - 20 * CREDIT), OK);
	assert_int_equal(ledger_void(l, "3"), OK);
}

static void nobody_leaves_a_debt_behind(void **state)
{
	struct ledger *l = *state;

	assert_int_equal(switch_to(l, CREDITS__V1__BILLING_TYPE__PAY_AS_YOU_GO), OK);
	assert_int_equal(ledger_hold(l, "1", GIFT + CREDIT), OK);
	assert_fails(l, switch_to(l, CREDITS__V1__BILLING_TYPE__PREPAID), "billing_debt");
	assert_int_equal(ledger_settle(l, "1", GIFT + CREDIT, NULL), OK);
	assert_fails(l, switch_to(l, CREDITS__V1__BILLING_TYPE__PREPAID), "billing_debt");
	assert_fails(l, set_limit(l, CREDIT - 1), "billing_debt");
	assert_int_equal(set_limit(l, CREDIT), OK);
	assert_int_equal(ledger_available(l), 0);
	assert_int_equal(ledger_book(l, "pay", CREDITS__V1__TRANSACTION__KIND__PURCHASE, CREDIT),
			 OK);
	assert_int_equal(switch_to(l, CREDITS__V1__BILLING_TYPE__PREPAID), OK);
	assert_int_equal(ledger_available(l), 0);
	assert_fails(l, set_limit(l, CREDIT), "billing_unavailable");
}

static void an_overdue_user_has_no_limit(void **state)
{
	struct ledger *l = *state;
	Credits__V1__Balance balance;

	assert_int_equal(switch_to(l, CREDITS__V1__BILLING_TYPE__PAY_AS_YOU_GO), OK);
	charge(l, "1", GIFT + CREDIT);
	assert_int_equal(ledger_hold(l, "2", CREDIT), OK);
	suspend(l, true);
	ledger_balance(l, &balance);
	assert_int_equal(balance.limit_microcredits, 0);
	assert_int_equal(balance.available_microcredits, -2 * CREDIT);
	assert_fails(l, ledger_hold(l, "3", 1), "insufficient_credits");
	assert_int_equal(ledger_settle(l, "2", CREDIT, NULL), OK); /* what was held is honoured */
	suspend(l, false);
	assert_int_equal(ledger_hold(l, "4", CREDIT), OK);
	assert_int_equal(ledger_void(l, "4"), OK);
}

static void strangers_may_have_to_buy_first(void **state)
{
	struct ledger *l = *state;
	const struct credits_conf *before = l->credits->conf;
	struct credits_conf strict = *before, none = *before;

	strict.purchases_min = 1;
	none.limit_microcredits = 0;
	l->credits->conf = &none;
	assert_fails(l, switch_to(l, CREDITS__V1__BILLING_TYPE__PAY_AS_YOU_GO),
		     "billing_unavailable");
	l->credits->conf = &strict;
	assert_fails(l, switch_to(l, CREDITS__V1__BILLING_TYPE__PAY_AS_YOU_GO),
		     "billing_unavailable");
	assert_int_equal(ledger_book(l, "buy", CREDITS__V1__TRANSACTION__KIND__PURCHASE, CREDIT),
			 OK);
	assert_int_equal(switch_to(l, CREDITS__V1__BILLING_TYPE__PAY_AS_YOU_GO), OK);
	l->credits->conf = before;
	assert_fails(l, switch_to(l, CREDITS__V1__BILLING_TYPE__BILLING_TYPE_UNSPECIFIED),
		     "field_required");
}

static void a_refund_takes_what_is_there_and_no_more(void **state)
{
	struct ledger *l = *state;

	assert_int_equal(
		ledger_book(l, "buy", CREDITS__V1__TRANSACTION__KIND__PURCHASE, 50 * CREDIT), OK);
	assert_int_equal(ledger_available(l), GIFT + 50 * CREDIT);
	charge(l, "1", 130 * CREDIT);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			ledger_book(l, "back", CREDITS__V1__TRANSACTION__KIND__REFUND, 50 * CREDIT),
			OK);
		assert_int_equal(ledger_available(l), 0);
	}
	assert_fails(l, ledger_book(l, "back", CREDITS__V1__TRANSACTION__KIND__REFUND, 49 * CREDIT),
		     "transfer_id_reused");
	assert_fails(l, ledger_book(l, "x", CREDITS__V1__TRANSACTION__KIND__GIFT, 1),
		     "field_invalid");
	assert_fails(l, ledger_book(l, "x", CREDITS__V1__TRANSACTION__KIND__PURCHASE, 0),
		     "amount_range");
}

static void a_dispute_won_brings_both_parts_back(void **state)
{
	struct ledger *l = *state;
	Credits__V1__ReversePaymentRequest req = CREDITS__V1__REVERSE_PAYMENT_REQUEST__INIT;
	Credits__V1__BookPaymentResponse resp = CREDITS__V1__BOOK_PAYMENT_RESPONSE__INIT;
	const char *disputes = "SET search_path = credits, lc; SELECT posted FROM platform_balance"
			       " WHERE name = 'disputes'";
	int64_t before = strtoll(pg_value(disputes), NULL, 10);

	assert_int_equal(
		ledger_book(l, "buy", CREDITS__V1__TRANSACTION__KIND__PURCHASE, 50 * CREDIT), OK);
	charge(l, "1", 130 * CREDIT);
	assert_int_equal(
		ledger_book(l, "dispute", CREDITS__V1__TRANSACTION__KIND__CHARGEBACK, 50 * CREDIT),
		OK);
	assert_int_equal(ledger_available(l), 0);
	assert_int_equal(strtoll(pg_value(disputes), NULL, 10), before - 30 * CREDIT);

	test_call_reset(l->call);
	req.transfer_id = (char *)ledger_id(l, &CREDITS_V1_ID_DISPUTE, "won");
	req.reverses_id = (char *)ledger_id(l, &CREDITS_V1_ID_PURCHASE, "dispute");
	for (int i = 0; i < 2; i++)
		assert_int_equal(credits_v1_reverse_payment(l->call, &req, &resp), OK);
	assert_int_equal(ledger_available(l), 20 * CREDIT);
	assert_int_equal(strtoll(pg_value(disputes), NULL, 10), before);
	req.transfer_id = (char *)ledger_id(l, &CREDITS_V1_ID_DISPUTE, "won again");
	assert_fails(l, credits_v1_reverse_payment(l->call, &req, &resp), "already_reversed");
	req.reverses_id = (char *)ledger_id(l, &CREDITS_V1_ID_PURCHASE, "buy");
	assert_fails(l, credits_v1_reverse_payment(l->call, &req, &resp), "not_reversible");
	req.reverses_id = (char *)ledger_id(l, &CREDITS_V1_ID_PURCHASE, "none");
	assert_fails(l, credits_v1_reverse_payment(l->call, &req, &resp), "not_found");
}

static enum status adjust(struct ledger *l, const char *id, int64_t amount, const char *reason)
{
	_cleanup_(test_call_freep) struct rpc_call *call = ledger_call(l->db, ADMIN, NULL);
	Credits__V1__AdjustCreditsRequest req = CREDITS__V1__ADJUST_CREDITS_REQUEST__INIT;
	Credits__V1__Transaction resp = CREDITS__V1__TRANSACTION__INIT;
	enum status s;

	snprintf(call->ctx.idempotency_key, sizeof call->ctx.idempotency_key, "%s", id);
	req.user = l->user;
	req.amount_microcredits = amount;
	req.reason = (char *)reason;
	s = credits_v1_adjust_credits(call, &req, &resp);
	l->call->err = call->err;
	if (s == OK) {
		assert_int_equal(resp.kind, CREDITS__V1__TRANSACTION__KIND__ADJUSTMENT);
		assert_int_equal(resp.amount_microcredits, amount);
		assert_string_equal(resp.reference, reason);
	}
	return s;
}

static void an_administrator_adjusts_once_a_key(void **state)
{
	struct ledger *l = *state;
	char key[UUID_SIZE];

	uuid_v4(key);
	for (int i = 0; i < 2; i++)
		assert_int_equal(adjust(l, key, 5 * CREDIT, "sorry"), OK);
	assert_int_equal(ledger_available(l), GIFT + 5 * CREDIT);
	assert_fails(l, adjust(l, key, 6 * CREDIT, "sorry"), "transfer_id_reused");
	assert_int_equal(adjust(l, "", -5 * CREDIT, "too much"), OK);
	assert_fails(l, adjust(l, "", -GIFT - 1, "all and more"), "insufficient_credits");
	assert_fails(l, adjust(l, "", 0, "nothing"), "amount_range");
	assert_fails(l, adjust(l, "", 1, ""), "field_required");
	assert_int_equal(ledger_available(l), GIFT);
}

static enum status reverse(struct ledger *l, const char *transaction, int64_t *ret_amount)
{
	_cleanup_(test_call_freep) struct rpc_call *call = ledger_call(l->db, ADMIN, NULL);
	Credits__V1__ReverseTransactionRequest req = CREDITS__V1__REVERSE_TRANSACTION_REQUEST__INIT;
	Credits__V1__Transaction resp = CREDITS__V1__TRANSACTION__INIT;
	enum status s;

	req.transaction = (char *)transaction;
	req.reason = "broken answer";
	s = credits_v1_reverse_transaction(call, &req, &resp);
	l->call->err = call->err;
	*ret_amount = resp.amount_microcredits;
	return s;
}

static void a_charge_is_undone_once(void **state)
{
	struct ledger *l = *state;
	const char *settle = ledger_id(l, &CREDITS_V1_ID_SETTLE, "1");
	char undone[UUID_SIZE];
	int64_t amount;

	charge(l, "1", 12 * CREDIT);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(reverse(l, settle, &amount), OK);
		assert_int_equal(amount, 12 * CREDIT);
	}
	assert_int_equal(ledger_available(l), GIFT);
	uuid_v5(&CREDITS_V1_ID_REVERSAL, settle, undone);
	assert_fails(l, reverse(l, undone, &amount), "not_reversible");
	assert_fails(l, reverse(l, ledger_id(l, &CREDITS_V1_ID_HOLD, "1"), &amount),
		     "not_reversible");
	assert_fails(l, reverse(l, ledger_id(l, &CREDITS_V1_ID_HOLD, "none"), &amount),
		     "not_found");

	charge(l, "2", GIFT);
	uuid_v5(&CREDITS_V1_ID_GIFT, l->user, undone);
	assert_fails(l, reverse(l, undone, &amount), "insufficient_credits");
}

static void budgets_are(struct ledger *l, size_t n, int64_t used, int64_t held)
{
	Credits__V1__ListBudgetsRequest req = CREDITS__V1__LIST_BUDGETS_REQUEST__INIT;
	Credits__V1__ListBudgetsResponse resp = CREDITS__V1__LIST_BUDGETS_RESPONSE__INIT;

	test_call_reset(l->call);
	assert_int_equal(credits_v1_list_budgets(l->call, &req, &resp), OK);
	assert_int_equal(resp.n_budgets, n);
	assert_int_equal(resp.budgets[0]->used_microcredits, used);
	assert_int_equal(resp.budgets[0]->held_microcredits, held);
}

static void alerts_are(struct ledger *l, size_t n, int32_t newest)
{
	Credits__V1__ListAlertsRequest req = CREDITS__V1__LIST_ALERTS_REQUEST__INIT;
	Credits__V1__ListAlertsResponse resp = CREDITS__V1__LIST_ALERTS_RESPONSE__INIT;

	test_call_reset(l->call);
	assert_int_equal(credits_v1_list_alerts(l->call, &req, &resp), OK);
	assert_int_equal(resp.n_alerts, n);
	if (n > 0)
		assert_int_equal(resp.alerts[0]->percent, newest);
}

static void a_budget_bounds_what_names_it(void **state)
{
	struct ledger *l = *state;
	char key[UUID_SIZE];

	uuid_v7(key);
	assert_int_equal(ledger_set_budget(l, key, 10 * CREDIT, TOTAL), OK);
	l->budget = key;
	assert_int_equal(ledger_hold(l, "1", 7 * CREDIT), OK);
	budgets_are(l, 1, 0, 7 * CREDIT);
	assert_fails(l, ledger_hold(l, "2", 4 * CREDIT), "budget_exhausted");
	assert_int_equal(ledger_settle(l, "1", 5 * CREDIT, NULL), OK);
	budgets_are(l, 1, 5 * CREDIT, 0);
	alerts_are(l, 1, 50);
	assert_fails(l, ledger_hold(l, "2", 4 * CREDIT), "budget_exhausted");
	assert_int_equal(ledger_hold(l, "3", 5 * CREDIT), OK);
	assert_int_equal(ledger_settle(l, "3", 3 * CREDIT, NULL), OK);
	alerts_are(l, 2, 80);
	assert_int_equal(ledger_hold(l, "4", 2 * CREDIT), OK);
	assert_int_equal(ledger_void(l, "4"), OK);
	budgets_are(l, 1, 8 * CREDIT, 0);
	assert_int_equal(ledger_set_budget(l, key, -1, TOTAL), OK);
	assert_int_equal(ledger_hold(l, "5", 50 * CREDIT), OK);
	assert_int_equal(ledger_set_budget(l, key, CREDIT, TOTAL), OK);
	assert_int_equal(ledger_settle(l, "5", 50 * CREDIT, NULL), OK);
	budgets_are(l, 1, 58 * CREDIT, 0);
	l->budget = NULL;
	assert_int_equal(ledger_hold(l, "6", 4 * CREDIT), OK);
	assert_int_equal(ledger_void(l, "6"), OK);
}

static void a_budget_begins_anew_each_month(void **state)
{
	struct ledger *l = *state;
	char key[UUID_SIZE];

	uuid_v7(key);
	assert_int_equal(ledger_set_budget(l, key, 10 * CREDIT, MONTH), OK);
	l->budget = key;
	charge(l, "1", 10 * CREDIT);
	assert_fails(l, ledger_hold(l, "2", 1), "budget_exhausted");
	alerts_are(l, 4, 100);
	pg_clock_add("+32 days");
	budgets_are(l, 1, 0, 0);
	charge(l, "3", 4 * CREDIT);
	budgets_are(l, 1, 4 * CREDIT, 0);
}

static void budgets_of_others_are_not_there(void **state)
{
	struct ledger *l = *state;
	char key[UUID_SIZE], owner[UUID_SIZE];

	uuid_v7(key);
	assert_int_equal(ledger_set_budget(l, key, CREDIT, TOTAL), OK);
	memcpy(owner, l->user, sizeof owner);
	uuid_v7(l->user);
	memcpy(l->call->ctx.subject.user_id, l->user, UUID_SIZE);
	assert_int_equal(ledger_set_budget(l, key, CREDIT, TOTAL), NOT_FOUND);
	l->budget = key;
	assert_int_equal(ledger_hold(l, "1", 5 * CREDIT), OK); /* it bounds only its owner */
	assert_int_equal(ledger_settle(l, "1", 5 * CREDIT, NULL), OK);
}

static void a_user_has_so_many_budgets(void **state)
{
	struct ledger *l = *state;
	char key[UUID_SIZE];

	for (int i = 0; i < BUDGETS; i++) {
		uuid_v7(key);
		assert_int_equal(ledger_set_budget(l, key, CREDIT, TOTAL), OK);
	}
	uuid_v7(key);
	assert_fails(l, ledger_set_budget(l, key, CREDIT, TOTAL), "budgets_full");
}

static void the_limit_of_pay_as_you_go_alerts_too(void **state)
{
	struct ledger *l = *state;

	assert_int_equal(switch_to(l, CREDITS__V1__BILLING_TYPE__PAY_AS_YOU_GO), OK);
	charge(l, "1", GIFT + LIMIT * 49 / 100);
	alerts_are(l, 0, 0);
	charge(l, "2", LIMIT * 30 / 100);
	alerts_are(l, 1, 50);
	charge(l, "3", LIMIT / 100);
	alerts_are(l, 2, 80);
	charge(l, "4", LIMIT / 5);
	alerts_are(l, 4, 100);
}

static void usage_and_statement_add_up(void **state)
{
	struct ledger *l = *state;
	Credits__V1__GetUsageRequest usage_req = CREDITS__V1__GET_USAGE_REQUEST__INIT;
	Credits__V1__Usage usage = CREDITS__V1__USAGE__INIT;
	Credits__V1__GetStatementRequest req = CREDITS__V1__GET_STATEMENT_REQUEST__INIT;
	Credits__V1__Statement statement = CREDITS__V1__STATEMENT__INIT;
	char first[8];

	charge(l, "1", CREDIT);
	l->model = "other";
	charge(l, "2", 2 * CREDIT);
	snprintf(first, sizeof first, "%s",
		 pg_value("SELECT to_char(lc.now() AT TIME ZONE 'UTC', 'YYYY-MM')"));
	pg_clock_add("+32 days");
	charge(l, "3", 4 * CREDIT);
	pg_clock_add("+1 s");
	assert_int_equal(
		ledger_book(l, "buy", CREDITS__V1__TRANSACTION__KIND__PURCHASE, 8 * CREDIT), OK);

	test_call_reset(l->call);
	usage_req.month = first;
	assert_int_equal(credits_v1_get_usage(l->call, &usage_req, &usage), OK);
	assert_string_equal(usage.month, first);
	assert_int_equal(usage.total_microcredits, 3 * CREDIT);
	assert_int_equal(usage.n_days, 1);
	assert_int_equal(usage.days[0]->charges, 2);
	assert_int_equal(usage.n_models, 2);
	assert_string_equal(usage.models[0]->model, "gpt-4o");
	assert_int_equal(usage.models[0]->amount_microcredits, CREDIT);

	req.month = first;
	assert_int_equal(credits_v1_get_statement(l->call, &req, &statement), OK);
	assert_int_equal(statement.opening_microcredits, 0);
	assert_int_equal(statement.closing_microcredits, GIFT - 3 * CREDIT);
	assert_int_equal(statement.n_lines, 2);

	credits__v1__statement__init(&statement);
	req.month = "";
	assert_int_equal(credits_v1_get_statement(l->call, &req, &statement), OK);
	assert_string_not_equal(statement.month, first);
	assert_int_equal(statement.opening_microcredits, GIFT - 3 * CREDIT);
	assert_int_equal(statement.closing_microcredits, GIFT + CREDIT);
	assert_int_equal(statement.n_lines, 2);

	for (int i = 0; i < 5; i++) {
		req.month = (char *[]){"2026-13", "2026-00", "202611", "2026-1", "1999-01"}[i];
		assert_fails(l, credits_v1_get_statement(l->call, &req, &statement),
			     "field_invalid");
	}
}

static void debts_are_listed_until_paid(void **state)
{
	struct ledger *l = *state;
	Credits__V1__ListDebtsRequest req = CREDITS__V1__LIST_DEBTS_REQUEST__INIT;
	Credits__V1__ListDebtsResponse resp;
	char month[8];
	const int64_t paid[] = {0, 30 * CREDIT, 20 * CREDIT};
	int64_t owed = 50 * CREDIT;

	assert_int_equal(switch_to(l, CREDITS__V1__BILLING_TYPE__PAY_AS_YOU_GO), OK);
	charge(l, "1", GIFT + 50 * CREDIT);
	snprintf(month, sizeof month, "%s",
		 pg_value("SELECT to_char(lc.now() AT TIME ZONE 'UTC', 'YYYY-MM')"));
	pg_clock_add("+32 days");
	charge(l, "2", CREDIT); /* of the next month */
	for (int i = 0; i < 3; i++) {
		const Credits__V1__Debt *own = NULL;
		char name[2] = {(char)('a' + i), 0};

		if (paid[i] > 0)
			assert_int_equal(ledger_book(l, name,
						     CREDITS__V1__TRANSACTION__KIND__PURCHASE,
						     paid[i]),
					 OK);
		owed -= paid[i];
		test_call_reset(l->call);
		credits__v1__list_debts_response__init(&resp);
		req.month = month;
		assert_int_equal(credits_v1_list_debts(l->call, &req, &resp), OK);
		for (size_t n = 0; n < resp.n_debts; n++)
			if (strcmp(resp.debts[n]->user_id, l->user) == 0)
				own = resp.debts[n];
		assert_int_equal(own ? own->debt_microcredits : 0, owed);
	}
}

static void a_gift_expires_but_not_what_is_held(void **state)
{
	struct ledger *l = *state;
	const struct credits_conf *before = l->credits->conf;
	struct credits_conf lasting = *before;

	lasting.gift_lifetime_ms = 60 * 1000;
	l->credits->conf = &lasting;
	assert_int_equal(
		ledger_book(l, "buy", CREDITS__V1__TRANSACTION__KIND__PURCHASE, 10 * CREDIT), OK);
	charge(l, "1", 30 * CREDIT);
	assert_int_equal(ledger_hold(l, "2", 50 * CREDIT), OK);
	pg_clock_add("+50 s");
	assert_int_equal(credits_expire_gifts(l->db, l->credits, &l->call->err), OK);
	assert_int_equal(ledger_available(l), 30 * CREDIT);
	pg_clock_add("+20 s");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(credits_expire_gifts(l->db, l->credits, &l->call->err), OK);
		assert_int_equal(ledger_available(l), 0);
	}
	assert_int_equal(ledger_void(l, "2"), OK);
	assert_int_equal(credits_expire_gifts(l->db, l->credits, &l->call->err), OK);
	assert_int_equal(ledger_available(l), 10 * CREDIT); /* what was bought stays */
	l->credits->conf = before;
}

static void the_job_counts_violations(void **state)
{
	struct ledger *l = *state;

	assert_int_equal(ledger_hold(l, "1", CREDIT), OK);
	assert_int_equal(credits_verify(l->db, l->credits, &l->call->err), OK);
}

int billing_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pay_as_you_go_goes_down_to_the_limit),
		TEST(nobody_leaves_a_debt_behind),
		TEST(an_overdue_user_has_no_limit),
		TEST(strangers_may_have_to_buy_first),
		TEST(a_refund_takes_what_is_there_and_no_more),
		TEST(a_dispute_won_brings_both_parts_back),
		TEST(an_administrator_adjusts_once_a_key),
		TEST(a_charge_is_undone_once),
		TEST(a_budget_bounds_what_names_it),
		TEST(a_budget_begins_anew_each_month),
		TEST(budgets_of_others_are_not_there),
		TEST(a_user_has_so_many_budgets),
		TEST(the_limit_of_pay_as_you_go_alerts_too),
		TEST(usage_and_statement_add_up),
		TEST(debts_are_listed_until_paid),
		TEST(a_gift_expires_but_not_what_is_held),
		TEST(the_job_counts_violations),
	};

	return cmocka_run_group_tests(tests, ledger_group_set_up, NULL);
}
