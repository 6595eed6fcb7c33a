/* Connections over real sockets on loopback: echo, blocked sends, pauses, timeouts, limits,
 * ends. */
#include "runtime/net/net.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/net/poll.h"
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#define WAIT_MS 10000

/* One end of a connection: counts and checks what comes, sends what it is told to. */
struct end {
	_Atomic(struct net_conn *) conn;
	_Atomic int64_t received, to_send, sent;
	_Atomic bool closed, freed, unlocked;
	_Atomic int dialed;        /* 1 connected, -1 refused */
	bool echo;                 /* sends back as many bytes as came */
	bool close_on_receive;     /* on_receive returns false */
	bool crowd;                /* posts a crowd of callbacks when bytes come */
	_Atomic bool pause_next;   /* pauses after the next bytes */
	uint8_t next_in, next_out; /* bytes count up, so loss and disorder show */
};

static void post_crowd(void);

static bool end_receive(struct net_conn *conn, const uint8_t *data, size_t len, void *ctx)
{
	struct end *end = ctx;

	for (size_t i = 0; i < len; i++)
		ensure(data[i] == end->next_in++);
	end->received += len;
	if (end->echo)
		end->to_send += len;
	if (end->crowd)
		post_crowd();
	if (atomic_exchange(&end->pause_next, false))
		net_pause(conn, true);
	return !end->close_on_receive;
}

static size_t end_output(struct net_conn *conn, uint8_t *out, size_t max, void *ctx)
{
	struct end *end = ctx;
	int64_t left = end->to_send - end->sent;
	size_t n = left < (int64_t)max ? (size_t)left : max;

	for (size_t i = 0; i < n; i++)
		out[i] = end->next_out++;
	end->sent += n;
	return n;
}

static void end_close(struct net_conn *conn, void *ctx)
{
	struct end *end = ctx;

	ensure(!end->closed);
	end->closed = true;
}

static void end_free(void *ctx)
{
	struct end *end = ctx;

	ensure(end->closed);
	end->freed = true;
}

static void end_unlocked(struct net_conn *conn, void *ctx)
{
	struct end *end = ctx;

	net_lock(conn); /* would hang if the lock were held */
	net_unlock(conn);
	end->unlocked = true;
}

static const struct net_hooks end_hooks = {end_receive, end_output, end_close, end_free,
					   end_unlocked};

static void *accept_end(struct net_conn *conn, struct net_hooks *hooks, void *ctx)
{
	struct end *end = ctx;

	if (end->conn)
		return NULL; /* the tests have one connection each */
	*hooks = end_hooks;
	end->conn = net_ref(conn);
	return end;
}

static void dialed(struct net_conn *conn, const struct error *err, void *ctx)
{
	struct end *end = ctx;

	if (conn)
		net_start(conn, &end_hooks, end);
	end->conn = conn;
	end->dialed = conn ? 1 : -1;
}

#define wait_for(condition)                                               \
	do {                                                              \
		int64_t wait_end = clock_mono_us() + WAIT_MS * US_PER_MS; \
		while (!(condition) && clock_mono_us() < wait_end)        \
			usleep(500);                                      \
		assert_true(condition);                                   \
	} while (0)

struct pair {
	struct net_listener *listener;
	struct end server, client;
	char url[128];
};

static void pair_open(struct pair *pair, const char *url)
{
	struct net_listen_options listen = {.url = url};
	struct net_dial_options dial = {.url = pair->url};
	struct error err = {0};

	if (net_listen(&listen, accept_end, &pair->server, &pair->listener, &err) != OK)
		fail_msg("%s", err.message);
	if (net_listener_port(pair->listener))
		snprintf(pair->url, sizeof(pair->url), "tcp://127.0.0.1:%d",
			 net_listener_port(pair->listener));
	else
		snprintf(pair->url, sizeof(pair->url), "%s", url);
	net_dial(&dial, dialed, &pair->client);
	wait_for(pair->client.dialed == 1 && pair->server.conn);
}

static void end_drop(struct end *end)
{
	net_close(end->conn, false);
	net_unref(end->conn);
	wait_for(end->freed);
}

static void pair_close(struct pair *pair)
{
	end_drop(&pair->client);
	end_drop(&pair->server);
	net_listener_free(pair->listener);
}

static void end_send(struct end *end, int64_t n)
{
	net_lock(end->conn);
	end->to_send += n;
	net_unlock(end->conn);
}

static void ipc_url(char url[64])
{
	snprintf(url, 64, "ipc:///tmp/net_test.%d", (int)getpid());
}

static void echo_over(const char *url)
{
	struct pair pair = {.server.echo = true};

	pair_open(&pair, url);
	for (int64_t n = 1, sum = 0; n < 4 * 1024 * 1024; n = n * 3 + 1) {
		sum += n;
		end_send(&pair.client, n);
		wait_for(pair.client.received == sum);
	}
	assert_true(pair.client.unlocked && pair.server.unlocked);
	pair_close(&pair);
}

static void all_bytes_come_back_over_tcp(void **state)
{
	echo_over("tcp://127.0.0.1:0");
}

static void all_bytes_come_back_over_ipc(void **state)
{
	char url[64];

	ipc_url(url);
	echo_over(url);
}

static void the_peer_is_known(void **state)
{
	struct pair pair = {0};
	char url[64];

	pair_open(&pair, "tcp://127.0.0.1:0");
	assert_string_equal(net_peer_address(pair.server.conn), "127.0.0.1");
	assert_int_equal(net_peer_uid(pair.server.conn), -1);
	assert_false(net_peer_verified(pair.server.conn));
	pair_close(&pair);

	ipc_url(url);
	pair = (struct pair){0};
	pair_open(&pair, url);
	assert_string_equal(net_peer_address(pair.server.conn), "");
	assert_int_equal(net_peer_uid(pair.server.conn), getuid());
	pair_close(&pair);
}

static void a_blocked_send_goes_on(void **state)
{
	struct pair pair = {0};
	char url[64];

	ipc_url(url);
	pair_open(&pair, url);
	net_lock(pair.server.conn);
	net_pause(pair.server.conn, true);
	net_unlock(pair.server.conn);
	end_send(&pair.client, 8 * 1024 * 1024);
	/* The kernel's buffers are full: some output waits, and nothing was delivered. */
	assert_true(pair.client.sent < 8 * 1024 * 1024);
	assert_int_equal(pair.server.received, 0);
	for (int i = 0; i < 20; i++) { /* pausing again and again loses nothing */
		pair.server.pause_next = true;
		net_lock(pair.server.conn);
		net_pause(pair.server.conn, false);
		net_unlock(pair.server.conn);
		wait_for(!pair.server.pause_next);
	}
	net_lock(pair.server.conn);
	net_pause(pair.server.conn, false);
	net_unlock(pair.server.conn);
	wait_for(pair.server.received == 8 * 1024 * 1024);
	pair_close(&pair);
}

static void a_close_flushes_the_output_first(void **state)
{
	struct pair pair = {0};

	pair_open(&pair, "tcp://127.0.0.1:0");
	net_lock(pair.client.conn);
	pair.client.to_send = 16 * 1024 * 1024;
	net_close(pair.client.conn, true);
	net_unlock(pair.client.conn);
	wait_for(pair.server.closed && pair.client.closed);
	assert_int_equal(pair.server.received, 16 * 1024 * 1024);
	pair_close(&pair);
}

static void a_hook_can_close(void **state)
{
	struct pair pair = {.server.close_on_receive = true, .server.echo = true};

	pair_open(&pair, "tcp://127.0.0.1:0");
	end_send(&pair.client, 100);
	wait_for(pair.client.closed && pair.server.closed);
	assert_int_equal(pair.client.received, 100); /* the output went first */
	pair_close(&pair);
}

static void a_paused_connection_sees_its_peer_leave(void **state)
{
	struct pair pair = {0};

	pair_open(&pair, "tcp://127.0.0.1:0");
	net_lock(pair.server.conn);
	net_pause(pair.server.conn, true);
	net_unlock(pair.server.conn);
	end_send(&pair.client, 100000); /* more than the buffer: no receive is posted now */
	net_close(pair.server.conn, false);
	wait_for(pair.server.closed && pair.client.closed);
	pair_close(&pair);
}

static void timeout_closes(void (*set)(struct net_conn *), bool server)
{
	struct pair pair = {0};
	struct end *end = server ? &pair.server : &pair.client;
	int64_t start;

	pair_open(&pair, "tcp://127.0.0.1:0");
	start = clock_mono_us();
	net_lock(end->conn);
	set(end->conn);
	net_unlock(end->conn);
	wait_for(pair.client.closed && pair.server.closed);
	assert_true(clock_mono_us() - start >= 50 * US_PER_MS);
	pair_close(&pair);
}

static void set_idle(struct net_conn *conn)
{
	net_set_idle_timeout(conn, 50);
}

static void set_deadline(struct net_conn *conn)
{
	net_set_deadline(conn, clock_mono_us() + 30 * US_PER_S);
	net_set_deadline(conn, clock_mono_us() + 50 * US_PER_MS);
}

static void a_silent_connection_is_closed(void **state)
{
	timeout_closes(set_idle, true);
	timeout_closes(set_idle, false);
	timeout_closes(set_deadline, true);
}

static void a_stuck_send_closes_the_connection(void **state)
{
	struct pair pair = {0};

	pair_open(&pair, "tcp://127.0.0.1:0");
	net_lock(pair.server.conn);
	net_pause(pair.server.conn, true);
	net_unlock(pair.server.conn);
	net_lock(pair.client.conn);
	net_set_send_timeout(pair.client.conn, 50);
	pair.client.to_send = 64 * 1024 * 1024;
	net_unlock(pair.client.conn);
	wait_for(pair.client.closed);
	pair_close(&pair);
}

static void a_failed_dial_says_why(void **state)
{
	const char *const urls[] = {"tcp://127.0.0.1:1", "ipc:///tmp/net_test_nobody",
				    "gopher://127.0.0.1:70", "tls+tcp://127.0.0.1:1"};

	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		struct net_dial_options dial = {.url = urls[i]};
		struct end end = {};

		net_dial(&dial, dialed, &end);
		wait_for(end.dialed == -1);
	}
}

static void a_failed_listen_says_why(void **state)
{
	struct net_listen_options first = {.url = "tcp://127.0.0.1:0"};
	struct net_listener *listener, *other;
	struct end end = {};
	struct error err;
	char url[64];

	assert_int_equal(net_listen(&first, accept_end, &end, &listener, &err), OK);
	snprintf(url, sizeof(url), "tcp://127.0.0.1:%d", net_listener_port(listener));
	first.url = url;
	assert_int_equal(net_listen(&first, accept_end, &end, &other, &err), UNAVAILABLE);
	assert_non_null(strstr(err.message, url));
	net_listener_free(listener);

	ipc_url(url);
	assert_int_equal(net_listen(&first, accept_end, &end, &listener, &err), OK);
	assert_int_equal(net_listen(&first, accept_end, &end, &other, &err), UNAVAILABLE);
	assert_non_null(strstr(err.message, "another process"));
	net_listener_free(listener);
	first.url = "ipc:///nowhere/at/all";
	assert_int_equal(net_listen(&first, accept_end, &end, &other, &err), UNAVAILABLE);
	first.url = "tls+tcp://127.0.0.1:0";
	assert_int_equal(net_listen(&first, accept_end, &end, &other, &err), INVALID_ARGUMENT);
	assert_string_equal(err.field, "tls_certificate_file");
}

static void connections_beyond_the_limit_are_closed(void **state)
{
	struct net_listen_options listen = {.url = "tcp://127.0.0.1:0", .connections_max = 1};
	struct end server = {}, one = {}, two = {};
	struct net_dial_options dial = {0};
	struct net_listener *listener;
	char url[64];

	assert_int_equal(net_listen(&listen, accept_end, &server, &listener, NULL), OK);
	snprintf(url, sizeof(url), "tcp://127.0.0.1:%d", net_listener_port(listener));
	dial.url = url;
	net_dial(&dial, dialed, &one);
	wait_for(server.conn);
	net_dial(&dial, dialed, &two);
	wait_for(two.closed);
	assert_false(one.closed);
	end_drop(&one);
	end_drop(&two);
	end_drop(&server);
	net_listener_free(listener);
}

/* With no descriptors left accept fails at once, again and again: it must wait, and go on when
 * there are some. */
static void accepting_goes_on_after_descriptors_ran_out(void **state)
{
	struct net_listen_options listen = {.url = "tcp://127.0.0.1:0"};
	struct end server = {}, one = {};
	struct net_dial_options dial = {0};
	struct net_listener *listener;
	struct rlimit old, low;
	struct rusage before, after;
	int64_t spent_us;
	char url[64];

	assert_int_equal(net_listen(&listen, accept_end, &server, &listener, NULL), OK);
	snprintf(url, sizeof(url), "tcp://127.0.0.1:%d", net_listener_port(listener));
	dial.url = url;
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = dup(0); /* the lowest free one */
	close(low.rlim_cur++); /* is left for the client */
	setrlimit(RLIMIT_NOFILE, &low);
	net_dial(&dial, dialed, &one);
	wait_for(one.dialed == 1);
	getrusage(RUSAGE_SELF, &before);
	usleep(250 * 1000);
	getrusage(RUSAGE_SELF, &after);
	setrlimit(RLIMIT_NOFILE, &old);
	spent_us = (after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
		    before.ru_stime.tv_sec) *
			   US_PER_S +
		   after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec -
		   before.ru_stime.tv_usec;
	assert_true(spent_us < 50 * US_PER_MS);
	wait_for(server.conn);
	end_drop(&one);
	end_drop(&server);
	net_listener_free(listener);
}

static _Atomic int fired;

static void fire(void *ctx)
{
	ensure(net_on_callback_thread());
	fired += (int)(intptr_t)ctx;
}

static void timers_and_posts_run_once(void **state)
{
	struct net_timer *timers[100];
	int64_t now = clock_mono_us();
	int cancelled = 0;

	fired = 0;
	for (int i = 0; i < 100; i++)
		timers[i] = net_timer_start(now + (i * 37 % 100 < 50 ? 1 : 3600) * US_PER_S / 20,
					    fire, (void *)1);
	for (int i = 0; i < 100; i++)
		if (i * 37 % 100 >= 50)
			cancelled += net_timer_cancel(timers[i]);
	assert_int_equal(cancelled, 50);
	wait_for(fired == 50);
	assert_true(clock_mono_us() - now >= US_PER_S / 20);
	for (int i = 0; i < 1000; i++)
		net_post(fire, (void *)1);
	wait_for(fired == 1050);
	assert_false(net_on_callback_thread());
}

/* More callbacks than the polling thread keeps, behind one that takes longer than it has: each
 * runs. */
#define CROWD 1000

static void crowd_slow(void *ctx)
{
	usleep(5000);
}

static void post_crowd(void)
{
	net_post(crowd_slow, NULL);
	for (int i = 0; i < CROWD; i++)
		net_post(fire, (void *)1);
}

static void a_crowd_of_callbacks_runs(void **state)
{
	struct pair pair = {.server.crowd = true};
	char url[64];

	fired = 0;
	ipc_url(url);
	pair_open(&pair, url);
	end_send(&pair.client, 1);
	wait_for(fired == CROWD);
	pair_close(&pair);
}

static void *close_some_time(void *arg)
{
	struct net_conn *conn = arg;

	usleep(random_below(1500));
	net_close(conn, random_below(2));
	net_unref(conn);
	return NULL;
}

/* Both ends send all the time and are closed by several threads at once. */
static void connections_end_whenever_they_are_closed(void **state)
{
	char url[64];

	ipc_url(url);
	for (int round = 0; round < 200; round++) {
		struct pair pair = {.server.echo = true, .client.echo = true};
		pthread_t threads[3];

		pair_open(&pair, round % 2 ? url : "tcp://127.0.0.1:0");
		end_send(&pair.client, 1 + random_below(100000));
		for (int i = 0; i < 3; i++)
			pthread_create(&threads[i], NULL, close_some_time,
				       net_ref(i ? pair.client.conn : pair.server.conn));
		end_send(&pair.server, 1 + random_below(100000));
		for (int i = 0; i < 3; i++)
			pthread_join(threads[i], NULL);
		pair_close(&pair);
	}
}

static void another_nng_is_not_wrapped(void **state)
{
	static const char *const others[] = {"1.4.9", "1.6.0", "1.50.2", "2.5.0", ""};
	struct error err;

	assert_int_equal(net_poll_check("1.5.2", &err), OK);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_int_equal(net_poll_check(others[i], &err), NNG_WRAP ? INTERNAL : OK);
		if (NNG_WRAP)
			assert_non_null(strstr(err.message, "make NNG_WRAP=0"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_bytes_come_back_over_tcp),
		cmocka_unit_test(all_bytes_come_back_over_ipc),
		cmocka_unit_test(the_peer_is_known),
		cmocka_unit_test(a_blocked_send_goes_on),
		cmocka_unit_test(a_close_flushes_the_output_first),
		cmocka_unit_test(a_hook_can_close),
		cmocka_unit_test(a_paused_connection_sees_its_peer_leave),
		cmocka_unit_test(a_silent_connection_is_closed),
		cmocka_unit_test(a_stuck_send_closes_the_connection),
		cmocka_unit_test(a_failed_dial_says_why),
		cmocka_unit_test(a_failed_listen_says_why),
		cmocka_unit_test(connections_beyond_the_limit_are_closed),
		cmocka_unit_test(accepting_goes_on_after_descriptors_ran_out),
		cmocka_unit_test(timers_and_posts_run_once),
		cmocka_unit_test(a_crowd_of_callbacks_runs),
		cmocka_unit_test(another_nng_is_not_wrapped),
		cmocka_unit_test(connections_end_whenever_they_are_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
