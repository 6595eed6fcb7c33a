/* Subscriptions of Stripe's teach the same in every order, however often they come, and in both
 * shapes of Stripe's API. This file is part of payments' test program. */
#include "chat/v1/rpc.h"
#include "credits/v1/rpc.h"
#include "payments/payments_test.h"
#include "payments/plan.h"
#include "tests/lib/call.h"
#include "tests/lib/pg.h"

#include "runtime/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define USER "01a1f000-0000-7000-8000-000000000001"
#define TERMS "\"metadata\":{\"user\":\"" USER "\",\"plan\":\"pro\",\"credits\":\"2000000\"}"
/* Seconds: the ends of two periods, far in the future. */
#define END_1 "4000000000"
#define END_2 "4002592000"

#define SUBSCRIPTION(status, end)                                                        \
	"{\"object\":\"subscription\",\"id\":\"sub_1\",\"status\":\"" status "\"," TERMS \
	",\"current_period_end\":" end ",\"cancel_at_period_end\":false}"
#define SUBSCRIPTION_NEW(status, end)                                                    \
	"{\"object\":\"subscription\",\"id\":\"sub_1\",\"status\":\"" status "\"," TERMS \
	",\"items\":{\"data\":[{\"current_period_end\":" end "}]}}"
#define DELETED                                                                        \
	"{\"object\":\"subscription\",\"id\":\"sub_1\",\"status\":\"canceled\"," TERMS \
	",\"ended_at\":1795260000,\"current_period_end\":" END_2 "}"
#define LINES(end) "\"lines\":{\"data\":[{\"period\":{\"start\":1,\"end\":" end "}}]}"
#define INVOICE(id, end)                                                                    \
	"{\"object\":\"invoice\",\"id\":\"" id "\",\"status\":\"paid\",\"billing_reason\":" \
	"\"subscription_cycle\",\"subscription\":\"sub_1\"," LINES(end) ",\"amount_paid\":5}"
#define INVOICE_NEW(id, end)                                                                \
	"{\"object\":\"invoice\",\"id\":\"" id "\",\"status\":\"paid\",\"billing_reason\":" \
	"\"subscription_cycle\",\"parent\":{\"subscription_details\":{\"subscription\":"    \
	"\"sub_1\"," TERMS "}}," LINES(end) "}"

struct saying {
	const json_t *object;
	int64_t at;
};

static enum status learn(struct db *db, void *ctx, struct error *reterr)
{
	const struct saying *saying = ctx;
	const struct learning how = {false, saying->at, 86400000};

	return plan_learn(db, saying->object, &how, reterr);
}

static void tell(const char *text, int64_t at)
{
	json_t *object = json_loads(text, 0, NULL);
	struct saying saying = {object, at};
	struct error err;

	assert_non_null(object);
	assert_true(is_about_plan(object));
	if (db_tx(learn_db(), NULL, learn, &saying, &err) != OK)
		fail_msg("%s: %s", text, err.message);
	json_decref(object);
}

struct told {
	int64_t grants, credits; /* of different ids */
	int64_t expire;          /* of the last grant, in seconds */
	int64_t ends, until, version;
};

static struct told told(void)
{
	static const struct sql sql = {"test_told",
				       "SELECT id, method, request FROM outbox ORDER BY seq", 0};
	_cleanup_(arena_freep) struct arena *arena = arena_new(65536, 1 << 20);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct told told = {0};

	assert_int_equal(db_query(learn_db(), &sql, NULL, &rows, NULL), OK);
	for (int i = 0; i < PQntuples(rows); i++) {
		const char *method = db_peek(rows, i, "method");
		size_t len;
		uint8_t *bytes = db_bytes(arena, rows, i, "request", &len);

		if (strstr(method, "GrantPlan")) {
			Credits__V1__GrantPlanRequest *req =
				credits__v1__grant_plan_request__unpack(&arena->allocator, len,
									bytes);

			assert_string_equal(req->user_id, USER);
			assert_string_equal(req->plan, "pro");
			assert_string_equal(req->source, "sub_1");
			told.grants++;
			told.credits += req->amount_microcredits;
			if (req->expire_time->seconds > told.expire)
				told.expire = req->expire_time->seconds;
		} else if (strstr(method, "EndPlan")) {
			told.ends++;
		} else {
			Chat__V1__SetUserPlanRequest *req = chat__v1__set_user_plan_request__unpack(
				&arena->allocator, len, bytes);

			assert_true(req->version > told.version);
			told.version = req->version;
			told.until = req->until_time->seconds;
		}
	}
	return told;
}

static void begin_anew(void)
{
	db_test_rollback(learn_db());
	assert_int_equal(db_test_begin(learn_db(), NULL), OK);
}

/* Two intervals, in either shape. */
static const char *const facts[2][4] = {
	{SUBSCRIPTION("active", END_1), INVOICE("in_1", END_1), SUBSCRIPTION("active", END_2),
	 INVOICE("in_2", END_2)},
	{SUBSCRIPTION_NEW("active", END_1), INVOICE_NEW("in_1", END_1),
	 SUBSCRIPTION_NEW("active", END_2), INVOICE_NEW("in_2", END_2)},
};

void plan_facts_may_come_in_any_order(void **state)
{
	(void)state;
	for (int shape = 0; shape < 2; shape++) {
		for (int order = 0; order < 256; order++) { /* repeats too */
			int at[5] = {order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 & 3};
			struct told t;

			for (int i = 0; i < 4; i++)
				tell(facts[shape][at[i]], 1795260000 + at[i]);
			for (int i = 0; i < 4; i++) /* all of them came at last */
				tell(facts[shape][i], 1795260000 + i);
			t = told();
			if (t.grants != 2 || t.credits != 4000000 ||
			    t.expire != 4002592000 + 86400 || t.until != 4002592000 + 86400 ||
			    t.ends != 0)
				fail_msg("shape %d order %x: %d grants, until %lld", shape, order,
					 (int)t.grants, (long long)t.until);
			begin_anew();
		}
	}
}

/* The end may come before what was paid. */
void a_plan_that_ended_stays_ended(void **state)
{
	static const char *const facts_of_end[] = {SUBSCRIPTION("active", END_1), DELETED,
						   INVOICE("in_1", END_1)};

	(void)state;
	for (int order = 0; order < 27; order++) {
		int at[] = {order % 3, order / 3 % 3, order / 9 % 3};
		struct told t;

		for (int i = 0; i < 3; i++)
			tell(facts_of_end[at[i]], 1795260000 + at[i]);
		for (int i = 2; i >= 0; i--)
			tell(facts_of_end[i], 1795260000 + i);
		t = told();
		if (t.grants != 1 || t.ends != 1 || t.until != 1795260000)
			fail_msg("order %d: %d grants, %d ends, until %lld", order, (int)t.grants,
				 (int)t.ends, (long long)t.until);
		begin_anew();
	}
}

static void forget_what_was_told(void)
{
	static const struct sql sql = {"test_forget", "DELETE FROM outbox", 0};

	assert_int_equal(db_exec(learn_db(), &sql, NULL, NULL, NULL), OK);
}

/* The outbox erases calls some days after they were delivered. Later facts about the subscription come
 * with other dates, so a grant that was told again would contradict the first one. */
void a_grant_is_told_once(void **state)
{
	static const char *const later[] = {INVOICE("in_1", END_1), SUBSCRIPTION("active", END_2),
					    SUBSCRIPTION("past_due", END_2), DELETED};

	(void)state;
	tell(SUBSCRIPTION("active", END_1), 1795260000);
	tell(INVOICE("in_1", END_1), 1795260001);
	assert_int_equal(told().grants, 1);
	for (size_t i = 0; i < ARRAY_SIZE(later); i++) {
		forget_what_was_told();
		tell(later[i], 1795260002 + (int64_t)i);
		assert_int_equal(told().grants, 0);
	}
	assert_int_equal(told().ends, 1);
	tell(INVOICE("in_2", END_2), 1795260009); /* one that was paid late is another grant */
	assert_int_equal(told().grants, 1);
}

/* A change within an interval, an unpaid invoice and a plan of another program grant nothing. */
void other_invoices_grant_nothing(void **state)
{
	static const char *const others[] = {
		"{\"object\":\"invoice\",\"id\":\"in_9\",\"status\":\"paid\",\"billing_reason\":"
		"\"subscription_update\",\"subscription\":\"sub_1\"," LINES(END_1) "}",
		"{\"object\":\"invoice\",\"id\":\"in_8\",\"status\":\"open\",\"billing_reason\":"
		"\"subscription_cycle\",\"subscription\":\"sub_1\"," LINES(END_1) "}",
		"{\"object\":\"invoice\",\"id\":\"in_7\",\"status\":\"paid\",\"subscription\":"
		"\"sub_of_others\"," LINES(END_1) "}",
		("{\"object\":\"subscription\",\"id\":\"sub_of_others\",\"status\":\"active\","
		 "\"metadata\":{\"user\":\"somebody\",\"plan\":\"pro\",\"credits\":\"1\"}}"),
		"{\"object\":\"subscription\",\"id\":\"sub_7\"}",
	};

	(void)state;
	tell(SUBSCRIPTION("active", END_1), 1795260000);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		tell(others[i], 1795260001);
	assert_int_equal(told().grants, 0);
}

void a_plan_rests_while_it_is_unpaid(void **state)
{
	(void)state;
	tell(SUBSCRIPTION("active", END_1), 1795260000);
	tell(SUBSCRIPTION("past_due", END_1), 1795260001);
	assert_int_equal(told().until, 4000000000 + 86400);
	tell(SUBSCRIPTION("unpaid", END_1), 1795260002);
	assert_int_equal(told().until, 1795260002);
	tell(SUBSCRIPTION("past_due", END_1), 1795260001); /* late */
	assert_int_equal(told().until, 1795260002);
	tell(SUBSCRIPTION("active", END_1), 1795260003);
	assert_int_equal(told().until, 4000000000 + 86400);
}

static enum status read_plans(const char *yaml, struct arena *arena, const struct plans **ret,
			      struct error *err)
{
	char path[] = "/tmp/plans-test.XXXXXX";
	int fd = mkstemp(path);
	enum status s;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
	close(fd);
	s = plans_read(path, arena, ret, err);
	unlink(path);
	return s;
}

#define TERMS_OF(id, more)                                                                       \
	"plans:\n  - {id: " id ", name: N, credits: 1, currency: EUR, price_minor_units: 5" more \
	"}\n"

void a_bad_plan_says_what_is_wrong(void **state)
{
	static const struct {
		const char *yaml, *says;
	} rows[] = {
		{TERMS_OF("Pro", ""), "a-z"},
		{TERMS_OF("pro", ", interval: week"), "month or year"},
		{TERMS_OF("pro", ", colour: red"), "colour"},
		{TERMS_OF("pro", "") "  - {id: pro, name: N, credits: 1, currency: EUR, "
				     "price_minor_units: 5}\n",
		 "twice"},
		{"plans:\n  - {id: pro, name: N, credits: 1, currency: eur, price_minor_units: "
		 "5}\n",
		 "capital"},
		{"plan: []\n", "unknown key"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	const struct plans *plans;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(read_plans(rows[i].yaml, arena, &plans, &err), INVALID_ARGUMENT);
		if (!strstr(err.message, rows[i].says))
			fail_msg("'%s' does not say '%s'", err.message, rows[i].says);
	}
	assert_int_equal(plans_read("deploy/config/plans.yaml", arena, &plans, &err), OK);
	assert_true(plans->n > 0);
	assert_int_equal(plans_read("", arena, &plans, &err), OK);
	assert_int_equal(plans->n, 0);
}

void a_user_sees_their_own_subscriptions(void **state)
{
	_cleanup_(test_call_freep) struct rpc_call *call = payments_test_call(learn_db(), USER);
	Payments__V1__ListSubscriptionsRequest req = PAYMENTS__V1__LIST_SUBSCRIPTIONS_REQUEST__INIT;
	Payments__V1__ListSubscriptionsResponse resp =
		PAYMENTS__V1__LIST_SUBSCRIPTIONS_RESPONSE__INIT;
	Payments__V1__ListAllSubscriptionsRequest all =
		PAYMENTS__V1__LIST_ALL_SUBSCRIPTIONS_REQUEST__INIT;
	Payments__V1__ListAllSubscriptionsResponse found =
		PAYMENTS__V1__LIST_ALL_SUBSCRIPTIONS_RESPONSE__INIT;

	(void)state;
	tell(SUBSCRIPTION("active", END_1), 1795260000);
	assert_int_equal(payments_v1_list_subscriptions(call, &req, &resp), OK);
	assert_int_equal(resp.n_subscriptions, 1);
	assert_string_equal(resp.subscriptions[0]->plan, "pro");
	assert_int_equal(resp.subscriptions[0]->state, PAYMENTS__V1__SUBSCRIPTION__STATE__ACTIVE);
	call->method = &payments_v1_list_all_subscriptions_method;
	assert_int_equal(payments_v1_list_all_subscriptions(call, &all, &found), OK);
	assert_int_equal(found.n_subscriptions, 1);
}

void a_plan_is_bought_once(void **state)
{
	_cleanup_(test_call_freep) struct rpc_call *call = payments_test_call(learn_db(), USER);
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	Payments__V1__BuyPlanRequest req = PAYMENTS__V1__BUY_PLAN_REQUEST__INIT;
	Payments__V1__BuyPlanResponse resp = PAYMENTS__V1__BUY_PLAN_RESPONSE__INIT;
	Payments__V1__ListPlansRequest list = PAYMENTS__V1__LIST_PLANS_REQUEST__INIT;
	Payments__V1__ListPlansResponse listed = PAYMENTS__V1__LIST_PLANS_RESPONSE__INIT;
	Payments__V1__ChangeSubscriptionRequest change =
		PAYMENTS__V1__CHANGE_SUBSCRIPTION_REQUEST__INIT;
	Payments__V1__Subscription changed = PAYMENTS__V1__SUBSCRIPTION__INIT;
	const struct plans *plans;
	struct error err;

	(void)state;
	assert_int_equal(read_plans(TERMS_OF("pro", ""), arena, &plans, &err), OK);
	payments_test_state()->plans = plans;
	assert_int_equal(payments_v1_list_plans(call, &list, &listed), OK);
	assert_int_equal(listed.n_plans, 1);
	assert_string_equal(listed.plans[0]->id, "pro");
	assert_int_equal(listed.plans[0]->interval, PAYMENTS__V1__PLAN__INTERVAL__MONTH);
	assert_true(listed.purchasable);
	req.plan = "gold";
	assert_int_equal(payments_v1_buy_plan(call, &req, &resp), NOT_FOUND);
	assert_string_equal(call->err.reason, "plan_unknown");
	tell(SUBSCRIPTION("active", END_1), 1795260000);
	req.plan = "pro";
	assert_int_equal(payments_v1_buy_plan(call, &req, &resp), FAILED_PRECONDITION);
	assert_string_equal(call->err.reason, "already_subscribed");
	change.subscription = "sub_of_others";
	assert_int_equal(payments_v1_change_subscription(call, &change, &changed), NOT_FOUND);
	tell(DELETED, 1795260001);
	change.subscription = "sub_1";
	assert_int_equal(payments_v1_change_subscription(call, &change, &changed),
			 FAILED_PRECONDITION);
	assert_string_equal(call->err.reason, "subscription_ended");
	assert_int_equal(payments_v1_buy_plan(call, &req, &resp), UNAVAILABLE);
	payments_test_state()->plans = NULL;
}
