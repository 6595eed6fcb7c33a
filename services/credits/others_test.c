/* Calls of administrators and services about a user who is not the caller. */
#include "credits_test.h"

/* The caller becomes somebody else than the user of the test. */
static void call_as_somebody_else(struct ledger *l)
{
	test_call_reset(l->call);
	uuid_v7(l->call->ctx.subject.user_id);
}

static void an_administrator_sees_the_balance_of_a_user(void **state)
{
	struct ledger *l = *state;
	Credits__V1__GetUserBalanceRequest req = CREDITS__V1__GET_USER_BALANCE_REQUEST__INIT;
	Credits__V1__Balance resp = CREDITS__V1__BALANCE__INIT;

	assert_int_equal(ledger_hold(l, "1", 3 * CREDIT), OK);
	call_as_somebody_else(l);
	req.user = l->user;
	assert_int_equal(credits_v1_get_user_balance(l->call, &req, &resp), OK);
	assert_int_equal(resp.available_microcredits, GIFT - 3 * CREDIT);
	assert_int_equal(resp.held_microcredits, 3 * CREDIT);
}

static void looking_at_a_stranger_books_no_gift(void **state)
{
	struct ledger *l = *state;
	Credits__V1__GetUserBalanceRequest req = CREDITS__V1__GET_USER_BALANCE_REQUEST__INIT;
	Credits__V1__Balance resp = CREDITS__V1__BALANCE__INIT;
	char stranger[UUID_SIZE], query[200];

	uuid_v7(stranger);
	req.user = stranger;
	test_call_reset(l->call);
	assert_int_equal(credits_v1_get_user_balance(l->call, &req, &resp), NOT_FOUND);
	snprintf(query, sizeof query, "SELECT count(*) FROM credits.account WHERE id = '%s'",
		 stranger);
	assert_string_equal(pg_value(query), "0");
}

static void an_administrator_sees_the_transactions_of_a_user(void **state)
{
	struct ledger *l = *state;
	Credits__V1__ListUserTransactionsRequest req =
		CREDITS__V1__LIST_USER_TRANSACTIONS_REQUEST__INIT;
	Credits__V1__ListTransactionsResponse resp = CREDITS__V1__LIST_TRANSACTIONS_RESPONSE__INIT;

	assert_int_equal(ledger_hold(l, "1", 3 * CREDIT), OK);
	assert_int_equal(ledger_settle(l, "1", CREDIT, NULL), OK);
	call_as_somebody_else(l);
	l->call->method = &credits_v1_list_user_transactions_method;
	req.user = l->user;
	assert_int_equal(credits_v1_list_user_transactions(l->call, &req, &resp), OK);
	assert_int_equal(resp.n_transactions, 2);
	assert_int_equal(resp.transactions[0]->amount_microcredits, -CREDIT);
	assert_int_equal(resp.transactions[1]->amount_microcredits, GIFT);
}

static void a_service_sets_the_budget_of_a_user(void **state)
{
	struct ledger *l = *state;
	Google__Protobuf__Int64Value limit = GOOGLE__PROTOBUF__INT64_VALUE__INIT;
	Credits__V1__SetBudgetRequest budget = CREDITS__V1__SET_BUDGET_REQUEST__INIT;
	Credits__V1__SetUserBudgetRequest req = CREDITS__V1__SET_USER_BUDGET_REQUEST__INIT;
	Credits__V1__Budget resp = CREDITS__V1__BUDGET__INIT;
	char key[UUID_SIZE];

	uuid_v7(key);
	limit.value = CREDIT;
	budget.budget = key;
	budget.kind = CREDITS__V1__BUDGET__KIND__API_KEY;
	budget.display_name = "laptop";
	budget.limit_microcredits = &limit;
	budget.period = TOTAL;
	req.user_id = l->user;
	call_as_somebody_else(l);
	assert_fails(l, credits_v1_set_user_budget(l->call, &req, &resp), "field_required");

	req.budget = &budget;
	call_as_somebody_else(l);
	assert_int_equal(credits_v1_set_user_budget(l->call, &req, &resp), OK);
	l->budget = key;
	assert_fails(l, ledger_hold(l, "1", 2 * CREDIT), "budget_exhausted");
	assert_int_equal(ledger_hold(l, "2", CREDIT), OK);
}

int others_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_administrator_sees_the_balance_of_a_user),
		TEST(looking_at_a_stranger_books_no_gift),
		TEST(an_administrator_sees_the_transactions_of_a_user),
		TEST(a_service_sets_the_budget_of_a_user),
	};

	return cmocka_run_group_tests(tests, ledger_group_set_up, NULL);
}
