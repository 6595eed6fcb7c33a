/* Budgets in windows: at the last moment of one, at the first of the next, and after it. */
#include "credits_test.h"

#include "runtime/base/clock.h"

#define PERIOD(name) CREDITS__V1__BUDGET__PERIOD__##name
#define LIMIT_OF_KEY (10 * CREDIT)

static const struct window_row {
	Credits__V1__Budget__Period period;
	const char *start;       /* when it is made, by the fake clock */
	const char *last, *next; /* its last microsecond, the first one of the next window */
	const char *after;
} windows[] = {
	{PERIOD(FIVE_HOURS), "2031-03-05 10:00:00Z", "2031-03-05 14:59:59.999999Z",
	 "2031-03-05 15:00:00Z", "2031-03-05 15:00:00.000001Z"},
	{PERIOD(DAY), "2031-03-05 10:00:00Z", "2031-03-05 23:59:59.999999Z", "2031-03-06 00:00:00Z",
	 "2031-03-06 00:00:00.000001Z"},
	/* 5 March 2031 is a Wednesday */
	{PERIOD(WEEK), "2031-03-05 10:00:00Z", "2031-03-09 23:59:59.999999Z",
	 "2031-03-10 00:00:00Z", "2031-03-10 00:00:00.000001Z"},
	{PERIOD(MONTH), "2032-02-05 10:00:00Z", "2032-02-29 23:59:59.999999Z",
	 "2032-03-01 00:00:00Z", "2032-03-01 00:00:00.000001Z"},
};

/* What the ledger thinks of the window at these moments, without a clock that goes on. */
static void a_window_ends_where_the_next_begins(void **state)
{
	static const char *const words[] = {"five_hours", "day", "week", "month"};

	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		const struct window_row *w = &windows[i];
		char sql[900];

		snprintf(sql, sizeof sql,
			 "SET search_path = credits, lc; SELECT concat_ws(' ', "
			 "window_start('%s', '%s', '%s') = '%s', "
			 "window_start('%s', '%s', '%s') = '%s', "
			 "window_start('%s', '%s', '%s') >= '%s', "
			 "window_end('%s', '%s', '%s') = '%s')",
			 words[i], w->start, w->last, w->start, words[i], w->start, w->next,
			 w->next, words[i], w->start, w->after, w->next, words[i], w->start,
			 w->last, w->next);
		assert_string_equal(pg_value(sql), "t t t t");
	}
	assert_string_equal(
		pg_value("SELECT credits.window_start('total', '2031-01-01Z', '2099-01-01Z') = "
			 "'2031-01-01Z' AND credits.window_end('total', '2031-01-01Z', "
			 "'2099-01-01Z') IS NULL"),
		"t");
}

/* Puts the fake clock so that it is this moment about now. */
static void clock_to(const char *moment)
{
	char sql[200], interval[64];

	pg_clock_reset();
	snprintf(sql, sizeof sql, "SELECT timestamptz '%s' - now()", moment);
	snprintf(interval, sizeof interval, "%s", pg_value(sql));
	pg_clock_add(interval);
}

static void charge(struct ledger *l, const char *name, int64_t amount)
{
	assert_int_equal(ledger_hold(l, name, amount), OK);
	assert_int_equal(ledger_settle(l, name, amount, NULL), OK);
}

static Credits__V1__Budget *budget(struct ledger *l, Credits__V1__Budget__Period period)
{
	Credits__V1__ListBudgetsRequest req = CREDITS__V1__LIST_BUDGETS_REQUEST__INIT;
	Credits__V1__ListBudgetsResponse resp = CREDITS__V1__LIST_BUDGETS_RESPONSE__INIT;

	test_call_reset(l->call);
	assert_int_equal(credits_v1_list_budgets(l->call, &req, &resp), OK);
	for (size_t i = 0; i < resp.n_budgets; i++)
		if (resp.budgets[i]->period == period)
			return resp.budgets[i];
	fail_msg("no budget of period %d", period);
	return NULL;
}

static size_t alerts(struct ledger *l, Credits__V1__Budget__Period period, const char *key,
		     int32_t percents[8])
{
	Credits__V1__ListAlertsRequest req = CREDITS__V1__LIST_ALERTS_REQUEST__INIT;
	Credits__V1__ListAlertsResponse resp = CREDITS__V1__LIST_ALERTS_RESPONSE__INIT;
	size_t n = 0;

	test_call_reset(l->call);
	assert_int_equal(credits_v1_list_alerts(l->call, &req, &resp), OK);
	for (size_t i = 0; i < resp.n_alerts && n < 8; i++) {
		if (resp.alerts[i]->period != period)
			continue;
		assert_string_equal(resp.alerts[i]->subject, key);
		assert_string_equal(resp.alerts[i]->display_name, "laptop");
		percents[n++] = resp.alerts[i]->percent;
	}
	return n;
}

/* Through the handlers: the limit minus one, the limit, one more; then the window after. */
static void a_window_bounds_and_begins_anew(void **state)
{
	struct ledger *l = *state;

	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		const struct window_row *w = &windows[i];
		int32_t percents[8];
		char key[UUID_SIZE];

		uuid_v7(l->user);
		memcpy(l->call->ctx.subject.user_id, l->user, UUID_SIZE);
		uuid_v7(key);
		clock_to(w->start);
		assert_int_equal(ledger_set_budget(l, key, LIMIT_OF_KEY, w->period), OK);
		l->budget = key;
		assert_fails(l, ledger_hold(l, "over", LIMIT_OF_KEY + 1), "budget_exhausted");
		charge(l, "n-1", LIMIT_OF_KEY - 1);
		assert_int_equal(ledger_hold(l, "n", 1), OK);
		assert_fails(l, ledger_hold(l, "n+1", 1), "budget_exhausted");
		assert_int_equal(ledger_settle(l, "n", 1, NULL), OK);
		assert_fails(l, ledger_hold(l, "n+2", 1), "budget_exhausted");
		assert_int_equal(budget(l, w->period)->used_microcredits, LIMIT_OF_KEY);
		assert_non_null(budget(l, w->period)->reset_time);
		assert_int_equal(alerts(l, w->period, key, percents), 4);

		clock_to(w->after);
		pg_clock_add("+1 second");
		assert_int_equal(budget(l, w->period)->used_microcredits, 0);
		charge(l, "next", LIMIT_OF_KEY);
		assert_fails(l, ledger_hold(l, "next+1", 1), "budget_exhausted");
		assert_int_equal(budget(l, w->period)->used_microcredits, LIMIT_OF_KEY);
		assert_int_equal(alerts(l, w->period, key, percents), 8);
	}
}

static void a_key_has_a_budget_a_window(void **state)
{
	struct ledger *l = *state;
	char key[UUID_SIZE];

	uuid_v7(key);
	clock_to("2031-03-05 10:00:00Z");
	assert_int_equal(ledger_set_budget(l, key, 5 * CREDIT, PERIOD(FIVE_HOURS)), OK);
	assert_int_equal(ledger_set_budget(l, key, 8 * CREDIT, PERIOD(WEEK)), OK);
	l->budget = key;
	assert_fails(l, ledger_hold(l, "1", 6 * CREDIT), "budget_exhausted");
	charge(l, "2", 5 * CREDIT);
	assert_int_equal(ledger_set_budget(l, key, 7 * CREDIT, PERIOD(FIVE_HOURS)), OK); /* keeps */
	assert_int_equal(budget(l, PERIOD(FIVE_HOURS))->used_microcredits, 5 * CREDIT);
	assert_int_equal(ledger_set_budget(l, key, 5 * CREDIT, PERIOD(FIVE_HOURS)), OK);
	pg_clock_add("+6 hours");
	assert_fails(l, ledger_hold(l, "3", 4 * CREDIT), "budget_exhausted"); /* the week's */
	assert_int_equal(ledger_hold(l, "4", 3 * CREDIT), OK);
	assert_int_equal(budget(l, PERIOD(WEEK))->held_microcredits, 3 * CREDIT);
	assert_int_equal(budget(l, PERIOD(FIVE_HOURS))->held_microcredits, 3 * CREDIT);
	assert_int_equal(ledger_void(l, "4"), OK);
	assert_int_equal(budget(l, PERIOD(WEEK))->held_microcredits, 0);
	/* Without a limit it only counts. */
	assert_int_equal(ledger_set_budget(l, key, -1, PERIOD(WEEK)), OK);
	charge(l, "5", 4 * CREDIT);
	assert_int_equal(budget(l, PERIOD(WEEK))->used_microcredits, 9 * CREDIT);
	assert_null(budget(l, PERIOD(WEEK))->limit_microcredits);
}

/* 50, 80 and 95 % are each told once a window, however often they are crossed. */
static void alerts_come_once_a_window(void **state)
{
	static const struct {
		int64_t charge; /* thousandths of the limit */
		int32_t newest;
		size_t n;
	} steps[] = {{499, 0, 0},  {1, 50, 1}, {299, 50, 1}, {1, 80, 2},
		     {149, 80, 2}, {1, 95, 3}, {49, 95, 3},  {1, 100, 4}};
	struct ledger *l = *state;
	char key[UUID_SIZE], name[16];
	int32_t percents[8];

	uuid_v7(key);
	assert_int_equal(ledger_set_budget(l, key, LIMIT_OF_KEY, PERIOD(MONTH)), OK);
	l->budget = key;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		snprintf(name, sizeof name, "%zu", i);
		charge(l, name, LIMIT_OF_KEY / 1000 * steps[i].charge);
		assert_int_equal(alerts(l, PERIOD(MONTH), key, percents), steps[i].n);
		if (steps[i].n)
			assert_int_equal(percents[0], steps[i].newest);
	}
	/* A higher limit puts the use below 50 % again; the crossing is no news. */
	assert_int_equal(ledger_set_budget(l, key, 3 * LIMIT_OF_KEY, PERIOD(MONTH)), OK);
	charge(l, "again", LIMIT_OF_KEY);
	assert_int_equal(alerts(l, PERIOD(MONTH), key, percents), 4);
}

int budget_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_window_ends_where_the_next_begins),
		TEST(a_window_bounds_and_begins_anew),
		TEST(a_key_has_a_budget_a_window),
		TEST(alerts_come_once_a_window),
	};

	return cmocka_run_group_tests(tests, ledger_group_set_up, NULL);
}
