/* The minute of a key, which processes share by its row. Replicas are processes here: each has a
 * connection of its own, and can be killed. The clock of the whole database moves, so these tests
 * run before the service's processes start. */
#include "../chat_test.h"
#include "chat/key/take.h"
#include "runtime/base/text.h"
#include "sql/chat.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEYS_N 3
#define LIMIT 10
#define REPLICAS 2
#define STEPS 150
#define KILLS 8

/* Every use that was ever committed: rows forget them after a minute. */
#define LOG                                                                                \
	"CREATE TABLE IF NOT EXISTS public.taken (key uuid, at timestamptz);"              \
	"CREATE OR REPLACE FUNCTION public.note_taken() RETURNS trigger LANGUAGE plpgsql " \
	"SECURITY DEFINER AS $$ BEGIN INSERT INTO public.taken "                           \
	"VALUES (NEW.id, NEW.uses[cardinality(NEW.uses)]); RETURN NULL; END $$;"           \
	"CREATE OR REPLACE TRIGGER note_taken AFTER UPDATE OF uses ON chat.provider_key "  \
	"FOR EACH ROW EXECUTE FUNCTION public.note_taken()"

static const char *const ids[KEYS_N] = {
	"0190a000-0000-8000-8000-000000000001",
	"0190a000-0000-8000-8000-000000000002",
	"0190a000-0000-8000-8000-000000000003",
};

static int set_up(void **state)
{
	(void)state;
	pg_start();
	pg_migrate("chat");
	pg_exec(LOG);
	pg_exec("INSERT INTO chat.provider_key (id, provider, source, hint, requests_per_minute) "
		"SELECT i, 'minute', 'FILE', '', 10 FROM unnest('{"
		"0190a000-0000-8000-8000-000000000001,0190a000-0000-8000-8000-000000000002,"
		"0190a000-0000-8000-8000-000000000003}'::uuid[]) AS a (i)");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pg_clock_reset();
	pg_exec("SET client_min_messages = warning; DELETE FROM chat.provider_key; DROP FUNCTION "
		"public.note_taken CASCADE; "
		"DROP TABLE public.taken");
	return 0;
}

static int begin(void **state)
{
	(void)state;
	pg_exec("UPDATE chat.provider_key SET uses = '{}'");
	pg_exec("TRUNCATE public.taken");
	return 0;
}

/* The number of the key; KEYS_N: none has room before *ret_wait_us. */
static size_t take_one(struct db *db, int64_t *ret_wait_us)
{
	static struct provider_key keys[KEYS_N];
	struct provider_ask ask = {.n = KEYS_N};
	struct key_taken taken;
	struct error err;

	for (size_t k = 0; k < KEYS_N; k++) {
		snprintf(keys[k].id, sizeof keys[k].id, "%s", ids[k]);
		ask.picks[k].key = &keys[k];
	}
	if (key_take(db, &ask, &taken, &err) != OK)
		fail_msg("%s", err.message);
	*ret_wait_us = INT64_MAX;
	for (size_t k = 0; k < KEYS_N && !taken.pick; k++) {
		if (taken.wait_us[k] < *ret_wait_us)
			*ret_wait_us = taken.wait_us[k];
	}
	return taken.pick ? (size_t)(taken.pick->key - keys) : KEYS_N;
}

/* Takes all that there is, until it is killed. */
static pid_t replica_start(void)
{
	pid_t pid = fork();

	ensure(pid >= 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (struct db *db = pg_db("chat_worker", sql_chat_all);;) {
		int64_t wait_us;

		if (take_one(db, &wait_us) == KEYS_N)
			usleep(200);
	}
}

static void replica_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static unsigned seed_of_test(void)
{
	const char *given = getenv("SEED");
	unsigned seed =
		given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)random_below(1 << 30);

	print_message("SEED=%u\n", seed);
	return seed;
}

static int taken(void)
{
	return (int)strtol(pg_value("SELECT count(*) FROM public.taken"), NULL, 10);
}

static void expect_no_fuller_minute(void)
{
	assert_string_equal(
		pg_value("SELECT max(n) FROM (SELECT count(*) OVER (PARTITION BY key ORDER BY at "
			 "RANGE BETWEEN interval '59.999999 s' PRECEDING AND CURRENT ROW) AS n "
			 "FROM public.taken) AS w"),
		"10");
}

/* Both ask at once: all rows are locked at times, which is not "none free". */
static void two_replicas_fill_a_minute_and_no_more(void **state)
{
	_cleanup_(db_freep) struct db *db = pg_db("chat_worker", sql_chat_all);
	pid_t pids[REPLICAS];
	int64_t wait_us;

	(void)state;
	for (size_t i = 0; i < REPLICAS; i++)
		pids[i] = replica_start();
	eventually(taken() == KEYS_N * LIMIT);
	assert_int_equal(take_one(db, &wait_us), KEYS_N);
	assert_in_range(wait_us, 1, 60 * US_PER_S);
	for (size_t i = 0; i < REPLICAS; i++)
		replica_kill(pids[i]);
	assert_int_equal(taken(), KEYS_N * LIMIT);
	assert_string_equal(pg_value("SELECT bool_and(cardinality(uses) = 10) "
				     "FROM chat.provider_key"),
			    "t");
}

/* Steps of the clock at random, under replicas that take all that they can get. */
static void no_window_of_a_minute_has_more(void **state)
{
	unsigned seed = seed_of_test();
	pid_t pids[REPLICAS];

	(void)state;
	for (size_t i = 0; i < REPLICAS; i++)
		pids[i] = replica_start();
	for (int i = 0; i < STEPS; i++) {
		char interval[32];

		snprintf(interval, sizeof interval, "%d ms",
			 rand_r(&seed) % 4 ? rand_r(&seed) % 2000 : rand_r(&seed) % 70000);
		pg_clock_add(interval);
		usleep((useconds_t)(rand_r(&seed) % 20000));
	}
	for (size_t i = 0; i < REPLICAS; i++)
		replica_kill(pids[i]);
	expect_no_fuller_minute();
	assert_true(taken() > 10 * KEYS_N * LIMIT); /* room that comes back is used */
}

/* A use counts from its commit, whatever becomes of its replica. */
static void killed_replicas_lose_and_double_nothing(void **state)
{
	_cleanup_(db_freep) struct db *db = pg_db("chat_worker", sql_chat_all);
	unsigned seed = seed_of_test();
	int64_t wait_us;

	(void)state;
	for (int i = 0; i < KILLS; i++) {
		pid_t pid = replica_start();

		usleep((useconds_t)(rand_r(&seed) % 30000));
		replica_kill(pid);
		if (i % 2) /* room for the next ones */
			pg_exec("UPDATE chat.provider_key SET uses = uses[6:]");
	}
	pg_clock_add("61 s");
	pg_exec("TRUNCATE public.taken");
	while (take_one(db, &wait_us) < KEYS_N)
		;
	assert_int_equal(taken(), KEYS_N * LIMIT);
	pg_clock_add("61 s");
	assert_true(take_one(db, &wait_us) < KEYS_N);
}

static void a_key_without_a_limit_is_never_full(void **state)
{
	_cleanup_(db_freep) struct db *db = pg_db("chat_worker", sql_chat_all);
	int64_t wait_us;

	(void)state;
	while (take_one(db, &wait_us) < KEYS_N)
		;
	pg_exec("UPDATE chat.provider_key SET requests_per_minute = 0 WHERE id = "
		"'0190a000-0000-8000-8000-000000000002'");
	for (int i = 0; i < 2 * LIMIT; i++)
		assert_int_equal(take_one(db, &wait_us), 1);
	pg_exec("UPDATE chat.provider_key SET enabled = false WHERE id = "
		"'0190a000-0000-8000-8000-000000000002'");
	assert_int_equal(take_one(db, &wait_us), KEYS_N);
	assert_int_equal(wait_us, -1); /* it may not be used */
	pg_exec("UPDATE chat.provider_key SET enabled = true, requests_per_minute = 10");
}

int minute_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(two_replicas_fill_a_minute_and_no_more, begin),
		cmocka_unit_test_setup(no_window_of_a_minute_has_more, begin),
		cmocka_unit_test_setup(killed_replicas_lose_and_double_nothing, begin),
		cmocka_unit_test_setup(a_key_without_a_limit_is_never_full, begin),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
