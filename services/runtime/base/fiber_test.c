#include "runtime/base/fiber.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define N 3

static char said[256];

static void say(const char *who, int step)
{
	size_t len = strlen(said);

	snprintf(said + len, sizeof said - len, "%s%d ", who, step);
}

static void two_waits(void *ctx)
{
	for (int step = 0; step < 3; step++) {
		assert_true(fiber_running());
		say(ctx, step);
		if (step < 2)
			fiber_wait();
	}
}

static void fibers_run_in_turns(void **state)
{
	static char *const names[N] = {"a", "b", "c"};
	struct fiber *fibers[N];

	for (int i = 0; i < N; i++) {
		fibers[i] = fiber_new();
		assert_true(fiber_start(fibers[i], two_waits, names[i]));
	}
	for (int i = 0; i < N; i++)
		assert_true(fiber_resume(fibers[i]));
	assert_false(fiber_running());
	for (int i = N; i-- > 0;)
		assert_false(fiber_resume(fibers[i]));
	assert_string_equal(said, "a0 b0 c0 a1 b1 c1 c2 b2 a2 ");
	for (int i = 0; i < N; i++)
		fiber_free(fibers[i]);
}

static void fill_stack(void *ctx)
{
	volatile char text[FIBER_STACK_BYTES / 2];

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)i;
	fiber_wait();
	for (size_t i = 0; i < sizeof text; i++)
		*(int *)ctx += text[i] != (char)i;
}

static void one_is_used_again(void **state)
{
	struct fiber *fiber = fiber_new();
	int wrong = 0;

	for (int i = 0; i < 3; i++) {
		assert_true(fiber_start(fiber, fill_stack, &wrong));
		assert_false(fiber_resume(fiber));
	}
	assert_int_equal(wrong, 0);
	fiber_free(fiber);
}

static void without_a_fiber_nothing_waits(void **state)
{
	fiber_wait();
	assert_false(fiber_running());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fibers_run_in_turns),
		cmocka_unit_test(one_is_used_again),
		cmocka_unit_test(without_a_fiber_nothing_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
