/* Connections: as many as one address may have, who gives way, and places for those with a
 * session. */
#include "runtime/base/clock.h"
#include "runtime/httpd/httpd.h"
#include "runtime/httpd/test_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include <cmocka.h>

#define ASK "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define ASK_WITH_SESSION "GET / HTTP/1.1\r\nHost: x\r\nX-Session: 1\r\n\r\n"
#define MAX 20

static struct httpd *httpd;
static _Atomic(struct httpd_request *) kept[MAX];
static atomic_int n_kept;

static void handle(struct httpd_request *req, _unused_ void *ctx)
{
	if (httpd_header(req, "x-session"))
		httpd_promote(req);
	if (!httpd_has_place(req))
		httpd_answer(req, &(struct httpd_answer){.status = 503});
	else if (strcmp(req->path, "/kept") == 0)
		atomic_store(&kept[atomic_fetch_add(&n_kept, 1)], req);
	else
		httpd_answer(req,
			     &(struct httpd_answer){.status = 200, .body = "ok", .body_len = 2});
}

static void start(struct httpd_options options)
{
	static const char *const listen[] = {"tcp://127.0.0.1:0", NULL};
	struct error err;

	atomic_store(&n_kept, 0);
	for (int i = 0; i < MAX; i++)
		atomic_store(&kept[i], NULL);
	options.handle = handle;
	options.listen = listen;
	assert_int_equal(httpd_start(&options, &httpd, &err), OK);
}

static int tear_down(_unused_ void **state)
{
	httpd_free(httpd);
	return 0;
}

static int dial(void)
{
	return client_connect(httpd_port(httpd, 0));
}

/* Whether a request is answered. */
static bool answers(int fd, const char *request)
{
	struct buf in;
	bool good;

	buf_init(&in, CLIENT_BYTES_MAX);
	client_say(fd, request);
	good = client_read_until(fd, &in, "ok");
	buf_done(&in);
	return good;
}

static void an_address_has_so_many(_unused_ void **state)
{
	static const char *const trusted[] = {"10.0.0.0/8", "127.0.0.0/8", NULL};
	int64_t until_us = clock_mono_us() + 5 * US_PER_S;
	int fds[4], fd;

	start((struct httpd_options){.connections_per_address_max = 3});
	for (int i = 0; i < 3; i++)
		assert_true(answers(fds[i] = dial(), ASK));
	fd = dial();
	assert_false(answers(fd, ASK));
	close(fd);
	assert_true(answers(fds[0], ASK)); /* those that are here go on */
	close(fds[0]);
	do {
		fd = dial();
		if (answers(fd, ASK))
			break;
		close(fd);
	} while (clock_mono_us() < until_us);
	assert_true(answers(fd, ASK));
	httpd_free(httpd);
	/* A proxy brings many people. */
	start((struct httpd_options){.connections_per_address_max = 1, .trusted = trusted});
	for (int i = 0; i < 4; i++)
		assert_true(answers(fds[i] = dial(), ASK));
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	close(fd);
}

/* The client that waits longest goes, not the first one. */
static void the_oldest_idle_one_gives_way(_unused_ void **state)
{
	int fds[MAX], fd;

	start((struct httpd_options){.connections_max = 4, .connections_per_address_max = 100});
	for (int i = 0; i < 4; i++)
		assert_true(answers(fds[i] = dial(), ASK));
	assert_true(answers(fds[0], ASK)); /* now the second one waits longest */
	fd = dial();
	assert_true(answers(fd, ASK));
	assert_true(client_closed(fds[1]));
	assert_true(answers(fds[0], ASK));
	assert_true(answers(fds[2], ASK));
	assert_true(answers(fds[3], ASK));
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	close(fd);
}

/* A connection whose request the test answers. */
static int served(int i)
{
	int64_t until_us = clock_mono_us() + 5 * US_PER_S;
	int fd = dial();

	client_say(fd, "GET /kept HTTP/1.1\r\nHost: x\r\n\r\n");
	while ((atomic_load(&n_kept) <= i || !atomic_load(&kept[i])) && clock_mono_us() < until_us)
		usleep(1000);
	assert_true(atomic_load(&n_kept) == i + 1);
	return fd;
}

/* A connection whose request is served stays, however many others come. */
static void who_is_served_stays(_unused_ void **state)
{
	struct buf in;
	int fds[3], fd;

	start((struct httpd_options){.connections_max = 3, .connections_per_address_max = 100});
	for (int i = 0; i < 3; i++)
		fds[i] = served(i);
	fd = dial();
	assert_false(answers(fd, ASK)); /* no place, and closed at once */
	close(fd);
	for (int i = 0; i < 3; i++) {
		httpd_answer(kept[i],
			     &(struct httpd_answer){.status = 200, .body = "ok", .body_len = 2});
		buf_init(&in, CLIENT_BYTES_MAX);
		assert_true(client_read_until(fds[i], &in, "ok"));
		buf_done(&in);
	}
	fd = dial();
	assert_true(answers(fd, ASK));
	close(fd);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

/* Strangers that are served take no place of those with a session. */
static void the_reserve_is_for_sessions(_unused_ void **state)
{
	int fds[4], members[2], fd;

	start((struct httpd_options){
		.connections_max = 6,
		.connections_reserved = 2,
		.connections_per_address_max = 100,
	});
	for (int i = 0; i < 4; i++)
		fds[i] = served(i);
	fd = dial();
	assert_false(answers(fd, ASK)); /* 503 */
	close(fd);
	for (int i = 0; i < 2; i++)
		assert_true(answers(members[i] = dial(), ASK_WITH_SESSION));
	for (int i = 0; i < 4; i++) {
		httpd_answer(kept[i],
			     &(struct httpd_answer){.status = 200, .body = "ok", .body_len = 2});
		close(fds[i]);
	}
	for (int i = 0; i < 2; i++) {
		assert_true(answers(members[i], ASK));
		close(members[i]);
	}
}

/* Strangers that sit on connections, in every way they can: a client that sends its request at
 * once is let in, and one with a session stays. */
static void strangers_keep_nobody_out(_unused_ void **state)
{
	static const char *const ways[] = {
		"",
		"GET / HTTP/1.1\r\nHost: ",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab",
		ASK,
	};
	int members[4], strangers[20 * MAX];
	size_t n = 0;

	start((struct httpd_options){
		.connections_max = 12,
		.connections_reserved = 4,
		.connections_per_address_max = 1000,
	});
	for (int i = 0; i < 4; i++)
		assert_true(answers(members[i] = dial(), ASK_WITH_SESSION));
	for (int i = 0; i < MAX; i++) {
		int fd;

		for (int k = 0; k < 19; k++) {
			strangers[n] = dial();
			client_say(strangers[n++], ways[k % ARRAY_SIZE(ways)]);
		}
		fd = dial();
		assert_true(answers(fd, ASK));
		close(fd);
		for (int k = 0; k < 4; k++)
			assert_true(answers(members[k], ASK));
	}
	/* Eight places are strangers', besides those that are about to be closed. */
	for (size_t i = 0; i < n; i++)
		close(strangers[i]);
	for (int i = 0; i < 4; i++)
		close(members[i]);
}

static void wrong_ranges_are_said_at_start(_unused_ void **state)
{
	static const char *const listen[] = {"tcp://127.0.0.1:0", NULL};
	static const char *const trusted[] = {"10.0.0.0/33", NULL};
	const struct httpd_options options = {
		.listen = listen, .handle = handle, .trusted = trusted};
	struct error err;

	assert_int_equal(httpd_start(&options, &httpd, &err), INVALID_ARGUMENT);
	assert_non_null(strstr(err.message, "'10.0.0.0/33' is no range of addresses"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_address_has_so_many),    TEST(the_oldest_idle_one_gives_way),
		TEST(who_is_served_stays),       TEST(the_reserve_is_for_sessions),
		TEST(strangers_keep_nobody_out), cmocka_unit_test(wrong_ranges_are_said_at_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
