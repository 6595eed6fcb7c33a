/* The cost of many quiet peers and slow ones: figures, and bounds on them. Sanitizers make memory
 * another matter: then the figures are printed alone. */
#include "runtime/rpc/rpc.h"

#include "runtime/base/ensure.h"
#include "runtime/base/sanitizer.h"
#include "tests/lib/h2_raw.h"
#include "tests/lib/rpc_pair.h"
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#define IDLE_CONNECTIONS 1000
#define OPEN_STREAMS 10000
#define SLOW_MESSAGES 200
#define CONNECTION_BYTES_MAX (48 * 1024) /* nghttp2's session alone takes 26 KB */
#define STREAM_BYTES_MAX (4 * 1024)
#define READER_BYTES_MAX (8 * 1024 * 1024) /* queue, windows and socket buffers */

#if SANITIZER_ADDRESS || SANITIZER_THREAD
#define BOUNDED false
#else
#define BOUNDED true
#endif

static int64_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long total, resident;

	malloc_trim(0);
	ensure(file && fscanf(file, "%ld %ld", &total, &resident) == 2);
	fclose(file);
	return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

static void still_serves(struct pair *pair)
{
	struct error err;

	assert_int_equal(pair_call(pair, &pair_inline, "x", NULL, NULL, &err), OK);
}

/* The bytes of each of n things, and the bound. */
static void report(const char *what, int64_t bytes, int n, int64_t max)
{
	printf("# %s: %lld bytes each, at most %lld\n", what, (long long)(bytes / n),
	       (long long)max);
	if (BOUNDED)
		assert_true(bytes / n < max);
}

static void more_files(void)
{
	struct rlimit limit;

	ensure(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = limit.rlim_max;
	ensure(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void an_idle_connection_is_small(void **state)
{
	static int fds[IDLE_CONNECTIONS];
	struct pair pair;
	int64_t before;

	more_files();
	pair_open(&pair, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	still_serves(&pair);
	before = resident_bytes();
	for (int i = 0; i < IDLE_CONNECTIONS; i++) {
		fds[i] = h2_connect(rpc_server_port(pair.server, 0), 0);
		h2_hello(fds[i]);
		still_serves(&pair);
	}
	for (int i = 0; i < IDLE_CONNECTIONS; i++)
		assert_true(h2_drain(fds[i]));
	report("idle connections", resident_bytes() - before, IDLE_CONNECTIONS,
	       CONNECTION_BYTES_MAX);
	for (int i = 0; i < IDLE_CONNECTIONS; i++)
		close(fds[i]);
	still_serves(&pair);
	pair_close(&pair);
}

static void an_open_stream_is_small(void **state)
{
	struct pair pair;
	int64_t before;
	int fd;

	pair_open(&pair, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	still_serves(&pair);
	before = resident_bytes();
	fd = h2_connect(rpc_server_port(pair.server, 0), 0);
	h2_hello(fd);
	for (uint32_t i = 0; i < OPEN_STREAMS; i++)
		assert_true(h2_request(fd, 2 * i + 1, pair_count.path, "silent"));
	assert_true(h2_request(fd, 2 * OPEN_STREAMS + 1, pair_count.path, "3"));
	wait_for(pair_ended == 1); /* the others are under way by now */
	report("open streams", resident_bytes() - before, OPEN_STREAMS, STREAM_BYTES_MAX);
	still_serves(&pair);
	close(fd);
	wait_for(pair_ended == OPEN_STREAMS + 1);
	pair_close(&pair);
}

/* A producer that could go on for ever, and a consumer that stops after each message. */
static void a_slow_reader_costs_its_windows(void **state)
{
	struct pair_listener l = {.stop_at = 1};
	struct pair pair;
	int64_t before, most = 0;

	pair_open(&pair, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	still_serves(&pair);
	before = resident_bytes();
	pair_stream(&pair, &pair_count, "1000000000", NULL, &l);
	for (int i = 1; i <= SLOW_MESSAGES; i++) {
		int64_t now;

		wait_for(l.messages == i);
		still_serves(&pair);
		now = resident_bytes() - before;
		most = now > most ? now : most;
		l.stop_at = i + 1;
		rpc_client_resume(l.call);
	}
	report("slow reader", most, 1, READER_BYTES_MAX);
	rpc_client_cancel(l.call);
	wait_for(l.over && pair_ended == 1);
	pair_close(&pair);
}

/* Streams whose consumer never goes on: each costs its queue and its windows, and no more. */
static void stalled_readers_cost_their_windows(void **state)
{
	static struct pair_listener l[16];
	struct pair pair;
	int64_t before;

	memset(l, 0, sizeof(l));
	pair_open(&pair, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	still_serves(&pair);
	before = resident_bytes();
	for (size_t i = 0; i < ARRAY_SIZE(l); i++) {
		l[i].stop_at = 1;
		pair_stream(&pair, &pair_count, "1000000000", NULL, &l[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(l); i++)
		wait_for(l[i].messages == 1);
	for (int i = 0; i < 100; i++)
		still_serves(&pair);
	report("stalled readers", resident_bytes() - before, ARRAY_SIZE(l), READER_BYTES_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(l); i++)
		rpc_client_cancel(l[i].call);
	wait_for(pair_ended == ARRAY_SIZE(l));
	pair_close(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_connection_is_small),
		cmocka_unit_test(an_open_stream_is_small),
		cmocka_unit_test(a_slow_reader_costs_its_windows),
		cmocka_unit_test(stalled_readers_cost_their_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
