/* On a real PostgreSQL: fibers of one thread share a connection. */
#include "runtime/base/fiber.h"

#include "runtime/base/clock.h"
#include "runtime/db/db.h"
#include "tests/lib/pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define N 8

#define STATEMENT(name, n, text) static const struct sql name = {#name, text, n}

STATEMENT(echo, 1, "SELECT $1::text AS word, pg_backend_pid() AS pid");
STATEMENT(divide, 1, "SELECT (8 / $1::int)::text AS word, pg_backend_pid() AS pid");
STATEMENT(sleep_s, 1, "SELECT pg_sleep($1::float)::text AS word, pg_backend_pid() AS pid");
STATEMENT(who, 1,
	  "SELECT current_setting('lc.user', true) || $1::text AS word, pg_backend_pid() AS pid");
STATEMENT(add_late, 1, "INSERT INTO late (a) VALUES ($1::int)");

static const struct sql *const statements[] = {&echo, &divide, &sleep_s, &who, NULL};

static const char *const USER_A = "0190a000-0000-7000-8000-00000000000a";
static const char *const USER_B = "0190a000-0000-7000-8000-00000000000b";

static struct db *db;

struct asker {
	struct fiber *fiber;
	const struct sql *sql;
	const char *param, *user;
	int64_t deadline_us;
	int rounds;
	bool waits;
	enum status status;
	struct error err;
	char word[64];
	int64_t pid;
	int asked_before; /* fibers that had asked when this one had its first answer */
};

static int asked;

static void ask(void *ctx)
{
	struct asker *asker = ctx;

	asked++;
	for (int round = 0; round < asker->rounds; round++) {
		_cleanup_(PQclearp) PGresult *rows = NULL;
		const char *const params[] = {asker->param};

		asker->status = asker->user ? db_query_as(db, asker->user, asker->sql, params,
							  &rows, &asker->err)
					    : db_query(db, asker->sql, params, &rows, &asker->err);
		if (round == 0)
			asker->asked_before = asked;
		if (asker->status != OK)
			return;
		snprintf(asker->word, sizeof asker->word, "%s", db_peek(rows, 0, "word"));
		asker->pid = db_i64(rows, 0, "pid");
	}
}

static void (*before_answers)(void);

static void end_all_backends(void)
{
	pg_exec("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
		" WHERE usename = 'credits_app'");
}

/* As a worker does: each runs until it waits, then all go on in the order in which they wait. */
static void run(struct asker *askers)
{
	int waiting = 0;

	asked = 0;
	for (int i = 0; i < N; i++) {
		struct asker *asker = &askers[i];

		asker->fiber = fiber_new();
		db_set_deadline(db, asker->deadline_us);
		asker->waits = fiber_start(asker->fiber, ask, asker);
		waiting += asker->waits;
	}
	if (before_answers)
		before_answers();
	while (waiting > 0) {
		for (int i = 0; i < N; i++) {
			struct asker *asker = &askers[i];

			if (!asker->waits)
				continue;
			db_set_deadline(db, asker->deadline_us);
			asker->waits = fiber_resume(asker->fiber);
			waiting -= !asker->waits;
		}
	}
	for (int i = 0; i < N; i++)
		fiber_free(askers[i].fiber);
	db_set_deadline(db, 0);
}

static void fill(struct asker *askers, const struct sql *sql)
{
	static const char *const params[N] = {"1", "2", "3", "4", "5", "6", "7", "8"};

	memset(askers, 0, N * sizeof *askers);
	for (int i = 0; i < N; i++)
		askers[i] = (struct asker){.sql = sql, .param = params[i], .rounds = 3};
}

static void assert_answered(const struct asker *asker)
{
	if (asker->status != OK)
		fail_msg("%s: %s", asker->param, asker->err.message);
	assert_string_equal(asker->word, asker->param);
}

static void all_ask_before_the_first_answer(void **state)
{
	struct asker askers[N];

	fill(askers, &echo);
	run(askers);
	for (int i = 0; i < N; i++) {
		assert_answered(&askers[i]);
		assert_int_equal(askers[i].asked_before, N);
		assert_int_equal(askers[i].pid, askers[0].pid);
	}
}

static void one_that_fails_fails_alone(void **state)
{
	struct asker askers[N];

	fill(askers, &echo);
	askers[2].sql = &divide;
	askers[2].param = "0";
	run(askers);
	assert_int_equal(askers[2].status, INVALID_ARGUMENT);
	for (int i = 0; i < N; i++) {
		if (i != 2)
			assert_answered(&askers[i]);
		if (i != 2)
			assert_int_equal(askers[i].pid, askers[0].pid);
	}
}

/* The server ends the connection while all wait for it. */
static void reads_survive_a_lost_connection(void **state)
{
	struct asker askers[N];

	fill(askers, &echo);
	before_answers = end_all_backends;
	run(askers);
	before_answers = NULL;
	for (int i = 0; i < N; i++)
		assert_answered(&askers[i]);
}

static void one_that_is_late_is_late_alone(void **state)
{
	int64_t began = clock_mono_us();
	struct asker askers[N];

	fill(askers, &echo);
	askers[0].sql = &sleep_s;
	askers[0].param = "30";
	askers[0].deadline_us = began + 100 * US_PER_MS;
	run(askers);
	assert_int_equal(askers[0].status, DEADLINE_EXCEEDED);
	for (int i = 1; i < N; i++)
		assert_answered(&askers[i]);
	assert_true(clock_mono_us() - began < 20 * US_PER_S);
}

static void each_asks_as_its_user(void **state)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {"-"};
	struct asker askers[N];
	char expected[64];

	fill(askers, &who);
	for (int i = 0; i < N; i++)
		askers[i].user = i % 2 ? USER_A : USER_B;
	run(askers);
	for (int i = 0; i < N; i++) {
		if (askers[i].status != OK)
			fail_msg("%s", askers[i].err.message);
		snprintf(expected, sizeof expected, "%s%s", askers[i].user, askers[i].param);
		assert_string_equal(askers[i].word, expected);
	}
	assert_int_equal(db_query(db, &who, params, &rows, NULL), OK);
	assert_string_equal(db_peek(rows, 0, "word"), "-");
}

/* A deferred constraint finds its error at the commit, after the statement's own answer. */
static void an_error_of_the_commit_counts(void **state)
{
	struct error err;

	assert_int_equal(db_exec(db, &add_late, (const char *[]){"1"}, NULL, &err), OK);
	assert_int_equal(db_exec(db, &add_late, (const char *[]){"1"}, NULL, &err), ALREADY_EXISTS);
	assert_int_equal(db_exec(db, &add_late, (const char *[]){"2"}, NULL, &err), OK);
}

static int set_up(void **state)
{
	pg_start();
	pg_exec("CREATE TABLE credits.late (a int CONSTRAINT late_key UNIQUE DEFERRABLE INITIALLY "
		"DEFERRED);"
		"GRANT ALL ON credits.late TO credits_app");
	db = pg_db("credits_app", statements);
	return 0;
}

static int tear_down(void **state)
{
	db_free(db);
	pg_stop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_ask_before_the_first_answer),
		cmocka_unit_test(one_that_fails_fails_alone),
		cmocka_unit_test(reads_survive_a_lost_connection),
		cmocka_unit_test(one_that_is_late_is_late_alone),
		cmocka_unit_test(each_asks_as_its_user),
		cmocka_unit_test(an_error_of_the_commit_counts),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
