#include "gateway/workers.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
/* after the ones that it needs */
#include <cmocka.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_int ran, ended, begun;

static void wait_at_gate(void *ctx)
{
	atomic_fetch_add(&begun, 1);
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	atomic_fetch_add(&ran, *(int *)ctx);
}

static void thread_ended(void)
{
	atomic_fetch_add(&ended, 1);
}

static void what_does_not_fit_is_refused(void **state)
{
	struct workers *workers = workers_new(2, 3, thread_ended);
	int one = 1, taken = 0;

	pthread_mutex_lock(&gate);
	while (atomic_load(&begun) < 2) /* both threads are busy */
		taken += workers_run(workers, wait_at_gate, &one, 10 << 20);
	while (workers_run(workers, wait_at_gate, &one, 1))
		taken++;
	assert_true(taken >= 3 && taken <= 5);
	pthread_mutex_unlock(&gate);
	workers_free(workers); /* jobs that wait still run */
	assert_int_equal(ran, taken);
	assert_int_equal(ended, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
