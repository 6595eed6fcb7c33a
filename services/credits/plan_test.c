/* Plans: they pay first for their models, and what is left of a grant expires by the next. */
#include "credits_test.h"

#include "runtime/base/clock.h"

#define GRANT (30 * CREDIT)
#define DAY_S 86400

static char *const pro[] = {"pro"};

/* days: of the grant, from now. invoice: unique in the test. */
static enum status grant(struct ledger *l, const char *invoice, const char *plan, int64_t amount,
			 int days)
{
	Google__Protobuf__Timestamp expire = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Credits__V1__GrantPlanRequest req = CREDITS__V1__GRANT_PLAN_REQUEST__INIT;
	Credits__V1__GrantPlanResponse resp = CREDITS__V1__GRANT_PLAN_RESPONSE__INIT;

	test_call_reset(l->call);
	expire.seconds = clock_wall_us() / US_PER_S / 3600 * 3600 + (int64_t)days * DAY_S;
	req.transfer_id = (char *)ledger_id(l, &CREDITS_V1_ID_GRANT, invoice);
	req.user_id = l->user;
	req.plan = (char *)plan;
	req.source = "sub_1";
	req.amount_microcredits = amount;
	req.expire_time = &expire;
	req.reference = (char *)invoice;
	return credits_v1_grant_plan(l->call, &req, &resp);
}

static enum status end(struct ledger *l, const char *source)
{
	Credits__V1__EndPlanRequest req = CREDITS__V1__END_PLAN_REQUEST__INIT;
	Credits__V1__EndPlanResponse resp = CREDITS__V1__END_PLAN_RESPONSE__INIT;

	test_call_reset(l->call);
	req.user_id = l->user;
	req.plan = "pro";
	req.source = (char *)source;
	return credits_v1_end_plan(l->call, &req, &resp);
}

static enum status hold(struct ledger *l, const char *name, int64_t amount, size_t n_plans)
{
	Google__Protobuf__Timestamp expire = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Credits__V1__HoldRequest req = CREDITS__V1__HOLD_REQUEST__INIT;
	Credits__V1__HoldResponse resp = CREDITS__V1__HOLD_RESPONSE__INIT;

	test_call_reset(l->call);
	expire.seconds = clock_wall_us() / US_PER_S + 90;
	req.hold_id = (char *)ledger_id(l, &CREDITS_V1_ID_HOLD, name);
	req.user_id = l->user;
	req.amount_microcredits = amount;
	req.expire_time = &expire;
	req.model = "m";
	req.plans = (char **)pro;
	req.n_plans = n_plans;
	req.budget_ids = (char **)&l->budget;
	req.n_budget_ids = l->budget ? 1 : 0;
	return credits_v1_hold(l->call, &req, &resp);
}

/* What the plan has; -1: it is over. */
static int64_t plan_available(struct ledger *l)
{
	Credits__V1__ListPlanBalancesRequest req = CREDITS__V1__LIST_PLAN_BALANCES_REQUEST__INIT;
	Credits__V1__ListPlanBalancesResponse resp = CREDITS__V1__LIST_PLAN_BALANCES_RESPONSE__INIT;

	test_call_reset(l->call);
	assert_int_equal(credits_v1_list_plan_balances(l->call, &req, &resp), OK);
	return resp.n_plans == 1 ? resp.plans[0]->available_microcredits : -1;
}

/* "PLAN 30, USAGE -2": the newest last. */
static const char *transactions(struct ledger *l, const char *plan)
{
	Credits__V1__ListTransactionsRequest req = CREDITS__V1__LIST_TRANSACTIONS_REQUEST__INIT;
	Credits__V1__ListTransactionsResponse resp = CREDITS__V1__LIST_TRANSACTIONS_RESPONSE__INIT;
	const char *text = "";

	test_call_reset(l->call);
	l->call->method = &credits_v1_list_transactions_method;
	req.plan = (char *)plan;
	assert_int_equal(credits_v1_list_transactions(l->call, &req, &resp), OK);
	for (size_t i = resp.n_transactions; i-- > 0;)
		text = arena_printf(
			l->call->arena, "%s%s%d %lld", text, *text ? ", " : "",
			(int)resp.transactions[i]->kind,
			(long long)(resp.transactions[i]->amount_microcredits / CREDIT));
	return text;
}

static void a_plan_pays_first(void **state)
{
	struct ledger *l = *state;
	int64_t charged;

	assert_int_equal(grant(l, "in_1", "pro", GRANT, 31), OK);
	assert_int_equal(ledger_available(l), GIFT);
	assert_int_equal(plan_available(l), GRANT);
	assert_int_equal(hold(l, "a", 20 * CREDIT, 1), OK);
	assert_int_equal(plan_available(l), 10 * CREDIT);
	assert_int_equal(hold(l, "a", 20 * CREDIT, 1), OK); /* a repeat */
	assert_int_equal(hold(l, "b", 20 * CREDIT, 1), OK); /* more than it has: the balance */
	assert_int_equal(plan_available(l), 10 * CREDIT);
	assert_int_equal(ledger_available(l), GIFT - 20 * CREDIT);
	assert_int_equal(hold(l, "c", 5 * CREDIT, 0), OK); /* another model */
	assert_int_equal(ledger_available(l), GIFT - 25 * CREDIT);
	assert_int_equal(ledger_settle(l, "a", 2 * CREDIT, &charged), OK);
	assert_int_equal(charged, 2 * CREDIT);
	assert_int_equal(ledger_void(l, "b"), OK);
	assert_int_equal(ledger_settle(l, "c", CREDIT, NULL), OK);
	assert_int_equal(plan_available(l), 28 * CREDIT);
	assert_int_equal(ledger_available(l), GIFT - CREDIT);
	assert_string_equal(transactions(l, "pro"), "9 30, 3 -2");
	assert_string_equal(transactions(l, ""), "1 100, 3 -1");
	/* Nobody else's plan pays. */
	assert_fails(l, hold(l, "d", GIFT + GRANT, 1), "insufficient_credits");
	assert_int_equal(hold(l, "e", 28 * CREDIT, 1), OK);
	assert_int_equal(plan_available(l), 0);
}

static void usage_has_what_plans_paid(void **state)
{
	struct ledger *l = *state;
	Credits__V1__GetUsageRequest req = CREDITS__V1__GET_USAGE_REQUEST__INIT;
	Credits__V1__Usage resp = CREDITS__V1__USAGE__INIT;

	assert_int_equal(grant(l, "in_1", "pro", GRANT, 31), OK);
	assert_int_equal(hold(l, "a", 3 * CREDIT, 1), OK);
	assert_int_equal(hold(l, "b", 40 * CREDIT, 1), OK);
	assert_int_equal(ledger_settle(l, "a", 3 * CREDIT, NULL), OK);
	assert_int_equal(ledger_settle(l, "b", 4 * CREDIT, NULL), OK);
	test_call_reset(l->call);
	assert_int_equal(credits_v1_get_usage(l->call, &req, &resp), OK);
	assert_int_equal(resp.total_microcredits, 7 * CREDIT);
	assert_int_equal(resp.n_days, 1);
	assert_int_equal(resp.days[0]->charges, 2);
	assert_int_equal(resp.n_models, 1);
}

static void a_grant_is_booked_once_and_ends_the_one_before(void **state)
{
	struct ledger *l = *state;

	assert_int_equal(grant(l, "in_1", "pro", GRANT, 31), OK);
	assert_int_equal(grant(l, "in_1", "pro", GRANT, 31), OK);
	assert_fails(l, grant(l, "in_1", "pro", 2 * GRANT, 31), "transfer_id_reused");
	assert_int_equal(hold(l, "a", 10 * CREDIT, 1), OK); /* is held: it does not expire */
	assert_int_equal(hold(l, "b", 5 * CREDIT, 1), OK);
	assert_int_equal(ledger_settle(l, "b", 5 * CREDIT, NULL), OK);
	assert_int_equal(grant(l, "in_2", "pro", GRANT, 62), OK);
	assert_int_equal(plan_available(l), GRANT);
	assert_int_equal(ledger_void(l, "a"), OK);
	assert_int_equal(plan_available(l), GRANT + 10 * CREDIT);
	/* One that comes late is over at once. */
	assert_int_equal(grant(l, "in_0", "pro", GRANT, 3), OK);
	assert_int_equal(plan_available(l), GRANT + 10 * CREDIT);
	assert_string_equal(transactions(l, "pro"), "9 30, 3 -5, 9 30, 7 -15, 9 30, 7 -30");
	assert_int_equal(ledger_available(l), GIFT);
}

static void a_plan_ends_by_time_or_by_its_subscription(void **state)
{
	struct ledger *l = *state;

	assert_int_equal(grant(l, "in_1", "pro", GRANT, 31), OK);
	assert_int_equal(end(l, "sub_of_another_time"), OK);
	assert_int_equal(plan_available(l), GRANT);
	assert_int_equal(end(l, "sub_1"), OK);
	assert_int_equal(plan_available(l), -1);
	assert_int_equal(hold(l, "a", CREDIT, 1), OK);
	assert_int_equal(ledger_available(l), GIFT - CREDIT);
	assert_int_equal(credits_expire_gifts(l->db, l->credits, &l->call->err), OK);
	assert_string_equal(transactions(l, "pro"), "9 30, 7 -30");
	assert_int_equal(grant(l, "in_2", "pro", GRANT, 31), OK);
	pg_clock_add("40 days");
	assert_int_equal(plan_available(l), -1);
	assert_int_equal(credits_expire_gifts(l->db, l->credits, &l->call->err), OK);
	assert_string_equal(transactions(l, "pro"), "9 30, 7 -30, 9 30, 7 -30");
	/* A plan that never was ends, too. */
	assert_int_equal(end(l, ""), OK);
}

static void a_budget_counts_what_plans_pay(void **state)
{
	struct ledger *l = *state;
	char key[UUID_SIZE];

	uuid_v7(key);
	assert_int_equal(ledger_set_budget(l, key, 12 * CREDIT, TOTAL), OK);
	assert_int_equal(grant(l, "in_1", "pro", GRANT, 31), OK);
	l->budget = key;
	assert_int_equal(hold(l, "a", 10 * CREDIT, 1), OK);
	assert_fails(l, hold(l, "b", 3 * CREDIT, 1), "budget_exhausted");
	assert_fails(l, hold(l, "b", 3 * CREDIT, 1), "budget_exhausted");
	assert_fails(l, hold(l, "c", 3 * CREDIT, 0), "budget_exhausted");
	assert_int_equal(ledger_settle(l, "a", 10 * CREDIT, NULL), OK);
	assert_int_equal(hold(l, "d", 2 * CREDIT, 0), OK);
	l->budget = NULL;
}

static void a_check_knows_the_plans(void **state)
{
	struct ledger *l = *state;
	Credits__V1__CheckHoldRequest req = CREDITS__V1__CHECK_HOLD_REQUEST__INIT;
	Credits__V1__CheckHoldResponse resp = CREDITS__V1__CHECK_HOLD_RESPONSE__INIT;

	assert_int_equal(grant(l, "in_1", "pro", 2 * GIFT, 31), OK);
	test_call_reset(l->call);
	req.user_id = l->user;
	req.amount_microcredits = GIFT + 1;
	assert_fails(l, credits_v1_check_hold(l->call, &req, &resp), "insufficient_credits");
	req.plans = (char **)pro;
	req.n_plans = 1;
	assert_int_equal(credits_v1_check_hold(l->call, &req, &resp), OK);
}

int plan_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_plan_pays_first),
		TEST(usage_has_what_plans_paid),
		TEST(a_grant_is_booked_once_and_ends_the_one_before),
		TEST(a_plan_ends_by_time_or_by_its_subscription),
		TEST(a_budget_counts_what_plans_pay),
		TEST(a_check_knows_the_plans),
	};

	return cmocka_run_group_tests(tests, ledger_group_set_up, NULL);
}
