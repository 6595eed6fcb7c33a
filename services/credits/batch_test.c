/* Several commands in one statement, as the service runs those that wait. */
#include "credits_test.h"

#include "runtime/base/text.h"

#include <inttypes.h>
#include <stdlib.h>

#define PATH "SET search_path = credits, lc; "
#define SQL_SIZE 40000
#define ROUNDS 40
#define BATCH 12

/* A user with a gift of 100, 50 in plan "pro" and a budget of 60; twins differ in their ids alone. */
struct twin {
	char user[UUID_SIZE], plan[UUID_SIZE], key[UUID_SIZE];
	unsigned number;
	int n; /* commands in sql */
	char sql[SQL_SIZE], got[SQL_SIZE];
};

static void id_of(const struct twin *t, unsigned what, unsigned n, char out[UUID_SIZE])
{
	snprintf(out, UUID_SIZE, "%08x-%04x-5000-8000-%.12s", t->number, what & 0xffff,
		 t->user + 24);
	snprintf(out + 19, 5, "%04x", n & 0xffff);
	out[23] = '-';
}

static void begin(struct twin *t, unsigned number)
{
	char sql[1200];

	memset(t, 0, sizeof *t);
	t->number = number;
	uuid_v7(t->user);
	uuid_v7(t->key);
	credits_plan_account(t->user, "pro", t->plan);
	snprintf(sql, sizeof sql,
		 PATH "SELECT open_account('%s', gen_random_uuid(), 100, NULL); "
		      "SELECT set_window(gen_random_uuid(), '%s', '%s', 'api_key', 'k', 60, "
		      "'total', 100000); "
		      "SELECT grant_plan(gen_random_uuid(), '%s', '%s', 'pro', 's', 50, lc.now() + "
		      "interval '1 d', "
		      "'r', gen_random_uuid())",
		 t->user, t->user, t->key, t->user, t->plan);
	pg_exec(sql);
}

/* Adds a command to the batch. */
static void add(struct twin *t, const char *kind, unsigned id, unsigned hold, int64_t amount,
		bool plan, bool budget)
{
	char ids[4][UUID_SIZE], *end = t->sql + strlen(t->sql);
	bool holds = strcmp(kind, "hold") == 0;

	id_of(t, holds ? 0 : (unsigned)*kind, id, ids[0]);
	id_of(t, 0, hold, ids[1]);
	id_of(t, 1, id, ids[2]);
	id_of(t, 2, id, ids[3]);
	snprintf(end, (size_t)(t->sql + sizeof t->sql - end),
		 "%sROW(%d, '%s', '%s', '%s', %" PRId64
		 ", lc.now() + interval '1 h', 'r', 'm', '{%s}', '%s', '%s', '{%s}')::command",
		 t->n > 0 ? ", " : "", t->n, kind, ids[0], holds ? t->user : ids[1], amount,
		 budget ? t->key : "", ids[2], ids[3], plan ? "pro" : "");
	t->n++;
}

/* Runs what was added, and appends what became of it: "place reason available charged". */
static void run(struct twin *t)
{
	static char sql[SQL_SIZE + 400];
	size_t length = strlen(t->got);

	snprintf(sql, sizeof sql,
		 PATH "SELECT string_agg(concat_ws(' ', coalesce(refused, 'ok'), available, "
		      "charged), ', ' ORDER BY n) "
		      "FROM run_commands(ARRAY[%s], NULL)",
		 t->sql);
	snprintf(t->got + length, sizeof t->got - length, "%s%s", length > 0 ? ", " : "",
		 pg_value(sql));
	t->sql[0] = '\0';
	t->n = 0;
}

static void assert_got(struct twin *t, const char *expected)
{
	run(t);
	assert_string_equal(t->got, expected);
	t->got[0] = '\0';
}

/* Sums of the user, of the plan and of the budget. */
static const char *state_of(const struct twin *t)
{
	char sql[700];

	snprintf(sql, sizeof sql,
		 PATH "SELECT string_agg(x, ' ' ORDER BY x) FROM (SELECT concat_ws('/', plan, "
		      "debits_pending, debits_posted, "
		      "credits_posted, gift_microcredits, chain_seq) AS x FROM account WHERE '%s' "
		      "IN (id, owner_id) UNION ALL "
		      "SELECT concat_ws('/', 'budget', debits_pending, debits_posted) FROM budget "
		      "WHERE account_id = '%s') y",
		 t->user, t->user);
	return pg_value(sql);
}

static void commands_of_one_account(void **state)
{
	struct twin t;

	begin(&t, 1);
	add(&t, "hold", 1, 0, 30, false, false);
	add(&t, "hold", 2, 0, 80, false, false); /* refused in the middle */
	add(&t, "hold", 3, 0, 70, false, false);
	assert_got(&t, "ok 70 0, insufficient_credits 70 0, ok 0 0");
	add(&t, "settle", 1, 1, 10, false, false);
	add(&t, "void", 3, 3, 0, false, false);
	add(&t, "settle", 2, 2, 10, false, false);
	add(&t, "hold", 4, 0, 90, false, false);
	assert_got(&t, "ok 20 10, ok 90 0, hold_unknown 0, ok 0 0");
	assert_string_equal(state_of(&t), "90/10/100/0/6 budget/0/0 pro/0/0/50/50/1");
}

static void the_same_id_twice(void **state)
{
	struct twin t;

	begin(&t, 2);
	add(&t, "hold", 1, 0, 30, false, false);
	add(&t, "hold", 1, 0, 30, false, false);
	add(&t, "hold", 1, 0, 31, false, false);
	add(&t, "hold", 2, 0, 200, false, false);
	add(&t, "hold", 2, 0, 200, false, false);
	assert_got(&t, "ok 70 0, ok 70 0, transfer_id_reused 70 0, insufficient_credits 70 0, "
		       "insufficient_credits 70 0");
	add(&t, "settle", 1, 1, 10, false, false);
	add(&t, "settle", 1, 1, 10, false, false);
	add(&t, "settle", 1, 1, 11, false, false);
	add(&t, "settle", 7, 1, 10, false, false);
	add(&t, "void", 1, 1, 0, false, false);
	assert_got(&t, "ok 90 10, ok 90 10, transfer_id_reused 90 0, hold_settled 90 0, "
		       "hold_settled 90 0");
}

static void a_hold_and_its_settle(void **state)
{
	struct twin t;

	begin(&t, 3);
	add(&t, "settle", 1, 1, 10, false, false);
	add(&t, "hold", 1, 0, 30, false, false);
	add(&t, "hold", 2, 0, 40, false, false);
	add(&t, "void", 2, 2, 0, false, false);
	assert_got(&t, "ok 50 10, ok 70 0, ok 30 0, ok 90 0");
	add(&t, "hold", 3, 0, 10, true, true);
	add(&t, "settle", 3, 3, 25, false, false);
	assert_got(&t, "ok 40 0, ok 25 25");
	assert_string_equal(state_of(&t), "0/10/100/0/5 budget/0/25 pro/0/25/50/25/4");
}

static void a_plan_and_the_balance(void **state)
{
	struct twin t;

	begin(&t, 4);
	add(&t, "hold", 1, 0, 40, true, false); /* by the plan */
	add(&t, "hold", 2, 0, 40, true, false); /* more than is left of it */
	add(&t, "hold", 3, 0, 50, false, false);
	add(&t, "hold", 4, 0, 10, true, false);
	add(&t, "hold", 5, 0, 60, true, false);
	assert_got(&t, "ok 10 0, ok 60 0, ok 10 0, ok 0 0, insufficient_credits 10 0");
	add(&t, "settle", 1, 1, 60, false, false); /* the plan has no more: a loss */
	add(&t, "settle", 2, 2, 60, false, false); /* the balance bears what exceeds the hold */
	add(&t, "hold", 1, 0, 40, true, false);
	assert_got(&t, "ok 0 40, ok 0 50, ok 0 0");
	assert_string_equal(state_of(&t), "50/50/100/0/6 budget/0/0 pro/10/40/50/10/5");
}

static void a_budget_counts_within_a_batch(void **state)
{
	struct twin t;

	begin(&t, 5);
	add(&t, "hold", 1, 0, 40, false, true);
	add(&t, "hold", 2, 0, 30, false, true);
	add(&t, "hold", 3, 0, 20, true, true);
	assert_got(&t, "ok 60 0, budget_exhausted 60 0, ok 30 0");
	assert_string_equal(state_of(&t), "40/0/100/0/2 budget/60/0 pro/20/0/50/50/2");
}

static void a_full_batch(void **state)
{
	struct twin t;

	begin(&t, 6);
	for (unsigned i = 0; i < 64; i++)
		add(&t, "hold", i, 0, 2, false, false);
	run(&t);
	assert_string_equal(state_of(&t), "100/0/100/0/51 budget/0/0 pro/0/0/50/50/1");
	for (unsigned i = 0; i < 64; i++)
		add(&t, "settle", i, i, 1, false, false);
	run(&t);
	assert_string_equal(state_of(&t), "0/50/100/0/101 budget/0/0 pro/0/0/50/50/1");
}

/* Twins of accounts: one gets batches, the other the same commands one after the other. They end
 * alike. */
static void a_batch_is_its_commands_one_by_one(void **state)
{
	static const char *const kinds[] = {"hold", "hold", "settle", "void"};
	static struct twin together, apart;
	const char *given = getenv("SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)random_below(100000);
	int holds = 0;

	print_message("seed %u\n", seed);
	srandom(seed);
	begin(&together, 7);
	begin(&apart, 8);
	for (int round = 0; round < ROUNDS; round++) {
		int known = holds, n = 1 + (int)(random() % BATCH);

		for (int i = 0; i < n; i++) {
			const char *kind = kinds[random() % 4];
			bool holding = strcmp(kind, "hold") == 0 || known == 0;
			bool again = known > 0 && random() % 6 == 0;
			unsigned id = holding && !again ? (unsigned)holds++
							: (unsigned)(random() % known);
			int64_t amount = holding ? 1 + (int64_t)(id * 7 % 40) + random() % 30 / 29
						 : random() % 30;
			bool plan = id % 2, budget = id % 3 == 0;

			add(&together, holding ? "hold" : kind, id, id, amount, plan && holding,
			    budget);
			add(&apart, holding ? "hold" : kind, id, id, amount, plan && holding,
			    budget);
			run(&apart);
		}
		run(&together);
		assert_string_equal(together.got, apart.got);
		together.got[0] = apart.got[0] = '\0';
		assert_string_equal(
			state_of(&together),
			arena_strdup(((struct ledger *)*state)->call->arena, state_of(&apart)));
	}
}

int batch_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(commands_of_one_account),
		TEST(the_same_id_twice),
		TEST(a_hold_and_its_settle),
		TEST(a_plan_and_the_balance),
		TEST(a_budget_counts_within_a_batch),
		TEST(a_full_batch),
		TEST(a_batch_is_its_commands_one_by_one),
	};

	return cmocka_run_group_tests(tests, ledger_group_set_up, NULL);
}
