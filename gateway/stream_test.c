/* Server streams through the whole gateway. */
#include "runtime/base/clock.h"
#include "tests/lib/gateway.h"

#include <unistd.h>

/* ------------------------------------------------------------------ streams */

/* Opens a stream and reads its first event. */
static int open_stream(const char *line, const char *headers, const char *body,
		       struct rpc_call **ret)
{
	int fd = send_request(
		line, with(arena_printf(test.arena, "Accept: text/event-stream\r\n%s", headers)),
		body);

	buf_clear(&test.in);
	*ret = fake_stream_wait();
	assert_int_equal(fake_delta(*ret, "1.1", "first"), OK);
	assert_true(client_read_until(fd, &test.in, "first\"}\n\n"));
	return fd;
}

static void events_are_streamed(_unused_ void **state)
{
	struct rpc_call *call;
	int fd = open_stream("POST " GENERATE, JSON, "{\"text\":\"hello\"}", &call);

	assert_int_equal(client_status(&test.in), 200);
	assert_true(says("Content-Type: text/event-stream\r\n"));
	assert_true(says("\r\nid: 1.1\nevent: delta\ndata: {\"text\":\"first\"}\n\n\r\n"));
	assert_int_equal(fake_delta(call, "1.2", "two\nlines \"quoted\""), OK);
	rpc_finish(call, OK, NULL);
	assert_true(client_read_until(fd, &test.in,
				      "id: 1.2\nevent: delta\ndata: {\"text\":\"two\\nlines "
				      "\\\"quoted\\\"\"}\n\n\r\n0\r\n\r\n"));
	assert_string_equal(fake.seen, "hello");
	close(fd);
	EXPECT("POST " GENERATE, with(JSON "Accept: application/json\r\n"), "{\"text\":\"a\"}", 200,
	       "\"state\":\"RUNNING\"");
	assert_string_equal(fake.seen, "start");
}

/* Messages that wait together on the way are one write: no chunk begins within it, nor a second one
 * for the end. */
static void events_that_come_together_go_out_together(_unused_ void **state)
{
	struct rpc_call *call;
	int fd = open_stream("POST " GENERATE, JSON, "{\"text\":\"hello\"}", &call);

	rpc_answers_hold(true);
	assert_int_equal(fake_delta(call, "1.2", "a"), OK);
	assert_int_equal(fake_delta(call, "1.3", "b"), OK);
	rpc_finish(call, OK, NULL);
	rpc_answers_send();
	rpc_answers_hold(false);
	assert_true(client_read_until(fd, &test.in,
				      "id: 1.2\nevent: delta\ndata: {\"text\":\"a\"}\n\n"
				      "id: 1.3\nevent: delta\ndata: {\"text\":\"b\"}\n\n\r\n"
				      "0\r\n\r\n"));
	close(fd);
}

/* Also when the head waits with them. */
static void a_whole_stream_that_comes_at_once_is_a_stream(_unused_ void **state)
{
	struct rpc_call *call;
	int fd = send_request("POST " GENERATE, with(JSON "Accept: text/event-stream\r\n"),
			      "{\"text\":\"hello\"}");

	buf_clear(&test.in);
	call = fake_stream_wait();
	rpc_answers_hold(true);
	assert_int_equal(fake_delta(call, "1.1", "a"), OK);
	assert_int_equal(fake_delta(call, "1.2", "b"), OK);
	rpc_finish(call, rpc_fail(call, UNAVAILABLE, "provider_unavailable", "it failed"), NULL);
	rpc_answers_send();
	rpc_answers_hold(false);
	assert_true(client_read_until(fd, &test.in, "\n\n\r\n0\r\n\r\n"));
	assert_int_equal(client_status(&test.in), 200);
	assert_true(says("Content-Type: text/event-stream\r\n"));
	assert_true(says("data: {\"text\":\"a\"}\n\nid: 1.2\nevent: delta\ndata: "
			 "{\"text\":\"b\"}\n\nevent: error\ndata: {"));
	close(fd);
}

static void streams_refused_at_once_are_plain_answers(_unused_ void **state)
{
	EXPECT("POST " GENERATE, with(JSON "Accept: text/event-stream\r\n"), "{\"text\":\"poor\"}",
	       402, "\"reason\":\"INSUFFICIENT_CREDITS\"", "application/problem+json");
	EXPECT("GET " EVENTS "?cursor=end", test.bearer, "", 204, "cache-control: no-store");
}

static void streams_go_on_where_they_were_left(_unused_ void **state)
{
	struct rpc_call *call;
	int fd = open_stream("GET " EVENTS "?cursor=0.1", "Last-Event-ID: 1.7\r\n", "", &call);

	assert_string_equal(fake.seen, "after 1.7");
	rpc_finish(call, OK, NULL);
	close(fd);
	fd = open_stream("GET " EVENTS "?cursor=0.1", "", "", &call);
	assert_string_equal(fake.seen, "after 0.1");
	rpc_finish(call, OK, NULL);
	close(fd);
	EXPECT("POST " GENERATE, with(JSON "Accept: text/event-stream\r\nLast-Event-ID: 1.7\r\n"),
	       "{\"text\":\"a\"}", 400, "\"reason\":\"CURSOR_INVALID\"");
}

static void errors_end_streams_that_began(_unused_ void **state)
{
	struct rpc_call *call;
	int fd = open_stream("GET " EVENTS, "", "", &call);

	rpc_finish(call, rpc_fail(call, UNAVAILABLE, "provider_unavailable", "it failed"), NULL);
	assert_true(client_read_until(fd, &test.in, "\n\n\r\n0\r\n\r\n"));
	assert_true(says("event: error\ndata: {"));
	assert_true(says("\"reason\":\"PROVIDER_UNAVAILABLE\""));
	assert_true(says("\"status\":502"));
	close(fd);
}

static void a_gone_reader_cancels_the_call(_unused_ void **state)
{
	struct rpc_call *call;
	int before = fake.cancelled, fd = open_stream("GET " EVENTS, "", "", &call);

	close(fd);
	wait_for(&fake.cancelled, before + 1);
	/* A second reader leaves before the first event. */
	fd = send_request("GET " EVENTS, test.bearer, "");
	call = fake_stream_wait();
	close(fd);
	wait_for(&fake.cancelled, before + 2);
}

static void the_end_of_a_session_ends_its_streams(_unused_ void **state)
{
	int64_t until_us = clock_mono_us() + 5 * US_PER_S;
	struct rpc_call *call;
	int fd;

	test.bearer = arena_printf(
		test.arena, "Authorization: Bearer %s\r\n",
		fake_token(FAKE_USER, "0192f0c1-7b5a-7c3e-9d3e-888888888888", false, 900));
	fd = open_stream("GET " EVENTS, "", "", &call);
	while (!fake_revoke("0192f0c1-7b5a-7c3e-9d3e-888888888888") && clock_mono_us() < until_us)
		usleep(1000);
	assert_true(client_read_until(fd, &test.in, "\n\n\r\n0\r\n\r\n"));
	assert_true(says("event: error\n"));
	assert_true(says("\"reason\":\"SESSION_REVOKED\""));
	close(fd);
}

static void idle_streams_beat(_unused_ void **state)
{
	struct rpc_call *call;
	int fd;

	test.conf.heartbeat_ms = 30;
	gateway_test_start();
	fd = open_stream("GET " EVENTS, "", "", &call);
	assert_true(client_read_until(fd, &test.in, "3\r\n:\n\n\r\n3\r\n:\n\n\r\n"));
	rpc_finish(call, OK, NULL);
	assert_true(client_read_until(fd, &test.in, "0\r\n\r\n"));
	close(fd);
}

static void head_does_not_wait_for_the_end(_unused_ void **state)
{
	int before = fake.cancelled;
	int fd = send_request("HEAD " EVENTS, test.bearer, "");
	struct rpc_call *call = fake_stream_wait();

	assert_int_equal(fake_delta(call, "1.1", "first"), OK);
	wait_for(&fake.cancelled, before + 1);
	client_say(fd, "GET /docs HTTP/1.1\r\nHost: chat.example\r\nConnection: close\r\n\r\n");
	client_read_until(fd, &test.in, NULL);
	assert_true(says("HTTP/1.1 200 OK\r\n"));
	assert_true(says("text/event-stream"));
	assert_false(says("first"));
	assert_true(says("</html>"));
	close(fd);
}

/* A reader that takes nothing stops its source; then it gets everything, in order. */
static void slow_readers_stop_their_source(_unused_ void **state)
{
	static char text[20000];
	struct rpc_call *call;
	int64_t until_us = clock_mono_us() + 20 * US_PER_S;
	int fd, sent = 0;
	bool full = false;
	size_t n;

	test.conf.stream_queue_bytes = 65536;
	gateway_test_start();
	fd = open_stream("GET " EVENTS, "", "", &call);
	memset(text, 'x', sizeof text - 1);
	/* It is full only once httpd, nng and both kernels are. */
	for (int refused = 0; !full && clock_mono_us() < until_us;) {
		char cursor[16];

		snprintf(cursor, sizeof cursor, "2.%d", sent + 1);
		if (fake_delta(call, cursor, text) == OK) {
			sent++;
			refused = 0;
		} else {
			full = ++refused == 300;
			usleep(1000);
		}
	}
	assert_true(full);
	assert_true(sent < 2000); /* 40 MB */
	rpc_finish(call, OK, NULL);
	assert_true(client_read_until(fd, &test.in, "\r\n0\r\n\r\n"));
	assert_int_equal(client_count(&test.in, "event: delta\n"), sent + 1);
	n = 1;
	for (const char *p = buf_text(&test.in); (p = strstr(p, "id: 2.")); p++, n++)
		assert_int_equal(strtol(p + 6, NULL, 10), n);
	assert_int_equal(n, sent + 1);
	close(fd);
}

/* The service needs the room. The stream is cut, so that the client comes back with its cursor. */
static void slow_readers_come_back(_unused_ void **state)
{
	struct rpc_call *call;
	int fd = open_stream("GET " EVENTS, "", "", &call);

	rpc_finish(call, rpc_fail(call, RESOURCE_EXHAUSTED, "reader_slow", "others need it"), NULL);
	assert_false(client_read_until(fd, &test.in, "0\r\n\r\n"));
	assert_false(says("event: error"));
	close(fd);
}

static void the_end_lets_streams_move(_unused_ void **state)
{
	struct rpc_call *call;
	int fd = open_stream("GET " EVENTS, "", "", &call);

	gateway_stop(TAKE_PTR(test.gateway));
	assert_false(client_read_until(fd, &test.in, "0\r\n\r\n")); /* cut: the client comes back */
	assert_false(says("event: error"));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_are_streamed),
		TEST(events_that_come_together_go_out_together),
		TEST(a_whole_stream_that_comes_at_once_is_a_stream),
		TEST(streams_refused_at_once_are_plain_answers),
		TEST(streams_go_on_where_they_were_left),
		TEST(errors_end_streams_that_began),
		TEST(slow_readers_come_back),
		TEST(a_gone_reader_cancels_the_call),
		TEST(the_end_of_a_session_ends_its_streams),
		TEST(head_does_not_wait_for_the_end),
		TEST_STARTS(idle_streams_beat),
		TEST_STARTS(slow_readers_stop_their_source),
		TEST(the_end_lets_streams_move),
	};

	return gateway_test_run(tests);
}
