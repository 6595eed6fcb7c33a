/* An operator's view of calls, and how connections grow old and fall silent. */
#include "runtime/rpc/rpc.h"

#include "grpc/health/v1/health.pb-c.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"
#include "tests/lib/h2_raw.h"
#include "tests/lib/rpc_pair.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

/* ------------------------------------------------------------------ metrics */

/* Value of the sample whose line begins so; -1: there is none. */
static double sample(const char *name_and_labels)
{
	struct buf text;
	const char *line;
	double value = -1;
	size_t len = strlen(name_and_labels);

	buf_init(&text, 4 * 1024 * 1024);
	metrics_write(&text);
	for (line = buf_text(&text); line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name_and_labels, len) == 0 && line[len] == ' ')
			value = strtod(line + len, NULL);
	}
	buf_done(&text);
	return value;
}

#define ECHO "{method=\"/test.v1.Test/Echo\""

static void calls_are_counted(void **state)
{
	struct pair_listener held = {0};
	struct pair pair;
	struct error err;

	pair_open(&pair, (struct rpc_server_options){.service = "test", .workers = 1},
		  (struct rpc_channel_options){0});
	for (int i = 0; i < 3; i++)
		assert_int_equal(pair_call(&pair, &pair_echo, "hello", NULL, NULL, &err), OK);
	assert_int_equal(pair_call(&pair, &pair_echo, "fail 5", NULL, NULL, &err), NOT_FOUND);
	pair_stream(&pair, &pair_count, "silent", NULL, &held);
	wait_for(sample("rpc_server_calls_in_flight{method=\"/test.v1.Test/Count\"}") == 1);
	assert_true(sample("rpc_client_calls_in_flight{method=\"/test.v1.Test/Count\"}") == 1);
	rpc_client_cancel(held.call);
	wait_for(held.over);
	wait_for(sample("rpc_server_calls_in_flight{method=\"/test.v1.Test/Count\"}") == 0);
	assert_true(sample("rpc_server_calls_total" ECHO ",code=\"OK\"}") == 3);
	assert_true(sample("rpc_server_calls_total" ECHO ",code=\"NOT_FOUND\"}") == 1);
	assert_true(sample("rpc_server_call_seconds_count" ECHO "}") == 4);
	assert_true(sample("rpc_server_call_seconds_sum" ECHO "}") > 0);
	assert_true(sample("rpc_server_calls_in_flight" ECHO "}") == 0);
	/* Prefix, tag, length and the text. */
	assert_true(sample("rpc_server_received_bytes_total" ECHO "}") == 3 * 12 + 13);
	assert_true(sample("rpc_server_sent_bytes_total" ECHO "}") == 3 * 12);
	assert_true(sample("rpc_client_calls_total" ECHO ",code=\"OK\"}") == 3);
	assert_true(sample("rpc_client_call_seconds_count" ECHO "}") == 4);
	assert_true(sample("rpc_client_retries_total" ECHO "}") == 0);
	assert_true(sample("rpc_server_queue") == 0);
	pair_close(&pair);
}

/* ------------------------------------------------------------------ log */

static void a_call_is_one_line_of_the_log(void **state)
{
	static const char trace[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	struct rpc_context ctx = {.request_id = "r-77", .subject.user_id = "u-7"};
	const struct rpc_call_options options = {.parent = &ctx};
	char said[16384], name[] = "/tmp/rpc_observe_XXXXXX";
	int file = mkstemp(name), saved = dup(STDERR_FILENO);
	struct pair pair;
	struct error err;
	const char *line;
	ssize_t n;

	memcpy(ctx.traceparent, trace, sizeof(trace));
	assert_true(file >= 0 && saved >= 0);
	pair_open(&pair, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
	assert_int_equal(pair_call(&pair, &pair_user, "fail 9", &options, NULL, &err),
			 FAILED_PRECONDITION);
	pair_close(&pair);
	dup2(saved, STDERR_FILENO);
	n = pread(file, said, sizeof(said) - 1, 0);
	assert_true(n > 0);
	said[n] = '\0';
	close(file);
	close(saved);
	unlink(name);
	line = strstr(said, "\"event\":\"rpc\"");
	assert_non_null(line);
	assert_null(strstr(line + 1, "\"event\":\"rpc\"")); /* one line per call */
	assert_non_null(strstr(said, "\"method\":\"/test.v1.Test/User\""));
	assert_non_null(strstr(said, "\"request_id\":\"r-77\""));
	assert_non_null(strstr(said, trace));
	assert_non_null(strstr(said, "\"user_id\":\"u-7\""));
	assert_non_null(strstr(said, "\"code\":\"FAILED_PRECONDITION\""));
	assert_non_null(strstr(said, "\"reason\":\"hold_unknown\""));
	assert_non_null(strstr(said, "\"dur_us\":"));
}

/* ------------------------------------------------------------------ connections */

/* A connection that is old is left for a new one, and no call fails for it; an idle one just
 * ends. */
static void an_old_connection_is_replaced_without_a_failed_call(void **state)
{
	struct pair pair;
	struct error err;
	int64_t until;
	int fd;

	pair_open(&pair, (struct rpc_server_options){.connection_age_ms = 50},
		  (struct rpc_channel_options){.backoff_initial_ms = 20});
	fd = h2_connect(rpc_server_port(pair.server, 0), 0);
	h2_hello(fd);
	until = clock_mono_us() + 500 * US_PER_MS;
	while (clock_mono_us() < until)
		if (pair_call(&pair, &pair_echo, "x", NULL, NULL, &err) != OK)
			fail_msg("%s", err.message);
	assert_true(h2_ended(fd, WAIT_MS));
	close(fd);
	pair_close(&pair);
}

/* A server of ours that speaks by hand: the connection of a stream has begun HTTP/2. text: of Count;
 * NULL: the stream is a Talk. */
static int accept_stream(struct pair *pair, struct rpc_channel_options options, const char *text,
			 struct pair_listener *stream)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	uint8_t preface[24];

	ensure(listener >= 0 && bind(listener, (struct sockaddr *)&address, len) == 0 &&
	       listen(listener, 1) == 0 &&
	       getsockname(listener, (struct sockaddr *)&address, &len) == 0);
	snprintf(pair->target, sizeof(pair->target), "tcp://127.0.0.1:%d", ntohs(address.sin_port));
	options.target = pair->target;
	pair->channel = rpc_channel_open(&options);
	pair_stream(pair, text ? &pair_count : &pair_talk, text, NULL, stream);
	fd = accept(listener, NULL, NULL);
	ensure(fd >= 0 && recv(fd, preface, sizeof(preface), MSG_WAITALL) == sizeof(preface) &&
	       h2_frame(fd, H2_SETTINGS, 0, 0, NULL, 0));
	close(listener);
	return fd;
}

/* A server that begins well and then says nothing: the call ends, though it has no deadline. */
static void a_silent_server_is_given_up(void **state)
{
	struct pair_listener l = {0};
	struct pair pair;
	int fd = accept_stream(
		&pair,
		(struct rpc_channel_options){.keepalive_ms = 100, .keepalive_timeout_ms = 100},
		"silent", &l);

	wait_for(l.over);
	assert_int_equal(l.status, UNAVAILABLE);
	rpc_channel_close(pair.channel);
	close(fd);
}

/* A stream that the server refused unseen is tried again, also when the method may not be repeated;
 * one that it may have seen is not. */
static void a_stream_that_was_refused_is_tried_again(void **state)
{
	static const uint8_t refused[] = {0, 0, 0, 7}, internal[] = {0, 0, 0, 2};
	struct pair_listener l = {0};
	struct h2_answer request;
	struct pair pair;
	int fd = accept_stream(&pair, (struct rpc_channel_options){0}, "1", &l);

	assert_true(h2_read_answer(fd, 1, &request));
	assert_true(h2_frame(fd, H2_RST_STREAM, 0, 1, refused, sizeof(refused)));
	assert_true(h2_read_answer(fd, 3, &request));
	assert_false(l.over);
	assert_true(h2_frame(fd, H2_RST_STREAM, 0, 3, internal, sizeof(internal)));
	wait_for(l.over);
	assert_int_equal(l.status, INTERNAL);
	rpc_channel_close(pair.channel);
	close(fd);
}

/* A message that went out is not kept, so the stream cannot be tried again with it: the caller hears
 * of the refusal instead of going on without the message. */
static void a_stream_is_not_tried_again_without_its_messages(void **state)
{
	static const uint8_t refused[] = {0, 0, 0, 7};
	struct pair_listener l = {0};
	uint8_t frame[9 + 16384];
	struct pair pair;
	int fd = accept_stream(&pair, (struct rpc_channel_options){0}, NULL, &l);

	assert_int_equal(pair_say(&l, "first"), OK);
	do { /* up to the DATA frame */
		size_t len;

		assert_int_equal(recv(fd, frame, 9, MSG_WAITALL), 9);
		len = (size_t)frame[0] << 16 | (size_t)frame[1] << 8 | frame[2];
		assert_in_range(len, 0, 16384);
		assert_true(len == 0 || recv(fd, frame + 9, len, MSG_WAITALL) == (ssize_t)len);
	} while (frame[3] != 0);
	assert_true(h2_frame(fd, H2_RST_STREAM, 0, 1, refused, sizeof(refused)));
	wait_for(l.over);
	assert_int_equal(l.status, UNAVAILABLE);
	assert_non_null(strstr(l.err.message, "REFUSED_STREAM")); /* of the first try */
	rpc_channel_close(pair.channel);
	close(fd);
}

/* ------------------------------------------------------------------ health */

#define SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define NOT_SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING

static _Atomic int watched_status, watched_n;

static bool watched(struct rpc_client_call *call, const ProtobufCMessage *message, void *ctx)
{
	watched_status = (int)((const Grpc__Health__V1__HealthCheckResponse *)message)->status;
	watched_n++;
	return true;
}

static void watch_end(struct rpc_client_call *call, enum status status, const struct error *err,
		      void *ctx)
{
	watched_status = -1;
}

/* A watcher hears of each change at once, by name, and of the drain. */
static void a_watch_of_health_hears_each_change(void **state)
{
	static const struct rpc_method watch = {
		.path = "/grpc.health.v1.Health/Watch",
		.kind = RPC_SERVER_STREAM,
		.req = &grpc__health__v1__health_check_request__descriptor,
		.resp = &grpc__health__v1__health_check_response__descriptor,
	};
	static const struct rpc_client_hooks hooks = {.on_message = watched, .on_end = watch_end};
	Grpc__Health__V1__HealthCheckRequest req = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	struct pair pair;

	watched_n = 0;
	pair_open(&pair, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	req.service = (char *)"test.v1.Test";
	rpc_stream_open(pair.channel, &watch, NULL, &req.base, &hooks, NULL);
	wait_for(watched_n == 1);
	assert_int_equal(watched_status, SERVING);
	rpc_server_set_serving(pair.server, false);
	wait_for(watched_status == NOT_SERVING);
	rpc_server_set_serving(pair.server, true);
	wait_for(watched_status == SERVING);
	rpc_server_drain(pair.server); /* also ends the watch */
	wait_for(watched_status == -1);
	assert_int_equal(watched_n, 4);
	pair_close(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_counted),
		cmocka_unit_test(a_call_is_one_line_of_the_log),
		cmocka_unit_test(an_old_connection_is_replaced_without_a_failed_call),
		cmocka_unit_test(a_silent_server_is_given_up),
		cmocka_unit_test(a_stream_that_was_refused_is_tried_again),
		cmocka_unit_test(a_stream_is_not_tried_again_without_its_messages),
		cmocka_unit_test(a_watch_of_health_hears_each_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
