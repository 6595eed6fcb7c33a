/* Server and client of runtime/rpc against each other over real sockets. Messages are wrappers of
 * google.protobuf. */
#include "runtime/rpc/rpc.h"

#include "google/protobuf/wrappers.pb-c.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/net/net.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define WAIT_MS 10000
#define wait_for(condition)                                               \
	do {                                                              \
		int64_t wait_end = clock_mono_us() + WAIT_MS * US_PER_MS; \
		while (!(condition) && clock_mono_us() < wait_end)        \
			usleep(500);                                      \
		assert_true(condition);                                   \
	} while (0)

typedef Google__Protobuf__StringValue text_message;
#define TEXT_TYPE &google__protobuf__string_value__descriptor

/* ------------------------------------------------------------------ a service for tests */

static _Atomic int running, cancelled, ended;
static _Atomic bool gate; /* handlers wait for it */

static const char *text_of(const ProtobufCMessage *message)
{
	return ((const text_message *)message)->value;
}

/* The request says what to do: "fail CODE", "sleep", "gate", "meta", else it is echoed. */
static enum status echo(struct rpc_call *call, const ProtobufCMessage *req, ProtobufCMessage *resp)
{
	const char *text = text_of(req);
	int code;

	running++;
	if (sscanf(text, "fail %d", &code) == 1) {
		rpc_error_detail(call, "limit", "7");
		return rpc_fail(call, code, "hold_unknown", "wörds, 100%% of them\n%s", text);
	}
	if (strcmp(text, "field") == 0)
		return rpc_fail_field(call, "field_invalid", "name.first", "too short");
	while (strcmp(text, "gate") == 0 && !gate)
		usleep(500);
	while (strcmp(text, "sleep") == 0 && !rpc_cancelled(call))
		usleep(500);
	if (strcmp(text, "meta") == 0)
		text = arena_printf(call->arena, "%s|%s|%s|%s|%d|%s|%s", call->ctx.request_id,
				    call->ctx.traceparent, call->subject,
				    call->ctx.subject.session_id, call->ctx.subject.admin,
				    call->ctx.idempotency_key, rpc_metadata(call, "x-color"));
	if (strcmp(text, "big") == 0)
		while (arena_alloc(call->arena, 1024 * 1024))
			continue;
	if (strcmp(text, "worker") == 0)
		text = call->worker ? "yes" : "no";
	((text_message *)resp)->value = (char *)text;
	return OK;
}

struct counting {
	struct rpc_call *call;
	int64_t next, last;
	_Atomic bool finished;
};

static void count_done(void *ctx)
{
	ended++;
	free(ctx);
}

static void count_on(struct rpc_call *call, void *ctx)
{
	struct counting *counting = ctx;
	char text[32];
	text_message message = GOOGLE__PROTOBUF__STRING_VALUE__INIT;

	message.value = text;
	for (; counting->next <= counting->last; counting->next++) {
		snprintf(text, sizeof(text), "%lld", (long long)counting->next);
		if (rpc_stream_send(call, &message.base) != OK)
			return;
	}
	if (!atomic_exchange(&counting->finished, true))
		rpc_finish(call, OK, NULL);
}

static void count_cancel(struct rpc_call *call, void *ctx)
{
	struct counting *counting = ctx;

	cancelled++;
	if (!atomic_exchange(&counting->finished, true))
		rpc_finish(call, CANCELLED, NULL);
}

/* Server stream: "N" counts 1 … N; "silent" sends nothing at all. */
static enum status count(struct rpc_call *call, const ProtobufCMessage *req, ProtobufCMessage *resp)
{
	static const struct rpc_stream_hooks hooks = {
		.on_writable = count_on, .on_cancel = count_cancel, .on_done = count_done};
	struct counting *counting;

	if (strcmp(text_of(req), "fail") == 0)
		return rpc_fail(call, FAILED_PRECONDITION, "insufficient_credits", "no money");
	counting = calloc(1, sizeof(*counting));
	ensure(counting);
	counting->next = 1;
	counting->last = atoll(text_of(req));
	rpc_stream_hooks_set(call, &hooks, counting);
	if (strcmp(text_of(req), "silent") != 0)
		count_on(call, counting);
	return RPC_LATER;
}

/* Client stream: the sum of the lengths. */
struct sum {
	int64_t bytes, messages;
};

static bool sum_message(struct rpc_call *call, const ProtobufCMessage *message, void *ctx)
{
	struct sum *sum = ctx;

	sum->bytes += (int64_t)strlen(text_of(message));
	sum->messages++;
	return true;
}

static void sum_end(struct rpc_call *call, void *ctx)
{
	struct sum *sum = ctx;
	text_message resp = GOOGLE__PROTOBUF__STRING_VALUE__INIT;

	resp.value = arena_printf(call->arena, "%lld in %lld", (long long)sum->bytes,
				  (long long)sum->messages);
	rpc_finish(call, OK, &resp.base);
}

static void sum_cancel(struct rpc_call *call, void *ctx)
{
	cancelled++;
	rpc_finish(call, CANCELLED, NULL);
}

static enum status sum(struct rpc_call *call, const ProtobufCMessage *req, ProtobufCMessage *resp)
{
	static const struct rpc_stream_hooks hooks = {.on_message = sum_message,
						      .on_half_close = sum_end,
						      .on_cancel = sum_cancel,
						      .on_done = count_done};
	struct sum *made = calloc(1, sizeof(*made));

	ensure(made);
	rpc_stream_hooks_set(call, &hooks, made);
	return RPC_LATER;
}

/* Bidirectional: each message comes back. One that says "keep" is kept, and echoed by another
 * thread later. */
static void resume_later(void *ctx)
{
	rpc_stream_resume(ctx);
}

static bool talk_message(struct rpc_call *call, const ProtobufCMessage *message, void *ctx)
{
	if (rpc_stream_send(call, message) != OK)
		return true;
	if (strcmp(text_of(message), "keep") != 0)
		return true;
	net_timer_start(clock_mono_us() + 20 * US_PER_MS, resume_later, call);
	return false;
}

static void talk_end(struct rpc_call *call, void *ctx)
{
	rpc_finish(call, OK, NULL);
}

static enum status talk(struct rpc_call *call, const ProtobufCMessage *req, ProtobufCMessage *resp)
{
	static const struct rpc_stream_hooks hooks = {
		.on_message = talk_message, .on_half_close = talk_end, .on_cancel = sum_cancel};

	rpc_stream_hooks_set(call, &hooks, NULL);
	return RPC_LATER;
}

#define METHOD(name, kind, access, idempotent, run_inline)                                      \
	{                                                                                       \
		"/test.v1.Test/" name, kind, TEXT_TYPE, TEXT_TYPE, access, NULL, 0, idempotent, \
			run_inline                                                              \
	}

static const struct rpc_method m_echo = METHOD("Echo", RPC_UNARY, RPC_ACCESS_PUBLIC, false, false);
static const struct rpc_method m_inline =
	METHOD("Inline", RPC_UNARY, RPC_ACCESS_PUBLIC, true, true);
static const struct rpc_method m_user = METHOD("User", RPC_UNARY, RPC_ACCESS_USER, true, true);
static const struct rpc_method m_admin = METHOD("Admin", RPC_UNARY, RPC_ACCESS_ADMIN, true, true);
static const struct rpc_method m_planned =
	METHOD("Planned", RPC_UNARY, RPC_ACCESS_PUBLIC, false, false);
static const struct rpc_method m_count =
	METHOD("Count", RPC_SERVER_STREAM, RPC_ACCESS_PUBLIC, false, false);
static const struct rpc_method m_sum =
	METHOD("Sum", RPC_CLIENT_STREAM, RPC_ACCESS_PUBLIC, false, false);
static const struct rpc_method m_talk =
	METHOD("Talk", RPC_BIDI_STREAM, RPC_ACCESS_PUBLIC, false, false);
static const struct rpc_method m_unknown =
	METHOD("Unknown", RPC_UNARY, RPC_ACCESS_PUBLIC, false, false);

static const struct rpc_handler handlers[] = {
	{&m_echo, echo},   {&m_inline, echo},  {&m_user, echo}, {&m_admin, echo},
	{&m_count, count}, {&m_planned, NULL}, {&m_sum, sum},   {&m_talk, talk},
};

/* ------------------------------------------------------------------ fixture: one server, one
 * channel */

struct fixture {
	struct rpc_server *server;
	struct rpc_channel *channel;
	struct arena *arena;
	char url[80], target[80];
};

static void *worker_init(void *ctx)
{
	return (void *)1;
}

static void open_both(struct fixture *f, struct rpc_server_options server,
		      struct rpc_channel_options channel)
{
	const char *const listen[] = {server.listen ? server.listen[0] : "tcp://127.0.0.1:0", NULL};
	struct error err;

	running = cancelled = ended = 0;
	gate = false;
	server.listen = listen;
	server.worker_init = worker_init;
	f->server = rpc_server_new(&server);
	rpc_server_register(f->server, handlers, ARRAY_SIZE(handlers));
	if (rpc_server_start(f->server, &err) != OK)
		fail_msg("%s", err.message);
	if (rpc_server_port(f->server, 0))
		snprintf(f->target, sizeof(f->target), "tcp://127.0.0.1:%d",
			 rpc_server_port(f->server, 0));
	else
		snprintf(f->target, sizeof(f->target), "%s", listen[0]);
	channel.target = f->target;
	f->channel = rpc_channel_open(&channel);
	f->arena = arena_new(4096, 64 * 1024 * 1024);
}

static void close_both(struct fixture *f)
{
	rpc_channel_close(f->channel);
	rpc_server_drain(f->server);
	rpc_server_free(f->server);
	arena_free(f->arena);
}

static enum status call_text(struct fixture *f, const struct rpc_method *method, const char *text,
			     const struct rpc_call_options *options, const char **ret,
			     struct error *err)
{
	text_message req = GOOGLE__PROTOBUF__STRING_VALUE__INIT;
	ProtobufCMessage *resp;
	enum status s;

	req.value = (char *)text;
	*err = (struct error){0};
	s = rpc_call_blocking(f->channel, method, options, &req.base, f->arena, &resp, err);
	if (s == OK && ret)
		*ret = text_of(resp);
	return s;
}

/* ------------------------------------------------------------------ unary */

static void echo_over(const char *url)
{
	const char *const listen[] = {url, NULL};
	struct fixture f;
	const char *got;
	struct error err;
	char *large;

	open_both(&f, (struct rpc_server_options){.listen = listen},
		  (struct rpc_channel_options){0});
	for (int i = 0; i < 100; i++) {
		assert_int_equal(
			call_text(&f, i % 2 ? &m_echo : &m_inline, "hello", NULL, &got, &err), OK);
		assert_string_equal(got, "hello");
	}
	assert_int_equal(call_text(&f, &m_echo, "worker", NULL, &got, &err), OK);
	assert_string_equal(got, "yes");
	assert_int_equal(call_text(&f, &m_inline, "worker", NULL, &got, &err), OK);
	assert_string_equal(got, "no");
	large = malloc(3 * 1024 * 1024 + 1); /* many windows */
	memset(large, 'x', 3 * 1024 * 1024);
	large[3 * 1024 * 1024] = '\0';
	assert_int_equal(call_text(&f, &m_echo, large, NULL, &got, &err), OK);
	assert_string_equal(got, large);
	assert_int_equal(call_text(&f, &m_inline, "", NULL, &got, &err), OK);
	assert_string_equal(got, "");
	free(large);
	close_both(&f);
}

static void test_unary_tcp(void **state)
{
	echo_over("tcp://127.0.0.1:0");
}

static void test_unary_ipc(void **state)
{
	char url[64];

	snprintf(url, sizeof(url), "ipc:///tmp/rpc_test.%d", (int)getpid());
	echo_over(url);
}

static void test_errors(void **state)
{
	struct fixture f;
	struct error err;

	open_both(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	for (int code = 1; code < STATUS_N; code++) {
		char text[32];

		snprintf(text, sizeof(text), "fail %d", code);
		assert_int_equal(call_text(&f, &m_echo, text, NULL, NULL, &err), code);
		assert_int_equal(err.code, code);
		assert_string_equal(err.reason, "hold_unknown");
		/* What may tell what is inside does not leave the house. */
		if (code == INTERNAL || code == UNKNOWN || code == DATA_LOSS || code == UNAVAILABLE)
			assert_null(strstr(err.message, "wörds"));
		else
			assert_non_null(strstr(err.message, "wörds, 100% of them\nfail"));
	}
	assert_int_equal(call_text(&f, &m_echo, "field", NULL, NULL, &err), INVALID_ARGUMENT);
	assert_string_equal(err.reason, "field_invalid");
	assert_string_equal(err.field, "name.first");
	assert_int_equal(call_text(&f, &m_unknown, "x", NULL, NULL, &err), UNIMPLEMENTED);
	assert_int_equal(call_text(&f, &m_planned, "x", NULL, NULL, &err), UNIMPLEMENTED);
	assert_string_equal(err.reason, "not_implemented");
	assert_int_equal(call_text(&f, &m_echo, "big", NULL, NULL, &err), RESOURCE_EXHAUSTED);
	assert_string_equal(err.reason, "call_too_large");
	assert_int_equal(call_text(&f, &m_echo, "not \xff utf-8", NULL, NULL, &err),
			 INVALID_ARGUMENT);
	assert_string_equal(err.reason, "text_invalid");
	assert_string_equal(err.field, "value");
	close_both(&f);
}

static void test_context_and_access(void **state)
{
	struct rpc_context ctx = {.request_id = "r-1",
				  .traceparent =
					  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
				  .subject = {"u-1", "s-1", true},
				  .idempotency_key = "k-1"};
	const struct rpc_metadata color = {"x-color", "blue", 4};
	struct rpc_call_options options = {.parent = &ctx, .metadata = &color, .n_metadata = 1};
	struct fixture f;
	const char *got;
	struct error err;

	open_both(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	assert_int_equal(call_text(&f, &m_admin, "meta", &options, &got, &err), OK);
	assert_string_equal(got, "r-1|00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01|u-1|"
				 "s-1|1|k-1|blue");
	ctx.subject.admin = false;
	assert_int_equal(call_text(&f, &m_user, "meta", &options, &got, &err), OK);
	assert_int_equal(call_text(&f, &m_admin, "meta", &options, &got, &err), PERMISSION_DENIED);
	assert_string_equal(err.reason, "role_required");
	ctx.subject.user_id[0] = '\0';
	assert_int_equal(call_text(&f, &m_user, "meta", &options, &got, &err), UNAUTHENTICATED);
	assert_string_equal(err.reason, "unauthenticated");
	close_both(&f);
}

static void test_deadline(void **state)
{
	struct rpc_call_options options = {.timeout_ms = 50};
	struct fixture f;
	struct error err;
	int64_t start;

	open_both(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	start = clock_mono_us();
	assert_int_equal(call_text(&f, &m_echo, "sleep", &options, NULL, &err), DEADLINE_EXCEEDED);
	assert_string_equal(err.reason, "deadline");
	assert_true(clock_mono_us() - start >= 50 * US_PER_MS);
	assert_true(clock_mono_us() - start < 1000 * US_PER_MS);
	close_both(&f); /* the handler saw the end too, or this would wait */
}

/* One worker is busy and one call waits: the next is refused, and the one that waited too long
 * never runs. */
static void test_queue(void **state)
{
	struct rpc_call_options options = {.timeout_ms = 100};
	struct fixture f;
	struct error err;

	open_both(&f, (struct rpc_server_options){.workers = 1, .queue_max = 1},
		  (struct rpc_channel_options){0});
	for (int i = 0; i < 2; i++) {
		assert_int_equal(call_text(&f, &m_echo, "gate", &options, NULL, &err),
				 DEADLINE_EXCEEDED);
		wait_for(running == 1);
	}
	assert_int_equal(call_text(&f, &m_echo, "x", NULL, NULL, &err), RESOURCE_EXHAUSTED);
	assert_string_equal(err.reason, "overloaded");
	gate = true;
	close_both(&f);
	assert_int_equal(running, 1);
}

/* ------------------------------------------------------------------ streams */

struct listener {
	struct rpc_client_call *call;
	_Atomic int64_t messages, last;
	_Atomic bool over, headers, writable;
	_Atomic int64_t stop_at; /* on_message returns false at this one */
	enum status status;
	struct error err;
	char text[128];
	int64_t in_order;
};

static void listen_headers(struct rpc_client_call *call, void *ctx)
{
	((struct listener *)ctx)->headers = true;
}

static bool listen_message(struct rpc_client_call *call, const ProtobufCMessage *message, void *ctx)
{
	struct listener *listener = ctx;

	listener->last = atoll(text_of(message));
	listener->messages++;
	listener->in_order += listener->last == listener->messages;
	snprintf(listener->text, sizeof(listener->text), "%s", text_of(message));
	return listener->messages != listener->stop_at;
}

static void listen_writable(struct rpc_client_call *call, void *ctx)
{
	((struct listener *)ctx)->writable = true;
}

static void listen_end(struct rpc_client_call *call, enum status status, const struct error *err,
		       void *ctx)
{
	struct listener *listener = ctx;

	listener->status = status;
	if (err)
		listener->err = *err;
	listener->over = true;
}

static const struct rpc_client_hooks listen_hooks = {listen_headers, listen_message,
						     listen_writable, listen_end};

static void stream_start(struct fixture *f, const struct rpc_method *method, const char *text,
			 const struct rpc_call_options *options, struct listener *listener)
{
	text_message req = GOOGLE__PROTOBUF__STRING_VALUE__INIT;

	req.value = (char *)text;
	listener->call = rpc_stream_open(f->channel, method, options, text ? &req.base : NULL,
					 &listen_hooks, listener);
}

static void test_server_stream(void **state)
{
	struct listener l = {0}, refused = {0};
	struct fixture f;

	open_both(&f, (struct rpc_server_options){.stream_queue_bytes = 10000},
		  (struct rpc_channel_options){0});
	stream_start(&f, &m_count, "100000", NULL, &l);
	wait_for(l.over);
	assert_int_equal(l.status, OK);
	assert_int_equal(l.messages, 100000);
	assert_int_equal(l.in_order, 100000);
	assert_true(l.headers);
	stream_start(&f, &m_count, "fail", NULL, &refused);
	wait_for(refused.over);
	assert_int_equal(refused.status, FAILED_PRECONDITION);
	assert_string_equal(refused.err.reason, "insufficient_credits");
	assert_false(refused.headers);
	wait_for(ended == 1);
	close_both(&f);
}

/* A reader that stops stops the writer: what is under way is bounded by windows and queue. */
static void test_flow_control(void **state)
{
	struct listener l = {.stop_at = 10};
	struct fixture f;

	open_both(&f, (struct rpc_server_options){.stream_queue_bytes = 10000},
		  (struct rpc_channel_options){0});
	stream_start(&f, &m_count, "1000000", NULL, &l);
	wait_for(l.messages == 10);
	usleep(50000);
	assert_int_equal(l.messages, 10);
	l.stop_at = 1000;
	rpc_client_resume(l.call);
	wait_for(l.messages == 1000);
	rpc_client_cancel(l.call);
	wait_for(l.over);
	assert_int_equal(l.status, CANCELLED);
	wait_for(cancelled == 1 && ended == 1);
	close_both(&f);
}

static void test_stream_deadline(void **state)
{
	struct rpc_call_options options = {.timeout_ms = 50};
	struct listener l = {0};
	struct fixture f;

	open_both(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	stream_start(&f, &m_count, "silent", &options, &l);
	wait_for(l.over);
	assert_int_equal(l.status, DEADLINE_EXCEEDED);
	wait_for(cancelled == 1 && ended == 1);
	close_both(&f);
}

static enum status say(struct listener *l, const char *text)
{
	text_message message = GOOGLE__PROTOBUF__STRING_VALUE__INIT;

	message.value = (char *)text;
	return rpc_client_send(l->call, &message.base);
}

static void test_client_stream(void **state)
{
	struct listener l = {0};
	struct fixture f;
	int n = 0;

	open_both(&f, (struct rpc_server_options){0},
		  (struct rpc_channel_options){.stream_queue_bytes = 5000});
	stream_start(&f, &m_sum, NULL, NULL, &l);
	while (n < 20000) {
		l.writable = false;
		if (say(&l, "0123456789") == OK) {
			n++;
			continue;
		}
		wait_for(l.writable);
	}
	rpc_client_close_send(l.call);
	wait_for(l.over);
	assert_int_equal(l.status, OK);
	assert_string_equal(l.text, "200000 in 20000");
	close_both(&f);
}

static void test_bidi(void **state)
{
	struct listener l = {0}, gone = {0};
	struct fixture f;

	open_both(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	stream_start(&f, &m_talk, NULL, NULL, &l);
	for (int i = 1; i <= 100; i++) {
		assert_int_equal(say(&l, i == 50 ? "keep" : "word"), OK);
		if (i != 50)
			continue;
		for (int j = 51; j <= 60; j++)
			assert_int_equal(say(&l, "word"), OK);
		i = 60;
	}
	wait_for(l.messages == 100);
	rpc_client_close_send(l.call);
	wait_for(l.over);
	assert_int_equal(l.status, OK);
	stream_start(&f, &m_talk, NULL, NULL, &gone);
	assert_int_equal(say(&gone, "word"), OK);
	wait_for(gone.messages == 1);
	rpc_client_cancel(gone.call);
	wait_for(gone.over && cancelled == 1);
	close_both(&f);
}

/* ------------------------------------------------------------------ connections */

static void test_nobody_there(void **state)
{
	struct rpc_channel_options options = {.target = "tcp://127.0.0.1:1"};
	struct rpc_call_options wait = {.timeout_ms = 50, .wait_for_ready = true};
	struct fixture f = {.arena = arena_new(4096, 1 << 20)};
	struct error err;

	f.channel = rpc_channel_open(&options);
	assert_int_equal(call_text(&f, &m_echo, "x", NULL, NULL, &err), UNAVAILABLE);
	assert_string_equal(err.reason, "service_unavailable");
	assert_int_equal(call_text(&f, &m_echo, "x", &wait, NULL, &err), DEADLINE_EXCEEDED);
	rpc_channel_close(f.channel);
	options.target = "tcp://no-such-host.invalid:1";
	f.channel = rpc_channel_open(&options);
	assert_int_equal(call_text(&f, &m_echo, "x", NULL, NULL, &err), UNAVAILABLE);
	rpc_channel_close(f.channel);
	arena_free(f.arena);
}

static void test_close_ends_calls(void **state)
{
	struct listener l = {0};
	struct fixture f;

	open_both(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	stream_start(&f, &m_count, "silent", NULL, &l);
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

/* What runs when the drain begins ends well; what comes after it is told UNAVAILABLE at once. */
static void test_drain(void **state)
{
	struct listener l = {0};
	struct fixture f;
	struct error err;
	pthread_t thread;

	open_both(&f, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	stream_start(&f, &m_talk, NULL, NULL, &l);
	assert_int_equal(say(&l, "1"), OK);
	wait_for(l.messages == 1);
	pthread_create(&thread, NULL, drain_main, f.server);
	wait_for(call_text(&f, &m_inline, "x", NULL, NULL, &err) == UNAVAILABLE);
	assert_int_equal(say(&l, "2"), OK);
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
		cmocka_unit_test(test_unary_tcp),
		cmocka_unit_test(test_unary_ipc),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_context_and_access),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_server_stream),
		cmocka_unit_test(test_flow_control),
		cmocka_unit_test(test_stream_deadline),
		cmocka_unit_test(test_client_stream),
		cmocka_unit_test(test_bidi),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_close_ends_calls),
		cmocka_unit_test(test_drain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
