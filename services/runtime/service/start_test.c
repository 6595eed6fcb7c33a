/* Every service starts with what tests/lib/process.c gives it, and stops. Tests of several services and
 * the long ones depend on it. */
#include "limitless/services.h"
#include "tests/lib/pg.h"
#include "tests/lib/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* after the three that it needs */
#include <cmocka.h>

static int group_set_up(void **state)
{
	(void)state;
	pg_start();
	for (size_t i = 0; i < SERVICES_N; i++)
		pg_migrate(services[i].name);
	return 0;
}

static int group_tear_down(void **state)
{
	(void)state;
	pg_stop();
	return 0;
}

/* A service that does not get ready ends this program with its output. */
static void each_service_starts_with_the_least(void **state)
{
	(void)state;
	for (size_t i = 0; i < SERVICES_N; i++) {
		struct process process = {.service = services[i].name};

		process_start(&process);
		assert_false(process_ended(&process));
		process_free(&process);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_service_starts_with_the_least),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
