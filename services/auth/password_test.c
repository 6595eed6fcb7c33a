/* What hashing costs: the same for unknown accounts, and never more memory than configured. */
#include "auth/auth_test.h"
#include "auth/password.h"
#include "runtime/base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIMED_PAIRS 25
#define TIMED_PAIRS_MAX 300
#define TIMED_TOLERANCE                                                          \
	0.10 /* of the median; processor time, so a busy machine does not matter \
	      */

static void restart(const struct password_options *options)
{
	struct error err;

	assert_int_equal(password_start(options, &err), OK);
}

static void restart_cheap(void)
{
	const struct password_options options = {
		.memory_bytes = test_conf.hash_memory_bytes,
		.passes = test_conf.hash_passes,
		.concurrency = test_conf.hash_concurrency,
		.wait_ms = test_conf.hash_wait_ms,
	};

	restart(&options);
}

static int64_t cpu_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * US_PER_S + time.tv_nsec / 1000;
}

static int64_t time_log_in(struct rpc_call *call, const char *email)
{
	Auth__V1__LogInRequest req = AUTH__V1__LOG_IN_REQUEST__INIT;
	Auth__V1__Session resp = AUTH__V1__SESSION__INIT;
	int64_t began = cpu_us();

	req.email = (char *)email;
	req.password = (char *)"not the password";
	assert_int_equal(auth_v1_log_in(test_call(call, NULL, NULL), &req, &resp), UNAUTHENTICATED);
	return cpu_us() - began;
}

static bool as_long(int64_t a, int64_t b)
{
	return (double)llabs(a - b) < TIMED_TOLERANCE * (double)a;
}

/* The least of many runs, in processor time: what other programs take does not count. As many runs
 * as it takes until both have had a quiet moment; a way that hashes less is never as long. */
static void unknown_accounts_take_as_long(void **state)
{
	const struct password_options options = {19 << 20, 2, 4, 60000};
	struct rpc_call *call = *state;
	int64_t known = INT64_MAX, unknown = INT64_MAX;

	restart(&options);
	test_sign_up(call, "ada@example.com");
	for (int i = 0; i < TIMED_PAIRS || (i < TIMED_PAIRS_MAX && !as_long(known, unknown)); i++) {
		int64_t a = time_log_in(call, "ada@example.com");
		int64_t b = time_log_in(call, "bob@example.com");

		known = a < known ? a : known;
		unknown = b < unknown ? b : unknown;
	}
	restart_cheap();
	print_message("known %lld us, unknown %lld us\n", (long long)known, (long long)unknown);
	assert_true(as_long(known, unknown));
}

/* ------------------------------------------------------------------ the gate */

#define GATE_THREADS 32
#define GATE_MEMORY (19LL << 20)

struct guest {
	enum status status;
	struct error err;
};

static void *hash_once(void *arg)
{
	struct guest *guest = arg;
	char hash[PASSWORD_HASH_SIZE];

	guest->status = password_hash(TEST_PASSWORD, hash, &guest->err);
	return NULL;
}

static void run_guests(struct guest guests[GATE_THREADS])
{
	pthread_t threads[GATE_THREADS];

	for (int i = 0; i < GATE_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hash_once, &guests[i]), 0);
	for (int i = 0; i < GATE_THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* Largest resident memory since it was reset. */
static int64_t peak_bytes(bool reset)
{
	FILE *file =
		fopen(reset ? "/proc/self/clear_refs" : "/proc/self/status", reset ? "w" : "r");
	char line[256];
	long kib = 0;

	assert_non_null(file);
	if (reset)
		fputs("5", file);
	while (!reset && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmHWM: %ld", &kib) == 1)
			break;
	fclose(file);
	return (int64_t)kib * 1024;
}

static void memory_is_bounded(void **state)
{
	const struct password_options options = {GATE_MEMORY, 1, 2, 60000};
	struct guest guests[GATE_THREADS] = {0};
	int64_t before, grown;

	restart(&options);
	peak_bytes(true);
	before = peak_bytes(false);
	run_guests(guests);
	grown = peak_bytes(false) - before;
	restart_cheap();
	for (int i = 0; i < GATE_THREADS; i++)
		assert_int_equal(guests[i].status, OK);
	print_message("%d hashes of 19 MiB, 2 at a time: %lld MiB more at the peak\n", GATE_THREADS,
		      (long long)(grown >> 20));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they keep freed memory */
	assert_true(grown < 3 * GATE_MEMORY);
#endif
}

static void who_finds_no_place_is_told(void **state)
{
	const struct password_options options = {GATE_MEMORY, 4, 1, 0};
	struct guest guests[GATE_THREADS] = {0};
	int busy = 0;

	restart(&options);
	run_guests(guests);
	restart_cheap();
	for (int i = 0; i < GATE_THREADS; i++) {
		if (guests[i].status == OK)
			continue;
		assert_int_equal(guests[i].status, RESOURCE_EXHAUSTED);
		assert_string_equal(guests[i].err.reason, "login_busy");
		busy++;
	}
	assert_in_range(busy, 1, GATE_THREADS - 1);
}

int password_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unknown_accounts_take_as_long),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(who_finds_no_place_is_told),
	};

	return cmocka_run_group_tests_name("passwords", tests, NULL, NULL);
}
