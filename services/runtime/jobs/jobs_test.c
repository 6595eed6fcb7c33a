#include "runtime/jobs/jobs.h"

#include "runtime/base/clock.h"
#include "tests/lib/pg.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define WAIT_US (10 * US_PER_S)

static atomic_int runs, overlaps, inside;

static enum status count(struct db *db, void *ctx, struct error *reterr)
{
	if (atomic_fetch_add(&inside, 1) > 0)
		atomic_fetch_add(&overlaps, 1);
	usleep(2000);
	atomic_fetch_sub(&inside, 1);
	atomic_fetch_add(&runs, 1);
	return OK;
}

static enum status complain(struct db *db, void *ctx, struct error *reterr)
{
	atomic_fetch_add(&runs, 1);
	return error_set(reterr, UNAVAILABLE, "service_unavailable", "not today");
}

static struct db_pool *pool(void)
{
	static char dsn[512];
	const struct db_options options = {.connections_max = 2};
	struct db_options copy = options;

	snprintf(dsn, sizeof dsn, "%s", pg_dsn("images_app"));
	copy.dsn = dsn;
	return db_pool_new(&copy);
}

static bool reached(int n)
{
	int64_t end_us = clock_mono_us() + WAIT_US;

	while (atomic_load(&runs) < n && clock_mono_us() < end_us)
		usleep(1000);
	return atomic_load(&runs) >= n;
}

static int set_up(void **state)
{
	pg_exec("TRUNCATE images.job");
	atomic_store(&runs, 0);
	atomic_store(&overlaps, 0);
	*state = pool();
	return 0;
}

static int tear_down(void **state)
{
	db_pool_free(*state);
	return 0;
}

static void replicas_share_one_job(void **state)
{
	static const struct job job = {"count", 1, 5000, count, NULL};
	struct db_pool *other = pool();
	struct jobs *a = jobs_start(*state, &job, 1), *b = jobs_start(other, &job, 1);

	assert_true(reached(50));
	jobs_stop(a);
	jobs_stop(b);
	db_pool_free(other);
	assert_int_equal(atomic_load(&overlaps), 0);
	assert_string_equal(
		pg_value("SELECT success_time IS NOT NULL AND lease IS NULL FROM images.job"), "t");
}

static void a_dead_replica_is_replaced(void **state)
{
	static const struct job job = {"count", 60000, 5000, count, NULL};
	struct jobs *jobs;

	/* The row as a process leaves it that was killed during a run. */
	pg_exec("INSERT INTO images.job (name, lease, run_time) VALUES "
		"('count', gen_random_uuid(), lc.now() + interval '200 ms')");
	jobs = jobs_start(*state, &job, 1);
	assert_true(reached(1));
	jobs_stop(jobs);
	assert_int_equal(atomic_load(&runs), 1);
}

static void an_interval_passes_between_runs(void **state)
{
	static const struct job job = {"count", 3600000, 5000, count, NULL};
	struct jobs *jobs = jobs_start(*state, &job, 1);

	assert_true(reached(1));
	jobs_stop(jobs);
	jobs = jobs_start(*state, &job, 1); /* a restart is no reason to run again */
	jobs_stop(jobs);
	assert_int_equal(atomic_load(&runs), 1);
	assert_string_equal(
		pg_value("SELECT run_time > lc.now() + interval '59 min' FROM images.job"), "t");
}

static void a_failure_is_kept_and_repeated(void **state)
{
	static const struct job job = {"fail", 1, 5000, complain, NULL};
	struct jobs *jobs = jobs_start(*state, &job, 1);

	assert_true(reached(3));
	jobs_stop(jobs);
	assert_string_equal(pg_value("SELECT error FROM images.job"), "not today");
	assert_string_equal(pg_value("SELECT success_time IS NULL FROM images.job"), "t");
}

static void it_survives_the_database(void **state)
{
	static const struct job job = {"count", 1, 500, count, NULL};
	struct jobs *jobs = jobs_start(*state, &job, 1);
	int before;

	assert_true(reached(1));
	pg_crash();
	pg_restart();
	before = atomic_load(&runs);
	assert_true(reached(before + 2));
	jobs_stop(jobs);
}

static int group_set_up(void **state)
{
	pg_start();
	pg_migrate("images");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(replicas_share_one_job, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_dead_replica_is_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_interval_passes_between_runs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failure_is_kept_and_repeated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_survives_the_database, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, group_set_up, NULL);
}
