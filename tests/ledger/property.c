/* Random operations by 32 threads against the model: equal outcomes, equal balances, and the
 * invariants at the end.
 *
 *   property [OPERATIONS [SEED]]       defaults: 100,000 and one that is printed
 *
 * Each thread has users of its own, so that it knows the order of their operations; all threads
 * also spend from one shared user, whose balance must be what their outcomes add up to. */
#include "services/credits/credits.h"
#include "tests/ledger/model.h"
#include "tests/lib/call.h"
#include "tests/lib/pg.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define THREADS 32
#define USERS 3 /* of a thread */
#define CREDIT 1000000LL
#define GIFT (100 * CREDIT)
#define LIMIT (50 * CREDIT)
#define BUDGET (300 * CREDIT)
#define SHARED_PER_OPERATION (CREDIT / 25) /* less than they want: the last ones are refused */
#define PLAN "pro"
#define POOL_MS 60000
#define ADMIN "0190a000-0000-7000-8000-0000000000ad"

struct user {
	char id[UUID_SIZE];
	char budgets[MODEL_BUDGETS][UUID_SIZE];
	struct model model;
	int grants;
};

struct worker {
	pthread_t thread;
	int number;
	uint64_t random;
	long operations;
	struct db *db;
	struct rpc_call *call, *admin;
	struct user users[USERS];
	struct user *user; /* of the operation that runs */
	char what[160];    /* it */
};

static const struct credits_conf conf = {
	.gift_microcredits = GIFT,
	.hold_lifetime_max_ms = 3600 * 1000,
	.limit_microcredits = LIMIT,
	.budgets_max = 10,
	.sweep_holds_max = 100,
};
static struct credits credits = {.conf = &conf, .queue = CREDITS_QUEUE_INIT};
static char shared_user[UUID_SIZE];
static atomic_llong shared_spent, shared_refused, failures;

/* xorshift64*: the same seed, the same operations. */
static uint64_t random_next(struct worker *w)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return w->random * 2685821657736338717ULL;
}

static int64_t random_to(struct worker *w, int64_t max)
{
	return (int64_t)(random_next(w) % (uint64_t)(max + 1));
}

static const char *id_of(const struct worker *w, const struct uuid *name_space, const char *what,
			 int n)
{
	static _Thread_local char ids[8][UUID_SIZE];
	static _Thread_local unsigned next;
	char *id = ids[next++ % ARRAY_SIZE(ids)], name[100];

	snprintf(name, sizeof name, "%s:%s:%d", w->user->id, what, n);
	uuid_v5(name_space, name, id);
	return id;
}

/* The outcome must be the model's. */
static void compare(struct worker *w, const struct rpc_call *call, enum status s,
		    const char *expected)
{
	const char *got = s == OK ? NULL : call->err.reason;

	if ((!got && !expected) || (got && expected && strcmp(got, expected) == 0))
		return;
	failures++;
	fprintf(stderr, "%s of %s: model says %s, ledger %s (%s)\n", w->what, w->user->id,
		expected ? expected : "OK", got ? got : "OK", s == OK ? "" : call->err.message);
}

static void compare_number(struct worker *w, const char *name, int64_t got, int64_t expected)
{
	if (got == expected)
		return;
	failures++;
	fprintf(stderr, "%s of %s: %s is %" PRId64 ", model says %" PRId64 "\n", w->what,
		w->user->id, name, got, expected);
}

static enum status call_hold(struct worker *w, const char *user, const char *id, int64_t amount,
			     bool due, int budget, bool plan)
{
	Google__Protobuf__Timestamp expire = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Credits__V1__HoldRequest req = CREDITS__V1__HOLD_REQUEST__INIT;
	Credits__V1__HoldResponse resp = CREDITS__V1__HOLD_RESPONSE__INIT;
	char *budgets[1], *plans[] = {PLAN};

	test_call_reset(w->call);
	expire.seconds = clock_wall_us() / US_PER_S + (due ? -1 : 3000);
	req.hold_id = (char *)id;
	req.user_id = (char *)user;
	req.amount_microcredits = amount;
	req.expire_time = &expire;
	req.reference = "property";
	req.model = "m";
	if (budget >= 0) {
		budgets[0] = w->user->budgets[budget];
		req.budget_ids = budgets;
		req.n_budget_ids = 1;
	}
	req.plans = plans;
	req.n_plans = plan ? 1 : 0;
	return credits_v1_hold(w->call, &req, &resp);
}

static enum status call_settle(struct worker *w, const char *id, const char *hold, int64_t amount,
			       int64_t *ret_charged)
{
	Credits__V1__SettleRequest req = CREDITS__V1__SETTLE_REQUEST__INIT;
	Credits__V1__SettleResponse resp = CREDITS__V1__SETTLE_RESPONSE__INIT;
	enum status s;

	test_call_reset(w->call);
	req.settle_id = (char *)id;
	req.hold_id = (char *)hold;
	req.amount_microcredits = amount;
	req.price_version = "p";
	s = credits_v1_settle(w->call, &req, &resp);
	*ret_charged = resp.charged_microcredits;
	return s;
}

static enum status call_void(struct worker *w, const char *id, const char *hold)
{
	Credits__V1__VoidRequest req = CREDITS__V1__VOID_REQUEST__INIT;
	Credits__V1__VoidResponse resp = CREDITS__V1__VOID_RESPONSE__INIT;

	test_call_reset(w->call);
	req.void_id = (char *)id;
	req.hold_id = (char *)hold;
	return credits_v1_void_hold(w->call, &req, &resp);
}

static void do_hold(struct worker *w)
{
	struct model *m = &w->user->model;
	bool again = m->n_holds > 0 && random_to(w, 9) == 0;
	int n = again ? (int)random_to(w, m->n_holds - 1) : m->n_holds;
	int64_t amount = 1 + random_to(w, 20 * CREDIT);
	const char *expected;

	if (again) {
		struct model_hold *h = &m->holds[n];
		bool other = random_to(w, 1) == 0;

		amount = other ? h->amount + 1 : h->amount;
		expected = other ? "transfer_id_reused" : h->refused;
		snprintf(w->what, sizeof w->what, "repeated hold %d", n);
		compare(w, w->call,
			call_hold(w, w->user->id, id_of(w, &CREDITS_V1_ID_HOLD, "h", n), amount,
				  h->due, h->budget, h->plan_may_pay),
			expected);
		return;
	}
	bool due = random_to(w, 3) == 0;
	int budget = (int)random_to(w, MODEL_BUDGETS) - 1;
	bool plan = random_to(w, 1) == 0;

	if (n == MODEL_HOLDS_MAX)
		return;
	expected = model_hold(m, amount, due, budget, plan);
	snprintf(w->what, sizeof w->what, "hold %d of %" PRId64, n, amount);
	compare(w, w->call,
		call_hold(w, w->user->id, id_of(w, &CREDITS_V1_ID_HOLD, "h", n), amount, due,
			  budget, plan),
		expected);
}

/* One of the newest holds, where something is still to happen. */
static struct model_hold *some_hold(struct worker *w, int *ret_n)
{
	struct model *m = &w->user->model;

	if (m->n_holds == 0)
		return NULL;
	*ret_n = m->n_holds - 1 - (int)random_to(w, m->n_holds < 12 ? m->n_holds - 1 : 11);
	return &m->holds[*ret_n];
}

static void do_settle(struct worker *w)
{
	struct model *m = &w->user->model;
	const char *expected;
	struct model_hold *h;
	int64_t amount, charged;
	enum status s;
	int n;

	h = some_hold(w, &n);
	if (!h)
		return;
	amount = random_to(w, 5) == 0 ? h->amount + random_to(w, 30 * CREDIT)
				      : random_to(w, h->amount);
	if (h->state >= MODEL_SETTLED && random_to(w, 1) == 0)
		amount = h->asked;
	expected = model_settle(m, h, amount);
	snprintf(w->what, sizeof w->what, "settle %d of %" PRId64, n, amount);
	s = call_settle(w, id_of(w, &CREDITS_V1_ID_SETTLE, "h", n),
			id_of(w, &CREDITS_V1_ID_HOLD, "h", n), amount, &charged);
	compare(w, w->call, s, expected);
	if (s == OK)
		compare_number(w, "charged", charged, h->charged);
}

static void do_void(struct worker *w)
{
	const char *expected;
	struct model_hold *h;
	int n;

	h = some_hold(w, &n);
	if (!h)
		return;
	expected = model_void(&w->user->model, h);
	snprintf(w->what, sizeof w->what, "void %d", n);
	compare(w, w->call,
		call_void(w, id_of(w, &CREDITS_V1_ID_VOID, "h", n),
			  id_of(w, &CREDITS_V1_ID_HOLD, "h", n)),
		expected);
}

/* The sweeper's work for one hold. */
static void do_sweep(struct worker *w)
{
	struct model_hold *h;
	char id[UUID_SIZE];
	const char *hold;
	enum status s;
	struct db *db;
	int n;

	h = some_hold(w, &n);
	if (!h || h->state == MODEL_REFUSED)
		return;
	model_sweep(&w->user->model, h);
	hold = id_of(w, &CREDITS_V1_ID_HOLD, "h", n);
	uuid_v5(&CREDITS_V1_ID_EXPIRE, hold, id);
	snprintf(w->what, sizeof w->what, "expiry of %d", n);
	s = db_pool_take(credits.sweep_pool, POOL_MS, &db, &w->call->err);
	ensure(s == OK);
	s = db_exec(db, &sql_credits_expire_hold, (const char *[]){id, hold}, NULL, &w->call->err);
	db_pool_give(credits.sweep_pool, db);
	if (s != OK && h->state != MODEL_OPEN && h->state != MODEL_EXPIRED)
		return; /* ended otherwise: the sweeper does not come by */
	compare(w, w->call, s, NULL);
}

static enum status call_book(struct worker *w, enum model_kind kind, const char *id, int64_t change)
{
	static const Credits__V1__Transaction__Kind kinds[] = {
		[MODEL_PURCHASE] = CREDITS__V1__TRANSACTION__KIND__PURCHASE,
		[MODEL_REFUND] = CREDITS__V1__TRANSACTION__KIND__REFUND,
		[MODEL_CHARGEBACK] = CREDITS__V1__TRANSACTION__KIND__CHARGEBACK,
	};
	Credits__V1__AdjustCreditsRequest adjust = CREDITS__V1__ADJUST_CREDITS_REQUEST__INIT;
	Credits__V1__Transaction transaction = CREDITS__V1__TRANSACTION__INIT;
	Credits__V1__BookPaymentRequest req = CREDITS__V1__BOOK_PAYMENT_REQUEST__INIT;
	Credits__V1__BookPaymentResponse resp = CREDITS__V1__BOOK_PAYMENT_RESPONSE__INIT;

	if (kind == MODEL_ADJUSTMENT) {
		adjust.id = (char *)id;
		adjust.user = w->user->id;
		adjust.amount_microcredits = change;
		adjust.reason = "property";
		return credits_v1_adjust_credits(w->admin, &adjust, &transaction);
	}
	req.transfer_id = (char *)id;
	req.user_id = w->user->id;
	req.kind = kinds[kind];
	req.amount_microcredits = change < 0 ? -change : change;
	req.reference = "property";
	return credits_v1_book_payment(w->admin, &req, &resp);
}

static void do_book(struct worker *w)
{
	struct model *m = &w->user->model;
	bool again = m->n_bookings > 0 && random_to(w, 4) == 0;
	int n = again ? (int)random_to(w, m->n_bookings - 1) : m->n_bookings;
	enum model_kind kind = (enum model_kind)random_to(w, MODEL_ADJUSTMENT);
	int64_t change = 1 + random_to(w, 60 * CREDIT);
	const char *expected = NULL;

	if (n == MODEL_BOOKINGS_MAX)
		return;
	test_call_reset(w->admin);
	if (again) {
		const struct model_booking *b = &m->bookings[n];

		if (b->refused)
			return; /* nothing was stored: it would be tried anew */
		kind = b->kind;
		change = b->asked;
	} else {
		if (kind == MODEL_REFUND || kind == MODEL_CHARGEBACK ||
		    (kind == MODEL_ADJUSTMENT && random_to(w, 1) == 0))
			change = -change;
		expected = model_book(m, kind, change);
	}
	snprintf(w->what, sizeof w->what, "%sbooking %d of kind %d, %" PRId64,
		 again ? "repeated " : "", n, kind, change);
	compare(w, w->admin, call_book(w, kind, id_of(w, &CREDITS_V1_ID_PURCHASE, "b", n), change),
		expected);
}

static void do_reverse(struct worker *w)
{
	Credits__V1__ReverseTransactionRequest req = CREDITS__V1__REVERSE_TRANSACTION_REQUEST__INIT;
	Credits__V1__Transaction resp = CREDITS__V1__TRANSACTION__INIT;
	struct model *m = &w->user->model;
	const char *expected;
	int n;

	if (m->n_bookings == 0)
		return;
	n = (int)random_to(w, m->n_bookings - 1);
	expected = model_reverse(m, &m->bookings[n]);
	test_call_reset(w->admin);
	snprintf(w->what, sizeof w->what, "reversal of booking %d", n);
	req.transaction = (char *)id_of(w, &CREDITS_V1_ID_PURCHASE, "b", n);
	req.reason = "property";
	compare(w, w->admin, credits_v1_reverse_transaction(w->admin, &req, &resp), expected);
}

static void do_terms(struct worker *w)
{
	Credits__V1__SwitchBillingTypeRequest to = CREDITS__V1__SWITCH_BILLING_TYPE_REQUEST__INIT;
	Credits__V1__SetLimitRequest limit = CREDITS__V1__SET_LIMIT_REQUEST__INIT;
	Credits__V1__SuspendUserRequest suspend = CREDITS__V1__SUSPEND_USER_REQUEST__INIT;
	Credits__V1__SuspendUserResponse none = CREDITS__V1__SUSPEND_USER_RESPONSE__INIT;
	Credits__V1__Balance balance = CREDITS__V1__BALANCE__INIT;
	struct model *m = &w->user->model;
	const char *expected;

	test_call_reset(w->call);
	snprintf(w->call->ctx.subject.user_id, UUID_SIZE, "%s", w->user->id);
	snprintf(w->what, sizeof w->what, "other terms");
	switch (random_to(w, 2)) {
	case 0:
		to.billing_type = random_to(w, 1) ? CREDITS__V1__BILLING_TYPE__PREPAID
						  : CREDITS__V1__BILLING_TYPE__PAY_AS_YOU_GO;
		expected = model_switch(
			m, to.billing_type == CREDITS__V1__BILLING_TYPE__PAY_AS_YOU_GO, LIMIT);
		compare(w, w->call, credits_v1_switch_billing_type(w->call, &to, &balance),
			expected);
		break;
	case 1:
		limit.user = w->user->id;
		limit.limit_microcredits = random_to(w, 2 * LIMIT);
		expected = model_set_limit(m, limit.limit_microcredits);
		compare(w, w->call, credits_v1_set_limit(w->call, &limit, &balance), expected);
		break;
	default:
		suspend.user_id = w->user->id;
		suspend.suspended = m->suspended = random_to(w, 3) == 0;
		compare(w, w->call, credits_v1_suspend_user(w->call, &suspend, &none), NULL);
	}
}

static void do_balance(struct worker *w)
{
	Credits__V1__GetBalanceRequest req = CREDITS__V1__GET_BALANCE_REQUEST__INIT;
	Credits__V1__Balance balance = CREDITS__V1__BALANCE__INIT;
	const struct model *m = &w->user->model;

	test_call_reset(w->call);
	snprintf(w->call->ctx.subject.user_id, UUID_SIZE, "%s", w->user->id);
	snprintf(w->what, sizeof w->what, "balance");
	compare(w, w->call, credits_v1_get_balance(w->call, &req, &balance), NULL);
	compare_number(w, "available", balance.available_microcredits, model_available(m));
	compare_number(w, "posted", balance.posted_microcredits, m->posted);
	compare_number(w, "held", balance.held_microcredits, m->pending);
}

/* A month of the plan, one of a past month, or one that was booked before. */
static void do_grant(struct worker *w)
{
	Google__Protobuf__Timestamp expire = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Credits__V1__GrantPlanRequest req = CREDITS__V1__GRANT_PLAN_REQUEST__INIT;
	Credits__V1__GrantPlanResponse resp = CREDITS__V1__GRANT_PLAN_RESPONSE__INIT;
	bool again = w->user->grants > 0 && random_to(w, 3) == 0;
	bool late = random_to(w, 5) == 0;
	int n = again ? (int)random_to(w, w->user->grants - 1) : w->user->grants++;
	int months = late ? 1 : n + 1;
	int64_t amount = (n % 7 + 1) * 10 * CREDIT;

	test_call_reset(w->admin);
	snprintf(w->what, sizeof w->what, "%sgrant %d", again ? "repeated " : "", n);
	expire.seconds = INT64_C(4000000000) + (int64_t)months * 2592000;
	req.transfer_id = (char *)id_of(w, &CREDITS_V1_ID_GRANT, "g", n);
	req.user_id = w->user->id;
	req.plan = PLAN;
	req.source = "sub";
	req.amount_microcredits = amount;
	req.expire_time = &expire;
	req.reference = "property";
	if (!again)
		model_grant(&w->user->model, amount, months);
	compare(w, w->admin, credits_v1_grant_plan(w->admin, &req, &resp), NULL);
	compare_number(w, "plan", resp.posted_microcredits, w->user->model.plan.posted);
}

/* All threads spend from one user. The share of each thread is open, the sum is not. */
static void do_shared(struct worker *w, long n)
{
	int64_t amount = 1 + random_to(w, 4 * CREDIT), charged = 0;
	char id[UUID_SIZE], settle[UUID_SIZE], name[60];
	enum status s;

	snprintf(name, sizeof name, "%d:%ld:%" PRIu64, w->number, n, w->random);
	uuid_v5(&CREDITS_V1_ID_HOLD, name, id);
	uuid_v5(&CREDITS_V1_ID_SETTLE, name, settle);
	snprintf(w->what, sizeof w->what, "shared hold");
	s = call_hold(w, shared_user, id, amount, false, -1, false);
	if (s != OK) {
		compare(w, w->call, s, "insufficient_credits");
		shared_refused++;
		return;
	}
	snprintf(w->what, sizeof w->what, "shared settle");
	compare(w, w->call, call_settle(w, settle, id, amount / 2, &charged), NULL);
	shared_spent += charged;
}

static void *work(void *ctx)
{
	static void (*const operations[])(struct worker *) = {
		do_hold,   do_hold,    do_hold,  do_settle,  do_settle, do_settle,
		do_settle, do_void,    do_void,  do_sweep,   do_sweep,  do_book,
		do_book,   do_reverse, do_terms, do_balance, do_grant,
	};
	struct worker *w = ctx;

	for (long n = 0; n < w->operations && failures < 20; n++) {
		w->user = &w->users[random_to(w, USERS - 1)];
		if (random_to(w, 15) == 0)
			do_shared(w, n);
		else
			operations[random_to(w, ARRAY_SIZE(operations) - 1)](w);
	}
	for (int i = 0; i < USERS; i++) {
		w->user = &w->users[i];
		do_balance(w);
	}
	return NULL;
}

static void begin_user(struct worker *w, struct user *user)
{
	Google__Protobuf__Int64Value limit = GOOGLE__PROTOBUF__INT64_VALUE__INIT;
	Credits__V1__SetBudgetRequest req = CREDITS__V1__SET_BUDGET_REQUEST__INIT;
	Credits__V1__Budget resp = CREDITS__V1__BUDGET__INIT;

	uuid_v7(user->id);
	user->model.posted = GIFT;
	snprintf(w->call->ctx.subject.user_id, UUID_SIZE, "%s", user->id);
	for (int i = 0; i < MODEL_BUDGETS; i++) {
		uuid_v7(user->budgets[i]);
		user->model.budgets[i].limit = limit.value = BUDGET;
		req.budget = user->budgets[i];
		req.kind = CREDITS__V1__BUDGET__KIND__PROJECT;
		req.period = CREDITS__V1__BUDGET__PERIOD__TOTAL;
		req.limit_microcredits = &limit;
		ensure(credits_v1_set_budget(w->call, &req, &resp) == OK);
	}
}

static void begin(struct worker *w, int number, uint64_t seed, long operations)
{
	w->number = number;
	w->random = seed * 0x9e3779b97f4a7c15ULL + (uint64_t)number + 1;
	w->operations = operations;
	w->db = pg_db("credits_app", sql_credits_all);
	w->call = test_call_new(w->db, shared_user, "chat");
	w->admin = test_call_new(w->db, ADMIN, NULL);
	w->call->state = w->admin->state = &credits;
	for (int i = 0; i < USERS; i++)
		begin_user(w, &w->users[i]);
}

static void fill_shared_user(struct worker *w, int64_t amount)
{
	Credits__V1__BookPaymentRequest req = CREDITS__V1__BOOK_PAYMENT_REQUEST__INIT;
	Credits__V1__BookPaymentResponse resp = CREDITS__V1__BOOK_PAYMENT_RESPONSE__INIT;

	req.transfer_id = req.user_id = shared_user;
	req.kind = CREDITS__V1__TRANSACTION__KIND__PURCHASE;
	req.amount_microcredits = amount;
	ensure(credits_v1_book_payment(w->call, &req, &resp) == OK);
}

/* As the service has them: some connections run commands of batches alone, so that their plans stay. */
static void begin_pools(void)
{
	const struct db_options options = {
		.dsn = pg_dsn("credits_app"),
		.application_name = "property",
		.statements = sql_credits_all,
		.connections_max = CREDITS_LEADERS_MAX,
	};

	credits.leader_pool = db_pool_new(&options);
	credits.sweep_pool = db_pool_new(&options);
}

int main(int argc, char **argv)
{
	static struct worker workers[THREADS];
	long operations = argc > 1 ? strtol(argv[1], NULL, 10) : 100000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : random_below(1000000000);
	int64_t began, shared_left, shared = operations * SHARED_PER_OPERATION;
	const char *broken;

	printf("# seed %" PRIu64 "\n", seed);
	pg_start();
	pg_migrate("credits");
	uuid_v7(shared_user);
	begin_pools();
	for (int i = 0; i < THREADS; i++)
		begin(&workers[i], i, seed, operations / THREADS + 1);
	fill_shared_user(&workers[0], shared);
	began = clock_mono_us();
	for (int i = 0; i < THREADS; i++)
		ensure(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	began = clock_mono_us() - began;

	shared_left = strtoll(
		pg_value(arena_printf(workers[0].call->arena,
				      "SELECT credits_posted - debits_posted FROM credits.account"
				      " WHERE id = '%s'",
				      shared_user)),
		NULL, 10);
	if (shared_left != shared + GIFT - shared_spent || shared_left < 0) {
		failures++;
		fprintf(stderr, "the shared user has %" PRId64 ", the outcomes leave %lld\n",
			shared_left, shared + GIFT - shared_spent);
	}
	broken = pg_value("SET search_path = credits, lc;"
			  "SELECT string_agg(invariant || ' ' || what, E'\\n') FROM violation "
			  "WHERE invariant <> 'I7'");
	if (broken[0]) {
		failures++;
		fprintf(stderr, "%s\n", broken);
	}
	printf("%sok 1 - %ld operations by %d threads in %.1f s, %s transfers, %lld shared holds "
	       "refused, %lld differences\n1..1\n",
	       failures ? "not " : "", operations, THREADS, (double)began / 1e6,
	       pg_value("SELECT count(*) FROM credits.transfer"), shared_refused, failures);
	for (int i = 0; i < THREADS; i++) {
		test_call_free(workers[i].call);
		test_call_free(workers[i].admin);
		db_free(workers[i].db);
	}
	db_pool_free(credits.leader_pool);
	db_pool_free(credits.sweep_pool);
	pg_stop();
	return failures > 0;
}
