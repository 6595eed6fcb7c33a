/* Bodies: the head decides, they come fast enough, and their memory is bounded. */
#include "runtime/base/clock.h"
#include "runtime/httpd/httpd.h"
#include "runtime/httpd/test_client.h"
#include "runtime/net/net.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include <cmocka.h>

#define KIB 1024
#define HOST "Host: x\r\n"

static struct {
	struct httpd *httpd;
	atomic_int handled;
	_Atomic(struct httpd_request *) kept;
} server;

static void answer(struct httpd_request *req, int32_t status, const char *text)
{
	httpd_answer(req, &(struct httpd_answer){
				  .status = status, .body = text, .body_len = strlen(text)});
}

static void handle(struct httpd_request *req, _unused_ void *ctx)
{
	atomic_fetch_add(&server.handled, 1);
	answer(req, 200, arena_printf(req->arena, "got %zu of %s\n", req->body_len, req->path));
}

/* The beginning of a path decides on the body. */
static void head(struct httpd_request *req, _unused_ void *ctx)
{
	const char *client = httpd_header(req, "x-client");

	if (httpd_header(req, "x-session"))
		httpd_promote(req);
	if (strncmp(req->path, "/refused", 8) == 0)
		answer(req, 403, "refused\n");
	else if (strncmp(req->path, "/later", 6) == 0)
		atomic_store(&server.kept, req);
	else
		httpd_body_read(req, &(struct httpd_body){.client = client});
}

static void start(const struct httpd_options *options)
{
	static const char *const listen[] = {"tcp://127.0.0.1:0", NULL};
	struct httpd_options complete = *options;
	struct error err;

	memset(&server, 0, sizeof server);
	complete.handle = handle;
	complete.head = head;
	complete.listen = listen;
	assert_int_equal(httpd_start(&complete, &server.httpd, &err), OK);
}

static int set_up(_unused_ void **state)
{
	start(&(struct httpd_options){0});
	return 0;
}

static int tear_down(_unused_ void **state)
{
	httpd_free(server.httpd);
	return 0;
}

static int dial(const char *text)
{
	int fd = client_connect(httpd_port(server.httpd, 0));

	client_say(fd, text);
	return fd;
}

static void send_bytes(int fd, size_t n)
{
	static char zeros[64 * KIB];

	for (; n > sizeof zeros; n -= sizeof zeros)
		client_send(fd, zeros, sizeof zeros);
	client_send(fd, zeros, n);
}

/* Reads the rest of what the server says and closes. */
static const char *rest(int fd)
{
	static struct buf in;

	buf_done(&in);
	buf_init(&in, CLIENT_BYTES_MAX);
	client_read_until(fd, &in, NULL);
	close(fd);
	return buf_text(&in);
}

static struct httpd_request *kept(void)
{
	int64_t until_us = clock_mono_us() + 5 * US_PER_S;
	struct httpd_request *req;

	while (!(req = atomic_exchange(&server.kept, NULL)) && clock_mono_us() < until_us)
		usleep(1000);
	assert_non_null(req);
	return req;
}

/* ------------------------------------------------------------------ the head decides */

static void a_refused_body_never_comes(_unused_ void **state)
{
	int fd = dial("POST /refused HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n"
		      "Expect: 100-continue\r\n\r\n");
	const char *text = rest(fd);

	assert_non_null(strstr(text, "HTTP/1.1 403 "));
	assert_non_null(strstr(text, "Connection: close\r\n"));
	assert_null(strstr(text, "100 Continue"));
	fd = dial("POST /refused HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nab");
	assert_non_null(strstr(rest(fd), "HTTP/1.1 403 "));
	assert_int_equal(server.handled, 0);
}

/* A small body that came with its head costs nothing to pass over: the connection stays. */
static void a_refusal_need_not_end_a_connection(_unused_ void **state)
{
	const char *text =
		rest(dial("POST /refused HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nGET "
			  "POST /refused HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab"
			  "POST /a HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab"
			  "GET /last HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));

	assert_non_null(strstr(text, "got 2 of /a\n"));
	assert_non_null(strstr(text, "got 0 of /last\n"));
	assert_int_equal(server.handled, 2);
}

static void the_decision_may_come_late(_unused_ void **state)
{
	static const char *const parts[] = {"", "abc", "abcdefgh",
					    "abcdefghGET /next HTTP/1.1\r\n" HOST "\r\n"};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int fd = dial("POST /later HTTP/1.1\r\n" HOST "Content-Length: 8\r\n\r\n");
		struct httpd_request *req = kept();
		struct buf in;

		client_say(fd, parts[i]);
		buf_init(&in, CLIENT_BYTES_MAX);
		if (i % 2)
			usleep(20000); /* either order is right */
		httpd_body_read(req, &(struct httpd_body){0});
		client_say(fd, &"abcdefgh"[strlen(parts[i]) < 8 ? strlen(parts[i]) : 8]);
		assert_true(client_read_until(fd, &in, "got 8 of /later\n"));
		if (strstr(parts[i], "next"))
			assert_true(client_read_until(fd, &in, "got 0 of /next\n"));
		close(fd);
		buf_done(&in);
	}
}

static void a_late_refusal_closes(_unused_ void **state)
{
	int fd = dial("POST /later HTTP/1.1\r\n" HOST "Content-Length: 8\r\n\r\nabcdefgh"
		      "GET /smuggled HTTP/1.1\r\n" HOST "\r\n");

	answer(kept(), 401, "no\n");
	assert_non_null(strstr(rest(fd), "HTTP/1.1 401 "));
	assert_int_equal(server.handled, 0);
}

static void a_gone_client_is_harmless(_unused_ void **state)
{
	int64_t until_us = clock_mono_us() + 5 * US_PER_S;
	int fd = dial("POST /later HTTP/1.1\r\n" HOST "Content-Length: 8\r\n\r\nabc");
	struct httpd_request *req = kept();

	close(fd);
	while (httpd_connections(server.httpd) && clock_mono_us() < until_us)
		usleep(1000);
	httpd_body_read(req, &(struct httpd_body){0});
	assert_int_equal(server.handled, 0);
}

/* ------------------------------------------------------------------ time */

/* Much at once buys no time later: each window counts for itself. */
static void a_body_that_slows_down_is_refused(_unused_ void **state)
{
	int64_t began_us = clock_mono_us();
	struct buf in;
	int fd;

	tear_down(NULL);
	start(&(struct httpd_options){.body_rate_min = 1000, .body_window_ms = 200});
	fd = dial("POST /a HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n");
	send_bytes(fd, 500 * KIB);
	buf_init(&in, CLIENT_BYTES_MAX);
	assert_true(client_read_until(fd, &in, "HTTP/1.1 408 "));
	assert_true(clock_mono_us() - began_us < 4 * US_PER_S);
	close(fd);
	buf_done(&in);
}

struct sender {
	int fd;
	atomic_bool stop;
};

static void *send_on(void *ctx)
{
	struct sender *sender = ctx;

	while (!sender->stop) {
		send_bytes(sender->fd, 10);
		usleep(2000);
	}
	return NULL;
}

static void no_body_takes_for_ever(_unused_ void **state)
{
	struct sender sender = {0};
	pthread_t thread;
	struct buf in;

	tear_down(NULL);
	start(&(struct httpd_options){
		.body_rate_min = 100, .body_window_ms = 100, .body_timeout_ms = 500});
	sender.fd = dial("POST /a HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n");
	ensure(pthread_create(&thread, NULL, send_on, &sender) == 0);
	buf_init(&in, CLIENT_BYTES_MAX);
	assert_true(client_read_until(sender.fd, &in, "HTTP/1.1 408 "));
	sender.stop = true;
	pthread_join(thread, NULL);
	close(sender.fd);
	buf_done(&in);
}

/* ------------------------------------------------------------------ space */

/* Announces a body of 128 KiB. False: it is refused with this status. */
static bool announce(const char *client, const char *session, int *ret_fd, int refused)
{
	char text[256];
	struct buf in;
	bool taken;

	snprintf(text, sizeof text,
		 "POST /a HTTP/1.1\r\n" HOST "X-Client: %s\r\n%sContent-Length: 131072\r\n"
		 "Expect: 100-continue\r\nConnection: close\r\n\r\n",
		 client, session);
	*ret_fd = dial(text);
	buf_init(&in, CLIENT_BYTES_MAX);
	assert_true(client_read_until(*ret_fd, &in, "\r\n\r\n"));
	taken = client_status(&in) == 100;
	if (!taken)
		assert_int_equal(client_status(&in), refused);
	buf_done(&in);
	return taken;
}

/* Sends so much of a body that all of it is charged for. */
static int begin_body(const char *client, const char *session)
{
	int fd;

	assert_true(announce(client, session, &fd, 0));
	send_bytes(fd, 64 * KIB + 1);
	return fd;
}

/* Once the server has read what was sent to it, it refuses more. */
static void refuses_soon(const char *client, const char *session, int status)
{
	int64_t until_us = clock_mono_us() + 5 * US_PER_S;
	bool taken;
	int fd;

	do {
		taken = announce(client, session, &fd, status);
		close(fd);
	} while (taken && clock_mono_us() < until_us);
	assert_false(taken);
}

static void all_bodies_together_are_bounded(_unused_ void **state)
{
	int fds[8];

	tear_down(NULL);
	start(&(struct httpd_options){
		.bodies_bytes_max = 640 * KIB,
		.bodies_bytes_reserved = 320 * KIB,
		.bodies_bytes_per_client_max = 256 * KIB,
	});
	for (int round = 0; round < 3; round++) {
		size_t n = 0;

		/* Strangers have room for two in all. */
		fds[n++] = begin_body("a", "");
		fds[n++] = begin_body("b", "");
		refuses_soon("c", "", 503);
		/* A small one has room, whatever the large ones take. */
		assert_non_null(
			strstr(rest(dial("POST /small HTTP/1.1\r\n" HOST "Content-Length: 2\r\n"
					 "Connection: close\r\n\r\nab")),
			       "got 2 of /small"));
		/* A client with a session has the rest, and no more of it than anybody may have. */
		fds[n++] = begin_body("u", "X-Session: 1\r\n");
		fds[n++] = begin_body("u", "X-Session: 1\r\n");
		refuses_soon("u", "X-Session: 1\r\n", 429);
		/* A finished body makes room again. */
		for (size_t i = 0; i < n; i++) {
			send_bytes(fds[i], 64 * KIB - 1);
			assert_non_null(strstr(rest(fds[i]), "got 131072"));
		}
	}
	assert_int_equal(server.handled, 15);
}

static void growing_bodies_are_counted(_unused_ void **state)
{
	char size[16];
	int fd;

	tear_down(NULL);
	start(&(struct httpd_options){.bodies_bytes_per_client_max = 256 * KIB});
	fd = dial("POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 5; i++) {
		snprintf(size, sizeof size, "%x\r\n", 64 * KIB);
		client_say(fd, size);
		send_bytes(fd, 64 * KIB);
		client_say(fd, "\r\n");
	}
	assert_non_null(strstr(rest(fd), "HTTP/1.1 429 "));
	assert_int_equal(server.handled, 0);
}

/* Of many bodies at once those that fit come whole, and the others are refused before they begin. */
static void members_have_their_room_at_once(_unused_ void **state)
{
	int fds[3];

	tear_down(NULL);
	start(&(struct httpd_options){.bodies_bytes_per_client_max = 256 * KIB});
	assert_true(announce("u", "X-Session: 1\r\n", &fds[0], 0));
	assert_true(announce("u", "X-Session: 1\r\n", &fds[1], 0));
	assert_false(announce("u", "X-Session: 1\r\n", &fds[2], 429));
	close(fds[2]);
	for (int i = 0; i < 2; i++) {
		send_bytes(fds[i], 128 * KIB);
		assert_non_null(strstr(rest(fds[i]), "got 131072"));
	}
}

/* … but not for long: one that announces much and sends little gives room to others. */
static void room_is_for_those_that_send(_unused_ void **state)
{
	int64_t until_us = clock_mono_us() + 10 * US_PER_S;
	int fds[2], fd;
	bool taken;

	tear_down(NULL);
	start(&(struct httpd_options){.bodies_bytes_per_client_max = 256 * KIB,
				      .body_window_ms = 100,
				      .body_rate_min = 1});
	for (int i = 0; i < 2; i++)
		assert_true(announce("u", "X-Session: 1\r\n", &fds[i], 0));
	do {
		for (int i = 0; i < 2; i++)
			send_bytes(fds[i], 10);
		taken = announce("u", "X-Session: 1\r\n", &fd, 429);
		close(fd);
		usleep(10000);
	} while (!taken && clock_mono_us() < until_us);
	assert_true(taken);
	for (int i = 0; i < 2; i++)
		close(fds[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_refused_body_never_comes),  TEST(a_refusal_need_not_end_a_connection),
		TEST(the_decision_may_come_late),  TEST(a_late_refusal_closes),
		TEST(a_gone_client_is_harmless),   TEST(a_body_that_slows_down_is_refused),
		TEST(no_body_takes_for_ever),      TEST(all_bodies_together_are_bounded),
		TEST(growing_bodies_are_counted),  TEST(members_have_their_room_at_once),
		TEST(room_is_for_those_that_send),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
