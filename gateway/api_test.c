/* The routes of programs through the whole gateway: bodies as they are, and errors in the formats of
 * OpenAI and Anthropic. */
#include "runtime/base/clock.h"
#include "tests/lib/gateway.h"

#include <pthread.h>
#include <unistd.h>

#define CHAT "POST /v1/chat/completions"
#define MESSAGES "POST /v1/messages"
#define KEY "Authorization: Bearer lc-all\r\n"
#define SSE "text/event-stream"

static enum status piece(struct rpc_call *call, const char *content_type, const char *text)
{
	return fake_piece(call, content_type, text, strlen(text));
}

/* Opens an answer by events and reads its first piece. */
static int open_events(const char *line, struct rpc_call **ret)
{
	int fd = send_request(line, KEY JSON, "{}");

	buf_clear(&test.in);
	*ret = fake_stream_wait();
	assert_int_equal(piece(*ret, SSE, "data: first\n\n"), OK);
	assert_true(client_read_until(fd, &test.in, "data: first\n\n\r\n"));
	return fd;
}

/* ------------------------------------------------------------------ answers */

static void events_go_out_as_they_are(_unused_ void **state)
{
	struct rpc_call *call;
	int fd = send_request(CHAT,
			      KEY JSON "X-Stainless-Retry-Count: 2\r\nX-On-Disconnect: cancel\r\n",
			      "{\"model\":\"m\"}");

	buf_clear(&test.in);
	call = fake_stream_wait();
	assert_string_equal(fake.seen, "application/json|13|2|cancel|" FAKE_KEY "|CANCEL");
	/* A first piece without data sends the head. */
	assert_int_equal(piece(call, SSE "; charset=utf-8", ""), OK);
	assert_true(client_read_until(fd, &test.in, "\r\n\r\n"));
	assert_int_equal(client_status(&test.in), 200);
	assert_true(says("Content-Type: text/event-stream\r\n"));
	assert_true(says("x-request-id: "));
	assert_false(says("\r\nrequest-id: "));
	assert_int_equal(piece(call, "", "data: {\"a\":\"\xc3\xa4\\n\"}\n\ndata: b"), OK);
	assert_int_equal(piece(call, "", "\n\ndata: [DONE]\n\n"), OK);
	rpc_finish(call, OK, NULL);
	assert_true(client_read_until(fd, &test.in, "\r\n0\r\n\r\n"));
	assert_true(says("data: {\"a\":\"\xc3\xa4\\n\"}\n\ndata: b"));
	assert_int_equal(client_count(&test.in, "[DONE]"), 1);
	assert_false(says("\nid: "));
	close(fd);
}

/* Anthropic's client sends ?beta=true, and others limit=1000. */
static void unknown_queries_are_ignored(_unused_ void **state)
{
	EXPECT(MESSAGES "?beta=true&x=1", KEY JSON, "{\"fail\":1}", 400, "it cannot be done");
	EXPECT("GET /v1/models?unknown=1000", KEY, "", 501, "not_implemented");
	EXPECT(MESSAGES "?a=%zz", KEY JSON, "{}", 400, "the query has a broken escape");
}

static void json_is_collected(_unused_ void **state)
{
	struct rpc_call *call;
	int fd = send_request(MESSAGES, KEY JSON, "{}");

	buf_clear(&test.in);
	call = fake_stream_wait();
	assert_int_equal(piece(call, "application/json", "{\"a\":"), OK);
	assert_int_equal(piece(call, "", ""), OK);
	assert_int_equal(piece(call, "", "1}"), OK);
	rpc_finish(call, OK, NULL);
	assert_true(client_read_until(fd, &test.in, "{\"a\":1}"));
	assert_int_equal(client_status(&test.in), 200);
	assert_true(says("Content-Type: application/json\r\n"));
	assert_true(says("Content-Length: 7\r\n"));
	assert_true(says("\r\nrequest-id: "));
	close(fd);
}

/* A call whose answer is collected up to so many bytes. */
static int open_with_room(int64_t bytes, struct rpc_call **ret)
{
	int fd;

	test.conf.collected_bytes_max = bytes;
	gateway_test_start();
	fd = send_request(CHAT, KEY JSON, "{}");
	buf_clear(&test.in);
	*ret = fake_stream_wait();
	return fd;
}

static void what_is_collected_is_bounded(_unused_ void **state)
{
	struct rpc_call *call;
	int fd = open_with_room(1024, &call);

	assert_int_equal(piece(call, "application/json", arena_printf(test.arena, "%01000d", 1)),
			 OK);
	assert_int_equal(piece(call, "", arena_printf(test.arena, "%0100d", 2)), OK);
	assert_true(client_read_until(fd, &test.in, "2\r\n"));
	assert_int_equal(client_status(&test.in), 200);
	assert_true(says("Content-Type: application/json\r\n"));
	assert_true(says("Transfer-Encoding: chunked\r\n"));
	rpc_finish(call, OK, NULL);
	assert_true(client_read_until(fd, &test.in, "0\r\n\r\n"));
	close(fd);
}

/* Half a JSON text ends without the last chunk, so no client takes it for a whole one. */
static void half_a_body_is_cut(_unused_ void **state)
{
	struct rpc_call *call;
	int fd = open_with_room(1024, &call);

	assert_int_equal(piece(call, "application/json", arena_printf(test.arena, "%02000d", 1)),
			 OK);
	assert_true(client_read_until(fd, &test.in, "1\r\n"));
	rpc_finish(call, rpc_fail(call, UNAVAILABLE, "answer_restarted", "anew"), NULL);
	assert_true(client_closed(fd));
	close(fd);
}

static void an_answer_without_a_piece_is_an_error(_unused_ void **state)
{
	int fd = send_request(CHAT, KEY JSON, "{}");

	buf_clear(&test.in);
	rpc_finish(fake_stream_wait(), OK, NULL);
	assert_true(client_read_until(fd, &test.in, "}}"));
	assert_int_equal(client_status(&test.in), 500);
	assert_true(says("\"code\":\"internal_error\""));
	close(fd);
}

static void quiet_streams_beat(_unused_ void **state)
{
	struct rpc_call *call;
	int fd;

	test.conf.heartbeat_ms = 30;
	gateway_test_start();
	fd = open_events(CHAT, &call);
	assert_true(client_read_until(fd, &test.in, "3\r\n:\n\n\r\n3\r\n:\n\n\r\n"));
	rpc_finish(call, OK, NULL);
	assert_true(client_read_until(fd, &test.in, "0\r\n\r\n"));
	close(fd);
}

/* ------------------------------------------------------------------ errors */

static void errors_before_an_answer_are_plain(_unused_ void **state)
{
	EXPECT(CHAT, KEY JSON, "{\"fail\":1}", 400,
	       "{\"error\":{\"message\":\"it cannot be done\",\"type\":\"invalid_request_error\","
	       "\"param\":\"messages[0].role\",\"code\":\"unsupported_parameter\"}}",
	       "Content-Type: application/json\r\n", "x-should-retry: false\r\n");
	EXPECT(MESSAGES, KEY JSON, "{\"fail\":1}", 400,
	       "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":"
	       "\"messages[0].role: it cannot be done\"},\"request_id\":\"",
	       "\r\nrequest-id: ", "x-request-id: ");
}

static void errors_within_a_stream_are_events(_unused_ void **state)
{
	struct rpc_call *call;
	int fd = open_events(CHAT, &call);

	rpc_finish(call, rpc_fail(call, UNAVAILABLE, "provider_unavailable", "it failed"), NULL);
	assert_true(client_read_until(fd, &test.in, "\n\n\r\n0\r\n\r\n"));
	assert_true(says("\r\ndata: {\"error\":{\"message\":\"not available"));
	assert_false(says("event: "));
	close(fd);
	fd = open_events(MESSAGES, &call);
	rpc_finish(call, rpc_fail(call, UNAVAILABLE, "provider_busy", "it failed"), NULL);
	assert_true(client_read_until(fd, &test.in, "\n\n\r\n0\r\n\r\n"));
	assert_true(says("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
			 "\"overloaded_error\",\"message\":\"not available"));
	assert_true(says("\"},\"request_id\":\""));
	close(fd);
}

/* An error while pieces are collected is the answer. */
static void errors_take_the_place_of_what_was_collected(_unused_ void **state)
{
	struct rpc_call *call;
	int fd = send_request(CHAT, KEY JSON, "{}");

	buf_clear(&test.in);
	call = fake_stream_wait();
	assert_int_equal(piece(call, "application/json", "{\"half\":"), OK);
	rpc_finish(call, rpc_fail(call, UNAVAILABLE, "provider_busy", "it failed"), NULL);
	assert_true(client_read_until(fd, &test.in, "}}"));
	assert_int_equal(client_status(&test.in), 503);
	assert_true(says("x-should-retry: true\r\n"));
	assert_true(says("retry-after-ms: 1"));
	assert_true(says("retry-after: 1\r\n"));
	assert_false(says("half"));
	close(fd);
}

static void errors_of_the_gateway_have_the_format(_unused_ void **state)
{
	static const struct {
		const char *line, *headers, *body;
		int status;
		const char *part;
	} cases[] = {
		{"GET /v1/nothing", "", "", 404, "\"code\":\"unknown_url\""},
		{"GET /v1/nothing", "anthropic-version: 2023-06-01\r\n", "", 404,
		 "\"type\":\"not_found_error\""},
		{"POST /v1/messages/batches", JSON, "{}", 404, "\"type\":\"not_found_error\""},
		{CHAT, JSON, "{}", 401, "\"code\":\"invalid_api_key\""},
		{MESSAGES, JSON, "{}", 401, "\"type\":\"authentication_error\""},
		{"GET /v1/models", "anthropic-version: 2023-06-01\r\n", "", 401,
		 "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\""},
		{CHAT, "Authorization: Bearer lc-reader\r\n" JSON, "{}", 403,
		 "\"code\":\"scope_required\""},
		{MESSAGES, "x-api-key: lc-reader\r\n" JSON, "{}", 403,
		 "\"type\":\"permission_error\""},
		{"GET /v1/chat/completions", "", "", 405, "\"code\":\"method_not_allowed\""},
		{"DELETE /v1/messages", "", "", 405, "\"type\":\"invalid_request_error\""},
		{CHAT, KEY, "{}", 415, "Content-Type: application/json\",\"type\""},
		{MESSAGES, KEY "Content-Type: text/plain\r\n", "{}", 415,
		 "\"type\":\"invalid_request_error\""},
		{CHAT, KEY JSON "X-On-Disconnect: 12345678901234567\r\n", "{}", 400,
		 "\"param\":\"x-on-disconnect\""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		EXPECT(cases[i].line, cases[i].headers, cases[i].body, cases[i].status,
		       cases[i].part, "Content-Type: application/json\r\n",
		       "x-should-retry: false\r\n");
	EXPECT(MESSAGES, KEY JSON "Content-Length: 40000000\r\n", "", 400, "HTTP/1.1 400");
}

static void larger_bodies_than_allowed_are_413(_unused_ void **state)
{
	int fd = client_connect(httpd_port(test.gateway->httpd, 0));

	client_say(fd, MESSAGES " HTTP/1.1\r\nHost: chat.example\r\nContent-Length: 33554433\r\n"
				"x-api-key: lc-all\r\n" JSON "\r\n");
	buf_clear(&test.in);
	client_read_until(fd, &test.in, NULL);
	assert_int_equal(client_status(&test.in), 413);
	assert_true(says("\"type\":\"request_too_large\""));
	assert_true(says("the body may have 33554432 bytes"));
	close(fd);
}

static void pages_of_other_origins_may_read_the_headers(_unused_ void **state)
{
	EXPECT("OPTIONS /v1/messages",
	       "Origin: https://app.example\r\nAccess-Control-Request-Method: POST\r\n", "", 204,
	       "anthropic-dangerous-direct-browser-access", "x-api-key", "x-stainless-retry-count");
	EXPECT(MESSAGES, "Origin: https://app.example\r\n" JSON, "{}", 401,
	       "access-control-expose-headers: x-request-id, retry-after, request-id, "
	       "retry-after-ms, x-should-retry\r\n");
}

/* ------------------------------------------------------------------ readers and the end */

static void a_client_that_leaves_cancels_the_call(_unused_ void **state)
{
	int before = fake.cancelled, fd;
	struct rpc_call *call;

	fd = open_events(CHAT, &call);
	close(fd);
	wait_for(&fake.cancelled, before + 1);
	/* Others leave before the head, and while an answer is collected. */
	fd = send_request(CHAT, KEY JSON, "{}");
	call = fake_stream_wait();
	close(fd);
	wait_for(&fake.cancelled, before + 2);
	fd = send_request(MESSAGES, KEY JSON, "{}");
	call = fake_stream_wait();
	assert_int_equal(piece(call, "application/json", "{"), OK);
	close(fd);
	wait_for(&fake.cancelled, before + 3);
}

static void slow_readers_stop_their_source_and_lose_nothing(_unused_ void **state)
{
	static char text[20001];
	int64_t until_us = clock_mono_us() + 20 * US_PER_S;
	struct rpc_call *call;
	int fd, sent = 0;
	size_t n = 0;

	test.conf.stream_queue_bytes = 65536;
	gateway_test_start();
	fd = open_events(CHAT, &call);
	memset(text, 'x', sizeof text - 1);
	for (int refused = 0; refused < 300 && clock_mono_us() < until_us;) {
		char head[24];

		memcpy(text, head, (size_t)snprintf(head, sizeof head, "data: 0%07d", sent));
		if (fake_piece(call, "", text, sizeof text - 1) == OK) {
			sent++;
			refused = 0;
		} else {
			refused++;
			usleep(1000);
		}
	}
	assert_true(sent < 2000); /* 40 MB */
	rpc_finish(call, OK, NULL);
	assert_true(client_read_until(fd, &test.in, "\r\n0\r\n\r\n"));
	for (const char *p = buf_text(&test.in); (p = strstr(p, "data: 0")); p++, n++)
		assert_int_equal(strtol(p + 6, NULL, 10), n);
	assert_int_equal(n, sent);
	close(fd);
}

static void *stop(_unused_ void *arg)
{
	gateway_stop(TAKE_PTR(test.gateway));
	return NULL;
}

/* A program cannot go on with half an answer, so it gets the rest while the gateway drains. */
static void the_end_waits_for_answers(_unused_ void **state)
{
	int64_t until_us = clock_mono_us() + 5 * US_PER_S;
	struct gateway *gateway = test.gateway;
	struct rpc_call *call;
	pthread_t thread;
	int fd = open_events(CHAT, &call);

	assert_int_equal(pthread_create(&thread, NULL, stop, NULL), 0);
	while (!gateway->draining && clock_mono_us() < until_us)
		usleep(1000);
	usleep(20000); /* Streams that come back would be cut by now. */
	assert_int_equal(piece(call, "", "data: last\n\n"), OK);
	rpc_finish(call, OK, NULL);
	assert_true(client_read_until(fd, &test.in, "data: last\n\n\r\n0\r\n\r\n"));
	assert_false(says("event: error"));
	close(fd);
	pthread_join(thread, NULL);
}

static void the_end_has_its_time(_unused_ void **state)
{
	int before = fake.cancelled, fd;
	struct rpc_call *call;

	test.conf.drain_ms = 100;
	gateway_test_start();
	fd = open_events(CHAT, &call);
	gateway_stop(TAKE_PTR(test.gateway));
	assert_false(client_read_until(fd, &test.in, "0\r\n\r\n"));
	wait_for(&fake.cancelled, before + 1);
	close(fd);
}

/* ------------------------------------------------------------------ large bodies */

#define LARGE (20 * 1024 * 1024)

static char *large_request(size_t *ret_len)
{
	static const char head[] = MESSAGES " HTTP/1.1\r\nHost: chat.example\r\nContent-Length: "
					    "20971520\r\n" KEY JSON "\r\n";
	char *text = malloc(sizeof head + LARGE);

	assert_non_null(text);
	memcpy(text, head, sizeof head - 1);
	memset(text + sizeof head - 1, 'x', LARGE);
	*ret_len = sizeof head - 1 + LARGE;
	return text;
}

static void images_in_a_body_arrive(_unused_ void **state)
{
	int fd = client_connect(httpd_port(test.gateway->httpd, 0));
	struct rpc_call *call;
	size_t len;
	char *text = large_request(&len);

	client_send(fd, text, len);
	free(text);
	buf_clear(&test.in);
	call = fake_stream_wait();
	assert_string_equal(fake.seen, "application/json|20971520|||" FAKE_KEY "|CANCEL");
	assert_int_equal(piece(call, "application/json", "{\"a\":1}"), OK);
	rpc_finish(call, OK, NULL);
	assert_true(client_read_until(fd, &test.in, "{\"a\":1}"));
	assert_int_equal(client_status(&test.in), 200);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_go_out_as_they_are),
		TEST(unknown_queries_are_ignored),
		TEST(json_is_collected),
		TEST_STARTS(what_is_collected_is_bounded),
		TEST_STARTS(half_a_body_is_cut),
		TEST(an_answer_without_a_piece_is_an_error),
		TEST_STARTS(quiet_streams_beat),
		TEST(errors_before_an_answer_are_plain),
		TEST(errors_within_a_stream_are_events),
		TEST(errors_take_the_place_of_what_was_collected),
		TEST(errors_of_the_gateway_have_the_format),
		TEST(larger_bodies_than_allowed_are_413),
		TEST(pages_of_other_origins_may_read_the_headers),
		TEST(a_client_that_leaves_cancels_the_call),
		TEST_STARTS(slow_readers_stop_their_source_and_lose_nothing),
		TEST(the_end_waits_for_answers),
		TEST_STARTS(the_end_has_its_time),
		TEST(images_in_a_body_arrive),
	};

	return gateway_test_run(tests);
}
