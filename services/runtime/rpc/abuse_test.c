/* Peers that mean harm: each is cut, another client's calls go on, and memory stays bounded. */
#include "runtime/rpc/rpc.h"

#include "runtime/base/ensure.h"
#include "runtime/base/sanitizer.h"
#include "tests/lib/h2_raw.h"
#include "tests/lib/rpc_pair.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define FRAMES_MAX 200000 /* a flood that was not cut by then is let through */
#define CUT_MS 60000
#define STALLED_MS 2000    /* longer than a stalled reader is waited for */
#define UNSENT_BOUND_MB 96 /* UNSENT_MAX_BYTES, and room for the allocator */

static const char count_path[] = "/test.v1.Test/Count";
static const char talk_path[] = "/test.v1.Test/Talk";

static uint16_t port_of(const struct pair *pair)
{
	return rpc_server_port(pair->server, 0);
}

static void still_serves(struct pair *pair)
{
	struct error err;

	if (pair_call(pair, &pair_inline, "x", NULL, NULL, &err) != OK)
		fail_msg("another client's call: %s", err.message);
}

static int resident_mb(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long total, resident;

	ensure(file && fscanf(file, "%ld %ld", &total, &resident) == 2);
	fclose(file);
	return (int)(resident * sysconf(_SC_PAGESIZE) / (1024 * 1024));
}

/* Sends one unit after the other and reads the answers, until the peer ends it. */
static void flood(const char *name, bool (*unit)(int fd, int i), void (*begin)(int fd))
{
	struct pair pair;
	int64_t start;
	int fd, i;

	pair_open(&pair, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	still_serves(&pair);
	fd = h2_connect(port_of(&pair), 0);
	h2_hello(fd);
	if (begin)
		begin(fd);
	start = clock_mono_us();
	for (i = 0; i < FRAMES_MAX && unit(fd, i) && h2_drain(fd); i++)
		if (i % 100 == 0)
			still_serves(&pair);
	printf("# %s: cut after %d, %lld ms\n", name, i,
	       (long long)((clock_mono_us() - start) / US_PER_MS));
	assert_true(i < FRAMES_MAX);
	assert_true(h2_ended(fd, CUT_MS));
	close(fd);
	still_serves(&pair);
	pair_close(&pair);
}

static bool ping(int fd, int i)
{
	static const uint8_t payload[8];

	return h2_frame(fd, H2_PING, 0, 0, payload, sizeof(payload));
}

static bool settings(int fd, int i)
{
	return h2_frame(fd, H2_SETTINGS, 0, 0, NULL, 0);
}

static bool reset(int fd, int i)
{
	static const uint8_t cancel[] = {0, 0, 0, 8};
	uint32_t stream = (uint32_t)i * 2 + 1;

	return h2_request(fd, stream, talk_path, NULL) &&
	       h2_frame(fd, H2_RST_STREAM, 0, stream, cancel, sizeof(cancel));
}

static void open_talk(int fd)
{
	h2_request(fd, 1, talk_path, NULL);
}

static bool empty_data(int fd, int i)
{
	return h2_frame(fd, H2_DATA, 0, 1, NULL, 0);
}

static bool window_update(int fd, int i)
{
	static const uint8_t one[] = {0, 0, 0, 1};

	return h2_frame(fd, H2_WINDOW_UPDATE, 0, 0, one, sizeof(one));
}

static bool continuation(int fd, int i)
{
	uint8_t block[128];
	size_t n = h2_field(block, "x", "y");

	return h2_frame(fd, i == 0 ? H2_HEADERS : H2_CONTINUATION, 0, 1, block, n);
}

/* One field of 4,000 bytes goes into HPACK's table, then a byte each brings it back. */
static bool hpack_bomb(int fd, int i)
{
	uint8_t block[16000];
	size_t n = 0;

	block[n++] = 0x40; /* literal, for the table */
	block[n++] = 1;
	block[n++] = 'x';
	block[n++] = 0x7f; /* 127 + … */
	block[n++] = 0xa1; /* 33 + … */
	block[n++] = 0x1e; /* 30 * 128 = 4,000 */
	memset(block + n, 'a', 4000);
	n += 4000;
	memset(block + n, 0x80 | 62, 10000); /* the table's newest */
	n += 10000;
	return h2_frame(fd, H2_HEADERS, H2_END_HEADERS, (uint32_t)i * 2 + 1, block, n);
}

static void floods_are_cut(void **state)
{
	flood("PING flood", ping, NULL);
	flood("SETTINGS flood", settings, NULL);
	flood("rapid reset", reset, NULL);
	flood("empty DATA flood", empty_data, open_talk);
	flood("WINDOW_UPDATE flood", window_update, NULL);
	flood("CONTINUATION bomb", continuation, NULL);
	flood("HPACK bomb", hpack_bomb, NULL);
}

/* A peer that sends PINGs and never reads the answers. */
static void pings_whose_answers_nobody_reads_are_cut(void **state)
{
	struct pair pair;
	int fd, i;

	pair_open(&pair, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	fd = h2_connect(port_of(&pair), 4096);
	h2_hello(fd);
	for (i = 0; i < FRAMES_MAX && ping(fd, i); i++)
		continue;
	assert_true(i < FRAMES_MAX);
	still_serves(&pair);
	close(fd);
	pair_close(&pair);
}

/* One that says nothing, one that says half of it, and one that falls silent later. */
static void half_open_connections_are_closed(void **state)
{
	struct pair pair;
	int silent, half, later;

	pair_open(&pair,
		  (struct rpc_server_options){
			  .handshake_ms = 200, .keepalive_ms = 200, .keepalive_timeout_ms = 200},
		  (struct rpc_channel_options){0});
	silent = h2_connect(port_of(&pair), 0);
	half = h2_connect(port_of(&pair), 0);
	assert_int_equal(send(half, "PRI * HTTP", 10, 0), 10);
	later = h2_connect(port_of(&pair), 0);
	h2_hello(later);
	assert_true(h2_ended(silent, CUT_MS));
	assert_true(h2_ended(half, CUT_MS));
	assert_true(h2_ended(later, CUT_MS));
	still_serves(&pair); /* answers the PINGs, so it is still there */
	close(silent);
	close(half);
	close(later);
	pair_close(&pair);
}

/* A crowd that leaves a gateway at once is no abuse: it opens many streams, ends all and goes
 * on. */
static void a_crowd_of_streams_may_leave_at_once(void **state)
{
	static const uint8_t cancel[] = {0, 0, 0, 8}, window[] = {0, 0, 0, 100};
	struct pair pair;
	uint32_t n = 10000;
	int fd;

	pair_open(&pair, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	fd = h2_connect(port_of(&pair), 0);
	h2_hello(fd);
	for (uint32_t i = 0; i < n; i++)
		assert_true(h2_request(fd, 2 * i + 1, talk_path, NULL));
	for (uint32_t i = 0; i < n; i++)
		assert_true(h2_frame(fd, H2_WINDOW_UPDATE, 0, 2 * i + 1, window, sizeof(window)));
	for (uint32_t i = 0; i < n; i++)
		assert_true(h2_frame(fd, H2_RST_STREAM, 0, 2 * i + 1, cancel, sizeof(cancel)));
	assert_true(h2_request(fd, 2 * n + 1, count_path, "3"));
	wait_for(pair_ended == 1);
	assert_true(h2_drain(fd));
	assert_false(h2_ended(fd, 100));
	close(fd);
	pair_close(&pair);
}

/* 1,000 streams that would send for ever, to a service whose windows never open. It is not cut, for
 * it may carry many users, and the bytes that wait for it are bounded. */
static void a_peer_that_never_reads_costs_bounded_memory(void **state)
{
	struct pair pair;
	int fd, before, peak = 0, n = 0;

	pair_open(&pair, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	still_serves(&pair);
	before = resident_mb();
	fd = h2_connect(port_of(&pair), 0);
	h2_hello(fd);
	while (n < 1000 && h2_request(fd, (uint32_t)n * 2 + 1, count_path, "1000000000 1000"))
		n++;
	for (int64_t end = clock_mono_us() + STALLED_MS * US_PER_MS; clock_mono_us() < end;) {
		int more = resident_mb() - before;

		assert_false(h2_ended(fd, 10));
		peak = more > peak ? more : peak;
		still_serves(&pair);
	}
	close(fd);
	printf("# %d streams never read: %d MB more at most\n", n, peak);
	still_serves(&pair);
	for (int64_t end = clock_mono_us() + CUT_MS * US_PER_MS;
	     pair_ended == 0 || pair_cancelled != pair_ended; usleep(1000))
		if (clock_mono_us() > end)
			fail_msg("%d cancelled, %d ended", pair_cancelled, pair_ended);
#if !SANITIZER_ADDRESS && !SANITIZER_THREAD
	assert_true(peak < UNSENT_BOUND_MB);
#endif
	pair_close(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(floods_are_cut),
		cmocka_unit_test(pings_whose_answers_nobody_reads_are_cut),
		cmocka_unit_test(half_open_connections_are_closed),
		cmocka_unit_test(a_crowd_of_streams_may_leave_at_once),
		cmocka_unit_test(a_peer_that_never_reads_costs_bounded_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
