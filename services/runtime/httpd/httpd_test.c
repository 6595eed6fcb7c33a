#include "runtime/base/clock.h"
#include "runtime/httpd/httpd.h"
#include "runtime/httpd/test_client.h"
#include "runtime/net/net.h"

#include <netinet/tcp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/un.h>

#include <cmocka.h>

/* The state of these tests' handler; static because its threads outlive no test. */
static struct {
	struct httpd *httpd;
	atomic_int handled, closed, writable, refused_sends;
	_Atomic(struct httpd_request *) kept;
} server;

static void answer_text(struct httpd_request *req, const char *text)
{
	httpd_answer(req, &(struct httpd_answer){
				  .status = 200,
				  .content_type = "text/plain",
				  .body = text,
				  .body_len = strlen(text),
			  });
}

static void answer_late(void *ctx)
{
	answer_text(ctx, "late");
}

static void on_close(_unused_ struct httpd_request *req, _unused_ void *ctx)
{
	atomic_fetch_add(&server.closed, 1);
}

static void on_writable(_unused_ struct httpd_request *req, _unused_ void *ctx)
{
	atomic_fetch_add(&server.writable, 1);
}

static const struct httpd_hooks hooks = {on_close, on_writable};

/* Leaves the request to the test, which answers it from its own thread. */
static void keep(struct httpd_request *req)
{
	assert_true(httpd_hooks_set(req, &hooks, NULL));
	atomic_store(&server.kept, req);
}

static void handle(struct httpd_request *req, _unused_ void *ctx)
{
	static uint8_t large[1024 * 1024];

	atomic_fetch_add(&server.handled, 1);
	if (strcmp(req->path, "/echo") == 0) {
		httpd_answer(req, &(struct httpd_answer){
					  .status = 200,
					  .body = req->body,
					  .body_len = req->body_len,
				  });
	} else if (strcmp(req->path, "/describe") == 0) {
		const char *agent = httpd_header(req, "x-name");

		answer_text(req, arena_printf(req->arena, "%s %s?%s [%s] from %s", req->method,
					      req->path, req->query, agent ? agent : "none",
					      req->peer_address));
	} else if (strcmp(req->path, "/late") == 0) {
		net_timer_start(clock_mono_us() + 20 * US_PER_MS, answer_late, req);
	} else if (strcmp(req->path, "/kept") == 0) {
		keep(req);
	} else if (strcmp(req->path, "/large") == 0) {
		httpd_answer(req, &(struct httpd_answer){
					  .status = 200,
					  .body = large,
					  .body_len = sizeof large,
					  .body_lives = true,
				  });
	} else if (strcmp(req->path, "/header") == 0) {
		const struct httpd_header header = {"X-Value", "a\r\nX-Forged: b"};

		httpd_answer(req, &(struct httpd_answer){
					  .status = 204, .headers = &header, .n_headers = 1});
	} else {
		answer_text(req, "hello");
	}
}

static void head(struct httpd_request *req, _unused_ void *ctx)
{
	httpd_body_read(req, &(struct httpd_body){
				     .bytes_max = strcmp(req->path, "/small") == 0 ? 10 : 1048576});
}

static void server_start(const struct httpd_options *options)
{
	static const char *const urls[] = {"tcp://127.0.0.1:0", NULL};
	struct httpd_options complete = *options;
	struct error err;

	memset(&server, 0, sizeof server);
	complete.handle = handle;
	complete.listen = urls;
	assert_int_equal(httpd_start(&complete, &server.httpd, &err), OK);
}

static int setup(_unused_ void **state)
{
	server_start(&(struct httpd_options){.head = head, .stream_queue_bytes = 65536});
	return 0;
}

static int teardown(_unused_ void **state)
{
	httpd_free(server.httpd);
	return 0;
}

static int connect_server(void)
{
	return client_connect(httpd_port(server.httpd, 0));
}

/* Polls with a deadline: threads of the server do the rest. */
static void wait_for(atomic_int *value, int wanted)
{
	int64_t until_us = clock_mono_us() + 5 * US_PER_S;

	while (atomic_load(value) < wanted && clock_mono_us() < until_us)
		usleep(1000);
	assert_int_equal(atomic_load(value), wanted);
}

static struct httpd_request *wait_kept(void)
{
	int64_t until_us = clock_mono_us() + 5 * US_PER_S;

	while (!atomic_load(&server.kept) && clock_mono_us() < until_us)
		usleep(1000);
	assert_non_null(atomic_load(&server.kept));
	return atomic_exchange(&server.kept, NULL);
}

/* Sends a request and reads up to the end of the connection. */
static void ask(const char *request, struct buf *ret)
{
	int fd = connect_server();

	buf_init(ret, CLIENT_BYTES_MAX);
	client_say(fd, request);
	client_read_until(fd, ret, NULL);
	close(fd);
}

/* ------------------------------------------------------------------ tests */

static void answers_and_closes(_unused_ void **state)
{
	struct buf in;

	ask("GET /describe?a=b HTTP/1.1\r\nHost: x\r\nX-Name:  spaced \t\r\nConnection: "
	    "close\r\n\r\n",
	    &in);
	assert_int_equal(client_status(&in), 200);
	assert_non_null(strstr(buf_text(&in), "\r\nDate: "));
	assert_non_null(strstr(buf_text(&in), "\r\nContent-Type: text/plain\r\n"));
	assert_non_null(strstr(buf_text(&in), "\r\nConnection: close\r\n"));
	assert_non_null(strstr(buf_text(&in), "\r\n\r\nGET /describe?a=b [spaced] from 127.0.0.1"));
	buf_done(&in);
}

static void keeps_alive(_unused_ void **state)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = connect_server();
	struct buf in;

	buf_init(&in, CLIENT_BYTES_MAX);
	for (int i = 0; i < 1000; i++) {
		client_say(fd, request);
		assert_true(client_read_until(fd, &in, "hello"));
		buf_clear(&in);
	}
	assert_int_equal(server.handled, 1000);
	assert_int_equal(httpd_connections(server.httpd), 1);
	close(fd);
	buf_done(&in);
}

/* However the bytes are cut, the request is the same one. */
static void takes_any_split(_unused_ void **state)
{
	static const char request[] =
		"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		"5\r\nabcde\r\n3;x=y\r\nfgh\r\n0\r\n\r\n";
	struct buf in;

	buf_init(&in, CLIENT_BYTES_MAX);
	for (size_t cut = 1; cut < sizeof request - 1; cut++) {
		int fd = connect_server(), one = 1;

		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		client_send(fd, request, cut);
		usleep(300); /* only so that the pieces arrive apart; the result must not depend on
				it */
		client_send(fd, request + cut, sizeof request - 1 - cut);
		assert_true(client_read_until(fd, &in, "\r\n\r\nabcdefgh"));
		buf_clear(&in);
		close(fd);
	}
	buf_done(&in);
}

static void answers_pipelined_in_order(_unused_ void **state)
{
	int fd = connect_server();
	struct buf in, request;
	const char *at;

	buf_init(&request, CLIENT_BYTES_MAX);
	for (int i = 0; i < 300; i++) {
		/* Late answers, bodies and plain ones mixed, so that order does not come by
		 * itself. */
		if (i % 50 == 0)
			buf_addf(&request, "GET /late?%d HTTP/1.1\r\nHost: x\r\n\r\n", i);
		buf_addf(&request,
			 "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n<%04d>", i);
		buf_addf(&request, "GET /describe?%d HTTP/1.1\r\nHost: x\r\n\r\n", i);
	}
	buf_adds(&request, "GET /describe?end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	client_send(fd, request.data, request.len);
	buf_init(&in, CLIENT_BYTES_MAX);
	client_read_until(fd, &in, NULL);
	at = buf_text(&in);
	for (int i = 0; i < 300; i++) {
		char wanted[64];

		snprintf(wanted, sizeof wanted, "<%04d>", i);
		at = strstr(at, wanted);
		assert_non_null(at);
		snprintf(wanted, sizeof wanted, "/describe?%d [", i);
		at = strstr(at, wanted);
		assert_non_null(at);
	}
	assert_non_null(strstr(at, "/describe?end"));
	assert_int_equal(client_count(&in, "\r\n\r\nlate"), 6);
	close(fd);
	buf_done(&in);
	buf_done(&request);
}

static void leaves_the_body_out_for_head(_unused_ void **state)
{
	struct buf in;

	ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: "
	    "close\r\n\r\n",
	    &in);
	assert_int_equal(client_count(&in, "Content-Length: 5\r\n"), 2);
	assert_int_equal(client_count(&in, "hello"), 1);
	buf_done(&in);
}

static void speaks_http10(_unused_ void **state)
{
	struct buf in;

	ask("GET / HTTP/1.0\r\n\r\n", &in);
	assert_int_equal(client_status(&in), 200);
	assert_non_null(strstr(buf_text(&in), "Connection: close"));
	buf_done(&in);
	ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n", &in);
	assert_int_equal(client_count(&in, "hello"), 2);
	assert_int_equal(client_count(&in, "Connection: keep-alive"), 1);
	buf_done(&in);
}

static void says_continue(_unused_ void **state)
{
	static const char head[] = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
				   "Expect: 100-continue\r\nConnection: close\r\n\r\n";
	int fd = connect_server();
	struct buf in;

	buf_init(&in, CLIENT_BYTES_MAX);
	client_say(fd, head);
	assert_true(client_read_until(fd, &in, "HTTP/1.1 100 Continue\r\n\r\n"));
	client_send(fd, "abcd", 4);
	assert_true(client_read_until(fd, &in, "\r\n\r\nabcd"));
	close(fd);
	buf_done(&in);
}

static void refuses_large_bodies(_unused_ void **state)
{
	struct buf in;

	/* By length before a byte of it came (and no 100), by route, and by counting. */
	ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\nExpect: "
	    "100-continue\r\n\r\n",
	    &in);
	assert_int_equal(client_status(&in), 413);
	buf_done(&in);
	ask("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n01234567890", &in);
	assert_int_equal(client_status(&in), 413);
	buf_done(&in);
	ask("POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "6\r\n012345\r\n5\r\n01234\r\n0\r\n\r\n",
	    &in);
	assert_int_equal(client_status(&in), 413);
	buf_done(&in);
	assert_int_equal(server.handled, 0);
}

/* A client that is still sending when it is refused must be able to read why. */
static void refusal_reaches_a_sending_client(_unused_ void **state)
{
	static const char head[] =
		"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n";
	static char body[200000];
	int fd = connect_server();
	struct buf in;

	buf_init(&in, CLIENT_BYTES_MAX);
	client_say(fd, head);
	client_send(fd, body, sizeof body);
	client_send(fd, body, sizeof body);
	assert_true(client_read_until(fd, &in, "larger than the limit"));
	assert_int_equal(client_status(&in), 413);
	close(fd);
	buf_done(&in);
}

static void refuses_large_heads(_unused_ void **state)
{
	struct buf in, request;

	buf_init(&request, CLIENT_BYTES_MAX);
	buf_addf(&request, "GET /%09000d HTTP/1.1\r\nHost: x\r\n\r\n", 1);
	ask(buf_text(&request), &in);
	assert_int_equal(client_status(&in), 414);
	buf_done(&in);
	buf_clear(&request);
	buf_addf(&request, "GET /%020000d HTTP/1.1\r\nHost: x\r\n\r\n", 1);
	ask(buf_text(&request), &in);
	assert_int_equal(client_status(&in), 414);
	buf_done(&in);
	buf_clear(&request);
	buf_addf(&request, "GET / HTTP/1.1\r\nHost: x\r\nX: %020000d\r\n\r\n", 1);
	ask(buf_text(&request), &in);
	assert_int_equal(client_status(&in), 431);
	buf_done(&in);
	buf_clear(&request);
	buf_adds(&request, "GET / HTTP/1.1\r\nHost: x\r\n");
	for (int i = 0; i < 100; i++)
		buf_adds(&request, "A: b\r\n");
	buf_adds(&request, "\r\n");
	ask(buf_text(&request), &in);
	assert_int_equal(client_status(&in), 431);
	buf_done(&in);
	buf_done(&request);
	assert_int_equal(server.handled, 0);
}

static void header_values_cannot_forge_headers(_unused_ void **state)
{
	struct buf in;

	ask("GET /header HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &in);
	assert_int_equal(client_status(&in), 204);
	assert_non_null(strstr(buf_text(&in), "X-Value: a  X-Forged: b\r\n"));
	assert_null(strstr(buf_text(&in), "Content-Length"));
	buf_done(&in);
}

static void empty_header_values_end_where_they_are(_unused_ void **state)
{
	struct buf in;

	ask("GET /describe HTTP/1.1\r\nHost: x\r\nX-Name:\r\nX-Other: y\r\n"
	    "Connection: close\r\n\r\n",
	    &in);
	assert_non_null(strstr(buf_text(&in), "GET /describe? [] from"));
	buf_done(&in);
	ask("GET /describe HTTP/1.1\r\nHost: x\r\nX-Other:  \r\nX-Name: y\r\n"
	    "Connection: close\r\n\r\n",
	    &in);
	assert_non_null(strstr(buf_text(&in), "GET /describe? [y] from"));
	buf_done(&in);
}

static void client_gone_is_noticed_and_answer_is_harmless(_unused_ void **state)
{
	struct httpd_request *req;
	int fd = connect_server();

	client_say(fd, "GET /kept HTTP/1.1\r\nHost: x\r\n\r\n");
	req = wait_kept();
	close(fd);
	wait_for(&server.closed, 1);
	assert_string_equal(req->path, "/kept"); /* ours until it is answered */
	answer_text(req, "to nobody");
}

static void streams_chunks_and_stays_alive(_unused_ void **state)
{
	struct httpd_request *req;
	struct buf in;
	int fd = connect_server();

	buf_init(&in, CLIENT_BYTES_MAX);
	client_say(fd, "GET /kept HTTP/1.1\r\nHost: x\r\n\r\n");
	req = wait_kept();
	httpd_stream_begin(
		req, &(struct httpd_answer){.status = 200, .content_type = "text/event-stream"});
	assert_true(client_read_until(fd, &in, "Transfer-Encoding: chunked\r\n\r\n"));
	assert_int_equal(httpd_sse_send(req, "delta", "1.2", "one\ntwo\r\nthree", 14), OK);
	assert_true(client_read_until(
		fd, &in, "36\r\nevent: delta\nid: 1.2\ndata: one\ndata: two\ndata: three\n\n\r\n"));
	assert_int_equal(httpd_stream_send(req, ":\n\n", 3), OK);
	assert_int_equal(httpd_sse_send(req, NULL, NULL, "", 0), OK);
	httpd_stream_end(req, true);
	assert_true(client_read_until(fd, &in, "3\r\n:\n\n\r\n8\r\ndata: \n\n\r\n0\r\n\r\n"));
	client_say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_true(client_read_until(fd, &in, "hello"));
	close(fd);
	buf_done(&in);
}

static void cut_stream_is_not_a_whole_one(_unused_ void **state)
{
	struct httpd_request *req;
	struct buf in;
	int fd = connect_server();

	buf_init(&in, CLIENT_BYTES_MAX);
	client_say(fd, "GET /kept HTTP/1.1\r\nHost: x\r\n\r\n");
	req = wait_kept();
	httpd_stream_begin(req, &(struct httpd_answer){.status = 200});
	assert_int_equal(httpd_stream_send(req, "abc", 3), OK);
	assert_true(client_read_until(fd, &in, "3\r\nabc\r\n"));
	httpd_stream_end(req, false);
	assert_true(client_closed(fd));
	assert_null(strstr(buf_text(&in), "0\r\n\r\n"));
	close(fd);
	buf_done(&in);
}

static void full_stream_tells_when_it_is_writable(_unused_ void **state)
{
	static char piece[10000];
	struct httpd_request *req;
	struct buf in;
	int fd = connect_server();
	size_t taken = 0;

	memset(piece, 'x', sizeof piece);
	buf_init(&in, CLIENT_BYTES_MAX);
	client_say(fd, "GET /kept HTTP/1.1\r\nHost: x\r\n\r\n");
	req = wait_kept();
	httpd_stream_begin(req, &(struct httpd_answer){.status = 200});
	while (httpd_stream_send(req, piece, sizeof piece) == OK)
		taken += sizeof piece;
	assert_int_equal(server.writable, 0);
	assert_true(taken < 16 * 1024 * 1024); /* the kernel's buffers and ours */
	while (atomic_load(&server.writable) == 0)
		client_read_until(fd, &in, "xxxx") ? buf_clear(&in) : fail();
	assert_int_equal(httpd_stream_send(req, "END", 3), OK);
	httpd_stream_end(req, true);
	assert_true(client_read_until(fd, &in, "END\r\n0\r\n\r\n"));
	close(fd);
	buf_done(&in);
}

static void stream_to_nobody_is_cancelled(_unused_ void **state)
{
	struct httpd_request *req;
	int fd = connect_server();

	client_say(fd, "GET /kept HTTP/1.1\r\nHost: x\r\n\r\n");
	req = wait_kept();
	httpd_stream_begin(req, &(struct httpd_answer){.status = 200});
	close(fd);
	wait_for(&server.closed, 1);
	assert_int_equal(httpd_stream_send(req, "abc", 3), CANCELLED);
	assert_int_equal(httpd_sse_send(req, NULL, NULL, "abc", 3), CANCELLED);
	httpd_stream_end(req, true);
}

static void idle_stream_beats(_unused_ void **state)
{
	struct httpd_request *req;
	struct buf in;
	int fd = connect_server();

	buf_init(&in, CLIENT_BYTES_MAX);
	client_say(fd, "GET /kept HTTP/1.1\r\nHost: x\r\n\r\n");
	req = wait_kept();
	httpd_stream_begin(req, &(struct httpd_answer){.status = 200, .heartbeat_ms = 20});
	assert_true(client_read_until(fd, &in, "3\r\n:\n\n\r\n3\r\n:\n\n\r\n"));
	assert_int_equal(httpd_stream_send(req, "abc", 3), OK);
	assert_true(client_read_until(fd, &in, "3\r\nabc\r\n3\r\n:\n\n\r\n"));
	httpd_stream_end(req, true);
	assert_true(client_read_until(fd, &in, "0\r\n\r\n"));
	close(fd);
	buf_done(&in);
}

/* The lock holds hooks back, lets its holder call httpd, and outlives the request. */
static void lock_keeps_hooks_out(_unused_ void **state)
{
	struct httpd_request *req;
	struct httpd_lock *lock;
	int fd = connect_server();
	bool taken;

	client_say(fd, "GET /kept HTTP/1.1\r\nHost: x\r\n\r\n");
	req = wait_kept();
	lock = httpd_lock_of(req);
	taken = httpd_lock_take(lock);
	assert_true(taken);
	assert_false(httpd_lock_take(lock));
	close(fd);
	usleep(50000); /* time for on_close to be let in, wrongly */
	assert_int_equal(server.closed, 0);
	httpd_stream_begin(req, &(struct httpd_answer){.status = 200});
	httpd_lock_release(lock, taken);
	wait_for(&server.closed, 1);
	httpd_stream_end(req, true);
	taken = httpd_lock_take(lock);
	httpd_lock_release(lock, taken);
	httpd_lock_unref(lock);
}

static void large_static_bodies_arrive(_unused_ void **state)
{
	struct buf in;

	ask("GET /large HTTP/1.1\r\nHost: x\r\n\r\nGET /large HTTP/1.1\r\nHost: x\r\n"
	    "Connection: close\r\n\r\n",
	    &in);
	assert_int_equal(client_count(&in, "HTTP/1.1 200 OK"), 1); /* the NULs end the text */
	assert_true(in.len > 2 * 1024 * 1024);
	buf_done(&in);
}

/* ------------------------------------------------------------------ time */

static void slow_requests_time_out(_unused_ void **state)
{
	static const char *const parts[] = {
		"GET / HTTP/1.1\r\nHo",
		"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
	};
	struct buf in;

	teardown(NULL);
	server_start(&(struct httpd_options){
		.head_timeout_ms = 50, .body_window_ms = 50, .idle_timeout_ms = 50});
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		ask(parts[i], &in);
		assert_int_equal(client_status(&in), 408);
		buf_done(&in);
	}
	/* A connection that says nothing, and one between two requests, just end. */
	ask("", &in);
	assert_int_equal(in.len, 0);
	buf_done(&in);
	ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n", &in);
	assert_int_equal(client_status(&in), 200);
	buf_done(&in);
	assert_int_equal(server.handled, 1);
}

static void answers_may_take_longer_than_timeouts(_unused_ void **state)
{
	struct httpd_request *req;
	struct buf in;
	int fd;

	teardown(NULL);
	server_start(&(struct httpd_options){.head_timeout_ms = 50, .idle_timeout_ms = 50});
	fd = connect_server();
	buf_init(&in, CLIENT_BYTES_MAX);
	client_say(fd, "GET /kept HTTP/1.1\r\nHost: x\r\n\r\n");
	req = wait_kept();
	usleep(200000); /* what is tested is that time passes and nothing happens */
	assert_int_equal(server.closed, 0);
	answer_text(req, "slow");
	assert_true(client_read_until(fd, &in, "slow"));
	close(fd);
	buf_done(&in);
}

static void slow_readers_are_cut(_unused_ void **state)
{
	struct httpd_request *req;
	static char piece[4 * 1024 * 1024];
	int fd;

	teardown(NULL);
	server_start(&(struct httpd_options){.send_timeout_ms = 100, .stream_queue_bytes = 65536});
	fd = connect_server();
	client_say(fd, "GET /kept HTTP/1.1\r\nHost: x\r\n\r\n");
	req = wait_kept();
	httpd_stream_begin(req, &(struct httpd_answer){.status = 200});
	while (httpd_stream_send(req, piece, sizeof piece) == OK)
		;
	wait_for(&server.closed, 1);
	assert_int_equal(httpd_stream_send(req, piece, 1), CANCELLED);
	httpd_stream_end(req, false);
	close(fd);
}

static void *drain_thread(void *ctx)
{
	httpd_drain(server.httpd, 5000);
	return ctx;
}

static void drain_lets_requests_finish(_unused_ void **state)
{
	int idle = connect_server(), busy = connect_server();
	struct httpd_request *req;
	struct buf in;
	pthread_t thread;

	buf_init(&in, CLIENT_BYTES_MAX);
	client_say(idle, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_true(client_read_until(idle, &in, "hello"));
	client_say(busy, "GET /kept HTTP/1.1\r\nHost: x\r\n\r\n");
	req = wait_kept();
	pthread_create(&thread, NULL, drain_thread, NULL);
	assert_true(client_closed(idle));
	answer_text(req, "finished");
	assert_true(client_read_until(busy, &in, "Connection: close"));
	assert_true(client_read_until(busy, &in, "finished"));
	assert_true(client_closed(busy));
	pthread_join(thread, NULL);
	assert_int_equal(httpd_connections(server.httpd), 0);
	close(idle);
	close(busy);
	buf_done(&in);
}

/* ------------------------------------------------------------------ helpers and admin */

static void decodes_urls(_unused_ void **state)
{
	struct arena *arena = arena_new(1024, 65536);
	const char *query = "&a=1&b=x%20y+z&&c&d=%zz&e=%00&f==", *name, *value;

	assert_string_equal(httpd_decode(arena, "a%2Fb+c%e4", 10, false), "a/b+c\xe4");
	assert_null(httpd_decode(arena, "a%2", 3, false));
	assert_true(httpd_query_next(arena, &query, &name, &value));
	assert_string_equal(name, "a");
	assert_string_equal(value, "1");
	assert_true(httpd_query_next(arena, &query, &name, &value));
	assert_string_equal(value, "x y z");
	assert_true(httpd_query_next(arena, &query, &name, &value));
	assert_string_equal(name, "c");
	assert_string_equal(value, "");
	assert_true(httpd_query_next(arena, &query, &name, &value));
	assert_null(name);
	assert_true(httpd_query_next(arena, &query, &name, &value));
	assert_null(name);
	assert_true(httpd_query_next(arena, &query, &name, &value));
	assert_string_equal(value, "=");
	assert_false(httpd_query_next(arena, &query, &name, &value));
	arena_free(arena);
}

static bool not_ready(const char **ret_why, _unused_ void *ctx)
{
	*ret_why = "the database is away\n";
	return false;
}

static void ask_unix(const char *path, const char *request, struct buf *ret)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	buf_init(ret, CLIENT_BYTES_MAX);
	client_say(fd, request);
	client_read_until(fd, ret, NULL);
	close(fd);
}

static void admin_answers_probes(_unused_ void **state)
{
	char folder[] = "/tmp/httpd-test-XXXXXX", url[64];
	struct httpd *admin;
	struct error err;
	struct buf in;

	assert_non_null(mkdtemp(folder));
	snprintf(url, sizeof url, "ipc://%s/admin", folder);
	assert_int_equal(
		httpd_admin_start(&(struct httpd_admin_options){.listen = url, .ready = not_ready},
				  &admin, &err),
		OK);
	ask_unix(url + 6, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &in);
	assert_int_equal(client_status(&in), 200);
	buf_done(&in);
	ask_unix(url + 6, "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &in);
	assert_int_equal(client_status(&in), 503);
	assert_non_null(strstr(buf_text(&in), "the database is away"));
	buf_done(&in);
	ask_unix(url + 6, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &in);
	assert_non_null(strstr(buf_text(&in), "process_resident_memory_bytes"));
	buf_done(&in);
	httpd_free(admin);
	snprintf(url, sizeof url, "%s/admin.lock", folder);
	unlink(url);
	rmdir(folder);
}

static void port_in_use_is_named(_unused_ void **state)
{
	char url[64];
	const char *const urls[] = {url, NULL};
	struct httpd *second;
	struct error err;

	snprintf(url, sizeof url, "tcp://127.0.0.1:%d", httpd_port(server.httpd, 0));
	assert_int_equal(httpd_start(&(struct httpd_options){.listen = urls, .handle = handle},
				     &second, &err),
			 UNAVAILABLE);
	assert_non_null(strstr(err.message, url));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_and_closes),
		TEST(keeps_alive),
		TEST(takes_any_split),
		TEST(answers_pipelined_in_order),
		TEST(leaves_the_body_out_for_head),
		TEST(speaks_http10),
		TEST(says_continue),
		TEST(refuses_large_bodies),
		TEST(refusal_reaches_a_sending_client),
		TEST(refuses_large_heads),
		TEST(header_values_cannot_forge_headers),
		TEST(empty_header_values_end_where_they_are),
		TEST(client_gone_is_noticed_and_answer_is_harmless),
		TEST(streams_chunks_and_stays_alive),
		TEST(cut_stream_is_not_a_whole_one),
		TEST(full_stream_tells_when_it_is_writable),
		TEST(stream_to_nobody_is_cancelled),
		TEST(idle_stream_beats),
		TEST(lock_keeps_hooks_out),
		TEST(large_static_bodies_arrive),
		TEST(slow_requests_time_out),
		TEST(answers_may_take_longer_than_timeouts),
		TEST(slow_readers_are_cut),
		TEST(drain_lets_requests_finish),
		cmocka_unit_test(decodes_urls),
		cmocka_unit_test(admin_answers_probes),
		TEST(port_in_use_is_named),
	};

	alarm(120); /* a request that a failed test does not answer would wait for ever */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
