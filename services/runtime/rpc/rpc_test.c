/* Server and client of runtime/rpc against each other over real sockets. Messages are wrappers of
 * google.protobuf. */
#include "runtime/net/net.h"
#include "tests/lib/rpc_pair.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define KEY_ID "0192f0c1-7b5a-7c3e-9d3e-444444444444"

/* ------------------------------------------------------------------ unary */

static void echo_over(const char *url)
{
	const char *const listen[] = {url, NULL};
	struct pair f;
	const char *got;
	struct error err;
	char *large;

	pair_open(&f, (struct rpc_server_options){.listen = listen},
		  (struct rpc_channel_options){0});
	for (int i = 0; i < 100; i++) {
		assert_int_equal(
			pair_call(&f, i % 2 ? &pair_echo : &pair_inline, "hello", NULL, &got, &err),
			OK);
		assert_string_equal(got, "hello");
	}
	assert_int_equal(pair_call(&f, &pair_echo, "worker", NULL, &got, &err), OK);
	assert_string_equal(got, "yes");
	assert_int_equal(pair_call(&f, &pair_inline, "worker", NULL, &got, &err), OK);
	assert_string_equal(got, "no");
	large = malloc(3 * 1024 * 1024 + 1); /* many windows */
	memset(large, 'x', 3 * 1024 * 1024);
	large[3 * 1024 * 1024] = '\0';
	assert_int_equal(pair_call(&f, &pair_echo, large, NULL, &got, &err), OK);
	assert_string_equal(got, large);
	assert_int_equal(pair_call(&f, &pair_inline, "", NULL, &got, &err), OK);
	assert_string_equal(got, "");
	free(large);
	pair_close(&f);
}

static void calls_come_back_over_tcp(void **state)
{
	echo_over("tcp://127.0.0.1:0");
}

static void calls_come_back_over_ipc(void **state)
{
	char url[64];

	snprintf(url, sizeof(url), "ipc:///tmp/rpc_test.%d", (int)getpid());
	echo_over(url);
}

static void an_error_comes_with_its_reason_and_field(void **state)
{
	struct pair f;
	struct error err;

	pair_open(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	for (int code = 1; code < STATUS_N; code++) {
		char text[32];

		snprintf(text, sizeof(text), "fail %d", code);
		assert_int_equal(pair_call(&f, &pair_echo, text, NULL, NULL, &err), code);
		assert_int_equal(err.code, code);
		assert_string_equal(err.reason, "hold_unknown");
		/* A text that tells of the inside does not leave the house. */
		if (code == INTERNAL || code == UNKNOWN || code == DATA_LOSS || code == UNAVAILABLE)
			assert_null(strstr(err.message, "wörds"));
		else
			assert_non_null(strstr(err.message, "wörds, 100% of them\nfail"));
	}
	assert_int_equal(pair_call(&f, &pair_echo, "field", NULL, NULL, &err), INVALID_ARGUMENT);
	assert_string_equal(err.reason, "field_invalid");
	assert_string_equal(err.field, "name.first");
	assert_int_equal(pair_call(&f, &pair_unknown, "x", NULL, NULL, &err), UNIMPLEMENTED);
	assert_int_equal(pair_call(&f, &pair_planned, "x", NULL, NULL, &err), UNIMPLEMENTED);
	assert_string_equal(err.reason, "not_implemented");
	assert_int_equal(pair_call(&f, &pair_echo, "big", NULL, NULL, &err), RESOURCE_EXHAUSTED);
	assert_string_equal(err.reason, "call_too_large");
	assert_int_equal(pair_call(&f, &pair_echo, "not \xff utf-8", NULL, NULL, &err),
			 INVALID_ARGUMENT);
	assert_string_equal(err.reason, "text_invalid");
	assert_string_equal(err.field, "value");
	pair_close(&f);
}

static void a_call_carries_its_context_and_is_let_in_by_it(void **state)
{
	struct rpc_context ctx = {.request_id = "r-1",
				  .traceparent =
					  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
				  .subject = {.user_id = "u-1", .session_id = "s-1", .admin = true},
				  .idempotency_key = "k-1"};
	const struct rpc_metadata color = {"x-color", "blue", 4};
	struct rpc_call_options options = {.parent = &ctx, .metadata = &color, .n_metadata = 1};
	struct pair f;
	const char *got;
	struct error err;

	pair_open(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	assert_int_equal(pair_call(&f, &pair_admin, "meta", &options, &got, &err), OK);
	assert_string_equal(got, "r-1|00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01|u-1|"
				 "s-1|1|k-1|blue");
	ctx.subject.admin = false;
	assert_int_equal(pair_call(&f, &pair_user, "meta", &options, &got, &err), OK);
	assert_int_equal(pair_call(&f, &pair_admin, "meta", &options, &got, &err),
			 PERMISSION_DENIED);
	assert_string_equal(err.reason, "role_required");
	ctx.subject.user_id[0] = '\0';
	assert_int_equal(pair_call(&f, &pair_user, "meta", &options, &got, &err), UNAUTHENTICATED);
	assert_string_equal(err.reason, "unauthenticated");
	pair_close(&f);
}

static void a_call_carries_the_key_of_its_caller(void **state)
{
	struct rpc_context ctx = {.subject = {"u-1", "", false, KEY_ID, "CANCEL"}};
	const struct rpc_call_options options = {.parent = &ctx};
	struct pair f;
	const char *got;
	struct error err;

	pair_open(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	assert_int_equal(pair_call(&f, &pair_user, "key", &options, &got, &err), OK);
	assert_string_equal(got, KEY_ID "|CANCEL");
	ctx.subject.on_disconnect[0] = '\0';
	assert_int_equal(pair_call(&f, &pair_user, "key", &options, &got, &err), OK);
	assert_string_equal(got, KEY_ID "|");
	/* What is no key, or no policy, is refused, for the call would spend past the key's
	 * budget. */
	memcpy(ctx.subject.on_disconnect, "cancel", 7);
	assert_int_equal(pair_call(&f, &pair_user, "key", &options, &got, &err), INTERNAL);
	ctx.subject.on_disconnect[0] = '\0';
	ctx.subject.api_key_id[0] = 'g';
	assert_int_equal(pair_call(&f, &pair_user, "key", &options, &got, &err), INTERNAL);
	assert_string_equal(err.reason, "protocol_error");
	pair_close(&f);
}

static void a_deadline_ends_a_call_on_both_sides(void **state)
{
	struct rpc_call_options options = {.timeout_ms = 50};
	struct pair f;
	struct error err;
	int64_t start;

	pair_open(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	start = clock_mono_us();
	assert_int_equal(pair_call(&f, &pair_echo, "sleep", &options, NULL, &err),
			 DEADLINE_EXCEEDED);
	assert_string_equal(err.reason, "deadline");
	assert_true(clock_mono_us() - start >= 50 * US_PER_MS);
	assert_true(clock_mono_us() - start < 1000 * US_PER_MS);
	pair_close(&f); /* the handler saw the end too, or this would wait */
}

/* One worker is busy and one call waits: the next is refused, and the one that waited too long
 * never runs. */
static void a_full_queue_refuses(void **state)
{
	struct rpc_call_options options = {.timeout_ms = 100};
	struct pair f;
	struct error err;

	pair_open(&f, (struct rpc_server_options){.workers = 1, .queue_max = 1},
		  (struct rpc_channel_options){0});
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pair_call(&f, &pair_echo, "gate", &options, NULL, &err),
				 DEADLINE_EXCEEDED);
		wait_for(pair_running == 1);
	}
	assert_int_equal(pair_call(&f, &pair_echo, "x", NULL, NULL, &err), RESOURCE_EXHAUSTED);
	assert_string_equal(err.reason, "overloaded");
	pair_gate = true;
	pair_close(&f);
	assert_int_equal(pair_running, 1);
}

/* ------------------------------------------------------------------ streams */

static _Atomic int together_ok;

static void together_reply(void *ctx, enum status status, const ProtobufCMessage *resp,
			   const struct error *err)
{
	if (status == OK && strcmp(pair_text_of(resp), ctx) == 0)
		together_ok++;
}

static void together(struct pair *f, const struct rpc_method *method, char *text, int n)
{
	pair_text req = PAIR_TEXT_INIT;

	req.value = text;
	for (int i = 0; i < n; i++)
		rpc_call_async(f->channel, method, NULL, &req.base, together_reply, text);
}

/* One worker has many pipelined calls under way while more wait for it; then another method comes
 * in between. */
static void pipelined_calls_wait_side_by_side(void **state)
{
	struct pair f;

	together_ok = 0;
	pair_open(&f, (struct rpc_server_options){.workers = 1}, (struct rpc_channel_options){0});
	together(&f, &pair_pipelined, "together 16", 40);
	wait_for(together_ok == 40);
	together(&f, &pair_pipelined, "a", 10);
	together(&f, &pair_echo, "b", 1);
	together(&f, &pair_pipelined, "c", 10);
	wait_for(together_ok == 61);
	pair_close(&f);
}

static void a_server_stream_comes_in_order(void **state)
{
	struct pair_listener l = {0}, refused = {0};
	struct pair f;

	pair_open(&f, (struct rpc_server_options){.stream_queue_bytes = 10000},
		  (struct rpc_channel_options){0});
	pair_stream(&f, &pair_count, "100000", NULL, &l);
	wait_for(l.over);
	assert_int_equal(l.status, OK);
	assert_int_equal(l.messages, 100000);
	assert_int_equal(l.in_order, 100000);
	assert_true(l.headers);
	pair_stream(&f, &pair_count, "fail", NULL, &refused);
	wait_for(refused.over);
	assert_int_equal(refused.status, FAILED_PRECONDITION);
	assert_string_equal(refused.err.reason, "insufficient_credits");
	assert_false(refused.headers);
	wait_for(pair_ended == 1);
	pair_close(&f);
}

/* A reader that stops also stops the writer: windows and queue bound the bytes under way. */
static void a_reader_that_stops_stops_the_writer(void **state)
{
	struct pair_listener l = {.stop_at = 10};
	struct pair f;

	pair_open(&f, (struct rpc_server_options){.stream_queue_bytes = 10000},
		  (struct rpc_channel_options){0});
	pair_stream(&f, &pair_count, "1000000", NULL, &l);
	wait_for(l.messages == 10);
	usleep(50000);
	assert_int_equal(l.messages, 10);
	l.stop_at = 1000;
	rpc_client_resume(l.call);
	wait_for(l.messages == 1000);
	rpc_client_cancel(l.call);
	wait_for(l.over);
	assert_int_equal(l.status, CANCELLED);
	wait_for(pair_cancelled == 1 && pair_ended == 1);
	pair_close(&f);
}

/* Messages that came before the end wait for a reader that stopped, and so does the end. */
static void what_came_before_the_end_is_told_after_it(void **state)
{
	struct pair_listener l = {.stop_at = 3}, gone = {.stop_at = 3};
	struct pair f;

	pair_open(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	pair_stream(&f, &pair_count, "10", NULL, &l);
	pair_stream(&f, &pair_count, "10", NULL, &gone);
	wait_for(l.messages == 3 && gone.messages == 3 && pair_ended == 2);
	usleep(50000);
	assert_false(l.over);
	l.stop_at = 0;
	rpc_client_resume(l.call);
	wait_for(l.over);
	assert_int_equal(l.status, OK);
	assert_int_equal(l.messages, 10);
	rpc_client_cancel(gone.call);
	wait_for(gone.over);
	assert_int_equal(gone.messages, 3);
	pair_close(&f);
}

static void a_deadline_ends_a_stream(void **state)
{
	struct rpc_call_options options = {.timeout_ms = 500}; /* it must arrive first */
	struct pair_listener l = {0};
	struct pair f;

	pair_open(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	pair_stream(&f, &pair_count, "silent", &options, &l);
	wait_for(l.over);
	assert_int_equal(l.status, DEADLINE_EXCEEDED);
	wait_for(pair_cancelled == 1 && pair_ended == 1);
	pair_close(&f);
}

static void a_client_stream_is_answered_once(void **state)
{
	struct pair_listener l = {0};
	struct pair f;
	int n = 0;

	pair_open(&f, (struct rpc_server_options){0},
		  (struct rpc_channel_options){.stream_queue_bytes = 5000});
	pair_stream(&f, &pair_sum, NULL, NULL, &l);
	while (n < 20000) {
		l.writable = false;
		if (pair_say(&l, "0123456789") == OK) {
			n++;
			continue;
		}
		wait_for(l.writable);
	}
	rpc_client_close_send(l.call);
	wait_for(l.over);
	assert_int_equal(l.status, OK);
	assert_string_equal(l.text, "200000 in 20000");
	pair_close(&f);
}

static void both_sides_talk_at_once(void **state)
{
	struct pair_listener l = {0}, gone = {0};
	struct pair f;

	pair_open(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	pair_stream(&f, &pair_talk, NULL, NULL, &l);
	for (int i = 1; i <= 100; i++) {
		assert_int_equal(pair_say(&l, i == 50 ? "keep" : "word"), OK);
		if (i != 50)
			continue;
		for (int j = 51; j <= 60; j++)
			assert_int_equal(pair_say(&l, "word"), OK);
		i = 60;
	}
	wait_for(l.messages == 100);
	rpc_client_close_send(l.call);
	wait_for(l.over);
	assert_int_equal(l.status, OK);
	pair_stream(&f, &pair_talk, NULL, NULL, &gone);
	assert_int_equal(pair_say(&gone, "word"), OK);
	wait_for(gone.messages == 1);
	rpc_client_cancel(gone.call);
	wait_for(gone.over && pair_cancelled == 1);
	pair_close(&f);
}

/* ------------------------------------------------------------------ connections */

static void an_address_where_nobody_listens_fails_at_once(void **state)
{
	struct rpc_channel_options options = {.target = "tcp://127.0.0.1:1"};
	struct rpc_call_options wait = {.timeout_ms = 50, .wait_for_ready = true};
	struct pair f = {.arena = arena_new(4096, 1 << 20)};
	struct error err;

	f.channel = rpc_channel_open(&options);
	assert_int_equal(pair_call(&f, &pair_echo, "x", NULL, NULL, &err), UNAVAILABLE);
	assert_string_equal(err.reason, "service_unavailable");
	assert_int_equal(pair_call(&f, &pair_echo, "x", &wait, NULL, &err), DEADLINE_EXCEEDED);
	rpc_channel_close(f.channel);
	options.target = "tcp://no-such-host.invalid:1";
	f.channel = rpc_channel_open(&options);
	assert_int_equal(pair_call(&f, &pair_echo, "x", NULL, NULL, &err), UNAVAILABLE);
	rpc_channel_close(f.channel);
	arena_free(f.arena);
}

static void a_closed_channel_ends_its_calls(void **state)
{
	struct pair_listener l = {0};
	struct pair f;

	pair_open(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	pair_stream(&f, &pair_count, "silent", NULL, &l);
	rpc_channel_close(f.channel);
	assert_true(l.over);
	assert_int_equal(l.status, CANCELLED);
	rpc_server_drain(f.server);
	rpc_server_free(f.server);
	arena_free(f.arena);
}

static void *drain_main(void *arg)
{
	rpc_server_drain(arg);
	return NULL;
}

/* A call that runs when the drain begins ends well; a later one is told UNAVAILABLE at once. */
static void a_drain_lets_calls_finish(void **state)
{
	struct pair_listener l = {0};
	struct pair f;
	struct error err;
	pthread_t thread;

	pair_open(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	pair_stream(&f, &pair_talk, NULL, NULL, &l);
	assert_int_equal(pair_say(&l, "1"), OK);
	wait_for(l.messages == 1);
	pthread_create(&thread, NULL, drain_main, f.server);
	wait_for(pair_call(&f, &pair_inline, "x", NULL, NULL, &err) == UNAVAILABLE);
	assert_int_equal(pair_say(&l, "2"), OK);
	wait_for(l.messages == 2);
	rpc_client_close_send(l.call);
	wait_for(l.over);
	assert_int_equal(l.status, OK);
	pthread_join(thread, NULL);
	rpc_channel_close(f.channel);
	rpc_server_free(f.server);
	arena_free(f.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_come_back_over_tcp),
		cmocka_unit_test(calls_come_back_over_ipc),
		cmocka_unit_test(an_error_comes_with_its_reason_and_field),
		cmocka_unit_test(a_call_carries_its_context_and_is_let_in_by_it),
		cmocka_unit_test(a_call_carries_the_key_of_its_caller),
		cmocka_unit_test(a_deadline_ends_a_call_on_both_sides),
		cmocka_unit_test(a_full_queue_refuses),
		cmocka_unit_test(pipelined_calls_wait_side_by_side),
		cmocka_unit_test(a_server_stream_comes_in_order),
		cmocka_unit_test(a_reader_that_stops_stops_the_writer),
		cmocka_unit_test(what_came_before_the_end_is_told_after_it),
		cmocka_unit_test(a_deadline_ends_a_stream),
		cmocka_unit_test(a_client_stream_is_answered_once),
		cmocka_unit_test(both_sides_talk_at_once),
		cmocka_unit_test(an_address_where_nobody_listens_fails_at_once),
		cmocka_unit_test(a_closed_channel_ends_its_calls),
		cmocka_unit_test(a_drain_lets_calls_finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
