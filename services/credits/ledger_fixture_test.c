#include "credits_test.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"

static struct credits_conf conf = {
	.gift_microcredits = GIFT,
	.hold_lifetime_max_ms = 3600 * 1000,
	.limit_microcredits = LIMIT,
	.budgets_max = BUDGETS,
	.voucher_tries_user = 1000,
	.voucher_tries_address = 1000,
	.sweep_holds_max = 10,
};

static struct credits credits = {.conf = &conf, .queue = CREDITS_QUEUE_INIT};

int ledger_group_set_up(void **state)
{
	pg_start();
	pg_migrate("credits");
	return 0;
}

struct rpc_call *ledger_call(struct db *db, const char *user_id, const char *caller)
{
	struct rpc_call *call = test_call_new(db, user_id, caller);

	call->state = &credits;
	return call;
}

int ledger_set_up(void **state)
{
	struct ledger *l = calloc(1, sizeof *l);

	ensure(l);
	uuid_v7(l->user);
	l->credits = &credits;
	l->model = "gpt-4o";
	l->db = pg_db("credits_app", sql_credits_all);
	l->call = ledger_call(l->db, l->user, "chat");
	*state = l;
	return 0;
}

void ledger_verify(void)
{
	const char *broken =
		pg_value("SET search_path = credits, lc;"
			 "SELECT string_agg(invariant || ' ' || what, '; ') FROM violation");

	assert_string_equal(broken, "");
}

int ledger_tear_down(void **state)
{
	struct ledger *l = *state;

	pg_clock_reset();
	test_call_free(l->call);
	db_free(l->db);
	free(l);
	ledger_verify();
	return 0;
}

const char *ledger_id(struct ledger *l, const struct uuid *name_space, const char *name)
{
	static _Thread_local char ids[16][UUID_SIZE];
	static _Thread_local unsigned next;
	char *id = ids[next++ % ARRAY_SIZE(ids)], text[100];

	snprintf(text, sizeof text, "%s:%s", l->user, name);
	uuid_v5(name_space, text, id);
	return id;
}

enum status ledger_hold(struct ledger *l, const char *name, int64_t amount)
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
	req.reference = "generation";
	req.model = (char *)l->model;
	req.budget_ids = (char **)&l->budget;
	req.n_budget_ids = l->budget ? 1 : 0;
	return credits_v1_hold(l->call, &req, &resp);
}

enum status ledger_settle(struct ledger *l, const char *name, int64_t amount, int64_t *ret_charged)
{
	Credits__V1__SettleRequest req = CREDITS__V1__SETTLE_REQUEST__INIT;
	Credits__V1__SettleResponse resp = CREDITS__V1__SETTLE_RESPONSE__INIT;
	enum status s;

	test_call_reset(l->call);
	req.settle_id = (char *)ledger_id(l, &CREDITS_V1_ID_SETTLE, name);
	req.hold_id = (char *)ledger_id(l, &CREDITS_V1_ID_HOLD, name);
	req.amount_microcredits = amount;
	req.price_version = "gpt-4o@1";
	s = credits_v1_settle(l->call, &req, &resp);
	if (ret_charged)
		*ret_charged = resp.charged_microcredits;
	return s;
}

enum status ledger_void(struct ledger *l, const char *name)
{
	Credits__V1__VoidRequest req = CREDITS__V1__VOID_REQUEST__INIT;
	Credits__V1__VoidResponse resp = CREDITS__V1__VOID_RESPONSE__INIT;

	test_call_reset(l->call);
	req.void_id = (char *)ledger_id(l, &CREDITS_V1_ID_VOID, name);
	req.hold_id = (char *)ledger_id(l, &CREDITS_V1_ID_HOLD, name);
	return credits_v1_void_hold(l->call, &req, &resp);
}

enum status ledger_book(struct ledger *l, const char *name, Credits__V1__Transaction__Kind kind,
			int64_t amount)
{
	Credits__V1__BookPaymentRequest req = CREDITS__V1__BOOK_PAYMENT_REQUEST__INIT;
	Credits__V1__BookPaymentResponse resp = CREDITS__V1__BOOK_PAYMENT_RESPONSE__INIT;

	test_call_reset(l->call);
	req.transfer_id = (char *)ledger_id(l, &CREDITS_V1_ID_PURCHASE, name);
	req.user_id = l->user;
	req.kind = kind;
	req.amount_microcredits = amount;
	req.reference = (char *)name;
	return credits_v1_book_payment(l->call, &req, &resp);
}

enum status ledger_set_budget(struct ledger *l, const char *id, int64_t limit,
			      Credits__V1__Budget__Period period)
{
	Google__Protobuf__Int64Value value = GOOGLE__PROTOBUF__INT64_VALUE__INIT;
	Credits__V1__SetBudgetRequest req = CREDITS__V1__SET_BUDGET_REQUEST__INIT;
	Credits__V1__Budget resp = CREDITS__V1__BUDGET__INIT;
	enum status s;

	test_call_reset(l->call);
	value.value = limit;
	req.budget = (char *)id;
	req.kind = CREDITS__V1__BUDGET__KIND__API_KEY;
	req.display_name = "laptop";
	req.limit_microcredits = limit >= 0 ? &value : NULL;
	req.period = period;
	s = credits_v1_set_budget(l->call, &req, &resp);
	if (s == OK) {
		assert_string_equal(resp.display_name, "laptop");
		assert_int_equal(resp.period, period);
		assert_true(limit < 0 ? !resp.limit_microcredits
				      : resp.limit_microcredits->value == limit);
	}
	return s;
}

void ledger_balance(struct ledger *l, Credits__V1__Balance *ret)
{
	Credits__V1__GetBalanceRequest req = CREDITS__V1__GET_BALANCE_REQUEST__INIT;

	test_call_reset(l->call);
	credits__v1__balance__init(ret);
	assert_int_equal(credits_v1_get_balance(l->call, &req, ret), OK);
}

int64_t ledger_available(struct ledger *l)
{
	Credits__V1__Balance balance;

	ledger_balance(l, &balance);
	return balance.available_microcredits;
}

void ledger_sweep(struct ledger *l)
{
	assert_int_equal(credits_expire_holds(l->db, l->credits, &l->call->err), OK);
}
