/* Hashing costs the same for unknown accounts. */
#include "auth/auth_test.h"
#include "auth/password.h"
#include "runtime/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIMED_PAIRS 25
#define TIMED_PAIRS_MAX 300
#define TIMED_TOLERANCE 0.20 /* of the least processor time */

static void restart(const struct password_options *options)
{
	struct error err;

	assert_int_equal(password_start(&test_auth.passwords, options, &err), OK);
}

static void restart_cheap(void)
{
	const struct password_options options = {
		.memory_bytes = test_conf.hash_memory_bytes,
		.passes = test_conf.hash_passes,
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

/* Compares the least processor time of many runs, so other programs do not count. It goes on until
 * both ways have had a quiet moment. A way that hashes less never takes as long. */
static void unknown_accounts_take_as_long(void **state)
{
	const struct password_options options = {19 << 20, 2};
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

int password_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unknown_accounts_take_as_long),
	};

	return cmocka_run_group_tests_name("passwords", tests, NULL, NULL);
}
