#include "runtime/metrics/metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

METRIC_FAMILY(calls) = {"test_calls_total", "Calls.", "method,code", METRIC_COUNTER, NULL};
METRIC_FAMILY(latency) = {"test_latency_seconds", "Latency.", NULL, METRIC_HISTOGRAM, NULL};
METRIC_FAMILY(many) = {"test_many", "Many.", "id", METRIC_GAUGE, NULL};
METRIC_FAMILY(fresh) = {"test_fresh_total", "Fresh.", NULL, METRIC_COUNTER, NULL};
METRIC_FAMILY(fresh_labels) = {"test_labels", "With labels.", "id", METRIC_GAUGE, NULL};

static void expect_text(const char *text)
{
	_cleanup_(buf_done) struct buf out;

	buf_init(&out, 1 << 24);
	metrics_write(&out);
	if (!strstr(buf_text(&out), text))
		fail_msg("'%s' is not in:\n%.2000s", text, buf_text(&out));
}

/* Before anything is counted. No code names `fresh` and `fresh_labels`, and they are there. */
static void a_family_exists_from_the_start(void **state)
{
	expect_text("# HELP test_fresh_total Fresh.\n# TYPE test_fresh_total counter\n"
		    "test_fresh_total 0\n"
		    "# HELP test_labels With labels.\n# TYPE test_labels gauge\n"
		    "# HELP test_latency_seconds Latency.\n"
		    "# TYPE test_latency_seconds histogram\n");
	expect_text("test_latency_seconds_sum{} 0.000000\ntest_latency_seconds_count{} 0\n"
		    "# HELP test_many Many.\n# TYPE test_many gauge\n");
}

static void *count(void *arg)
{
	for (int i = 0; i < 10000; i++)
		metric_add(metric_get(&calls, (const char *const[]){"Hold", "OK"}), 1);
	return arg;
}

static void counters_from_many_threads(void **state)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, count, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	expect_text("# TYPE test_calls_total "
		    "counter\ntest_calls_total{method=\"Hold\",code=\"OK\"} 40000\n");
}

static void label_values_are_escaped(void **state)
{
	metric_add(metric_get(&calls, (const char *const[]){"a\"b\\c\nd", "OK"}), 1);
	expect_text("{method=\"a\\\"b\\\\c\\nd\",code=\"OK\"} 1\n");
}

static void histogram_cumulates(void **state)
{
	struct metric *m = metric_get(&latency, NULL);

	metric_observe_us(m, 100);
	metric_observe_us(m, 101);
	metric_observe_us(m, 200000000);
	expect_text("test_latency_seconds_bucket{le=\"0.0001\"} 1\n");
	expect_text("test_latency_seconds_bucket{le=\"0.00025\"} 2\n");
	expect_text("test_latency_seconds_bucket{le=\"100\"} 2\n");
	expect_text("test_latency_seconds_bucket{le=\"+Inf\"} 3\n");
	expect_text("test_latency_seconds_sum{} 200.000201\ntest_latency_seconds_count{} 3\n");
}

static void a_family_is_bounded(void **state)
{
	for (int i = 0; i < 1500; i++) {
		char id[16];

		snprintf(id, sizeof id, "%d", i);
		metric_add(metric_get(&many, (const char *const[]){id}), 1);
	}
	expect_text("test_many{id=\"998\"} 1\n");
	expect_text("test_many{id=\"other\"} 501\n");
}

static int64_t forty_two(void *ctx)
{
	return *(int *)ctx;
}

static void gauges_are_read_when_asked(void **state)
{
	static int value = 42;

	metric_callback("test_depth", "Depth.", forty_two, &value);
	expect_text("test_depth 42\n");
	value = 43;
	expect_text("test_depth 43\n");
	expect_text("process_resident_memory_bytes ");
}

static void the_build_names_itself(void **state)
{
	expect_text("# TYPE build_info gauge\nbuild_info{version=\"test\",commit=\"\"} 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_family_exists_from_the_start),
		cmocka_unit_test(counters_from_many_threads),
		cmocka_unit_test(label_values_are_escaped),
		cmocka_unit_test(histogram_cumulates),
		cmocka_unit_test(a_family_is_bounded),
		cmocka_unit_test(gauges_are_read_when_asked),
		cmocka_unit_test(the_build_names_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
