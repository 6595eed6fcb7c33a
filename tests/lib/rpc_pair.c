#include "tests/lib/rpc_pair.h"

#include "runtime/base/ensure.h"
#include "runtime/base/fiber.h"
#include "runtime/net/net.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ------------------------------------------------------------------ the service */

_Atomic int pair_running, pair_cancelled, pair_ended;
_Atomic bool pair_gate;

const char *pair_text_of(const ProtobufCMessage *message)
{
	return ((const pair_text *)message)->value;
}

/* Does as the request's text says (see rpc_pair.h); other texts are echoed. */
static enum status echo(struct rpc_call *call, const ProtobufCMessage *req, ProtobufCMessage *resp)
{
	const char *text = pair_text_of(req);
	int code, place = ++pair_running;

	if (sscanf(text, "fail %d", &code) == 1) {
		rpc_error_detail(call, "limit", "7");
		return rpc_fail(call, code, "hold_unknown", "wörds, 100%% of them\n%s", text);
	}
	if (sscanf(text, "together %d", &code) == 1)
		for (int64_t end = clock_mono_us() + WAIT_MS * US_PER_MS; pair_running < code;) {
			if (clock_mono_us() > end)
				return rpc_fail(call, ABORTED, "conflict_retry", "alone");
			fiber_wait();
		}
	if (strcmp(text, "field") == 0)
		return rpc_fail_field(call, "field_invalid", "name.first", "too short");
	while (strcmp(text, "gate") == 0 && !pair_gate)
		usleep(500);
	if (strcmp(text, "sleep") == 0) {
		while (!rpc_cancelled(call))
			usleep(500);
		return rpc_fail(call, DEADLINE_EXCEEDED, "deadline", "nobody waits any more");
	}
	if (strcmp(text, "meta") == 0)
		text = arena_printf(call->arena, "%s|%s|%s|%s|%d|%s|%s", call->ctx.request_id,
				    call->ctx.traceparent, call->subject,
				    call->ctx.subject.session_id, call->ctx.subject.admin,
				    call->ctx.idempotency_key, rpc_metadata(call, "x-color"));
	if (strcmp(text, "key") == 0)
		text = arena_printf(call->arena, "%s|%s", call->ctx.subject.api_key_id,
				    call->ctx.subject.on_disconnect);
	if (strcmp(text, "big") == 0)
		while (arena_alloc(call->arena, 1024 * 1024))
			continue;
	if (strcmp(text, "caller") == 0)
		text = call->caller;
	if (strcmp(text, "pid") == 0)
		text = arena_printf(call->arena, "%d", (int)getpid());
	if (strcmp(text, "place") == 0)
		text = arena_printf(call->arena, "%d", place);
	if (strcmp(text, "worker") == 0)
		text = call->worker ? "yes" : "no";
	((pair_text *)resp)->value = (char *)text;
	return OK;
}

#define COUNT_BYTES_MAX 4096

struct counting {
	struct rpc_call *call;
	int64_t next, last;
	int size; /* of a message: the number and blanks */
	_Atomic bool finished;
};

static void count_done(void *ctx)
{
	pair_ended++;
	free(ctx);
}

static void count_on(struct rpc_call *call, void *ctx)
{
	struct counting *counting = ctx;
	char text[COUNT_BYTES_MAX];
	pair_text message = PAIR_TEXT_INIT;

	message.value = text;
	for (; counting->next <= counting->last; counting->next++) {
		snprintf(text, sizeof(text), "%-*lld", counting->size, (long long)counting->next);
		if (rpc_stream_send(call, &message.base) != OK)
			return;
	}
	if (!atomic_exchange(&counting->finished, true))
		rpc_finish(call, OK, NULL);
}

static void count_cancel(struct rpc_call *call, void *ctx)
{
	struct counting *counting = ctx;

	pair_cancelled++;
	if (!atomic_exchange(&counting->finished, true))
		rpc_finish(call, CANCELLED, NULL);
}

/* Server stream: "N" counts 1 … N, "N SIZE" in messages of so many bytes; "silent" sends nothing at
 * all. */
static enum status count(struct rpc_call *call, const ProtobufCMessage *req, ProtobufCMessage *resp)
{
	static const struct rpc_stream_hooks hooks = {
		.on_writable = count_on, .on_cancel = count_cancel, .on_done = count_done};
	struct counting *counting;

	if (strcmp(pair_text_of(req), "fail") == 0)
		return rpc_fail(call, FAILED_PRECONDITION, "insufficient_credits", "no money");
	counting = calloc(1, sizeof(*counting));
	ensure(counting);
	counting->next = 1;
	if (sscanf(pair_text_of(req), "%" SCNd64 " %d", &counting->last, &counting->size) < 2)
		counting->size = 1;
	rpc_stream_hooks_set(call, &hooks, counting);
	if (strcmp(pair_text_of(req), "silent") != 0)
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

	sum->bytes += (int64_t)strlen(pair_text_of(message));
	sum->messages++;
	return true;
}

static void sum_end(struct rpc_call *call, void *ctx)
{
	struct sum *sum = ctx;
	pair_text resp = PAIR_TEXT_INIT;

	resp.value = arena_printf(call->arena, "%lld in %lld", (long long)sum->bytes,
				  (long long)sum->messages);
	rpc_finish(call, OK, &resp.base);
}

static void sum_cancel(struct rpc_call *call, void *ctx)
{
	pair_cancelled++;
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
	if (strcmp(pair_text_of(message), "keep") != 0)
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

#define TYPE &google__protobuf__string_value__descriptor
#define METHOD(name, its_kind, its_access, may_repeat, on_callback)                         \
	{                                                                                   \
		.path = "/test.v1.Test/" name, .kind = its_kind, .req = TYPE, .resp = TYPE, \
		.access = its_access, .idempotent = may_repeat, .run_inline = on_callback   \
	}

static const char *const billing[] = {"billing", NULL};

const struct rpc_method pair_echo = METHOD("Echo", RPC_UNARY, RPC_ACCESS_PUBLIC, false, false);
const struct rpc_method pair_inline = METHOD("Inline", RPC_UNARY, RPC_ACCESS_PUBLIC, true, true);
const struct rpc_method pair_pipelined = {.path = "/test.v1.Test/Pipelined",
					  .kind = RPC_UNARY,
					  .req = TYPE,
					  .resp = TYPE,
					  .access = RPC_ACCESS_PUBLIC,
					  .pipelined = true};
const struct rpc_method pair_heavy = {.path = "/test.v1.Test/Heavy",
				      .kind = RPC_UNARY,
				      .req = TYPE,
				      .resp = TYPE,
				      .access = RPC_ACCESS_PUBLIC,
				      .lane = RPC_LANE_HEAVY};
const struct rpc_method pair_user = METHOD("User", RPC_UNARY, RPC_ACCESS_USER, true, true);
const struct rpc_method pair_admin = METHOD("Admin", RPC_UNARY, RPC_ACCESS_ADMIN, true, true);
const struct rpc_method pair_service = {.path = "/test.v1.Test/Service",
					.kind = RPC_UNARY,
					.req = TYPE,
					.resp = TYPE,
					.access = RPC_ACCESS_SERVICE,
					.callers = billing,
					.run_inline = true};
const struct rpc_method pair_planned =
	METHOD("Planned", RPC_UNARY, RPC_ACCESS_PUBLIC, false, false);
const struct rpc_method pair_unknown =
	METHOD("Unknown", RPC_UNARY, RPC_ACCESS_PUBLIC, false, false);
const struct rpc_method pair_count =
	METHOD("Count", RPC_SERVER_STREAM, RPC_ACCESS_PUBLIC, false, false);
const struct rpc_method pair_sum =
	METHOD("Sum", RPC_CLIENT_STREAM, RPC_ACCESS_PUBLIC, false, false);
const struct rpc_method pair_talk =
	METHOD("Talk", RPC_BIDI_STREAM, RPC_ACCESS_PUBLIC, false, false);

const struct rpc_handler pair_handlers[] = {
	{&pair_echo, echo},    {&pair_inline, echo},    {&pair_user, echo},    {&pair_admin, echo},
	{&pair_service, echo}, {&pair_count, count},    {&pair_planned, NULL}, {&pair_sum, sum},
	{&pair_talk, talk},    {&pair_pipelined, echo}, {&pair_heavy, echo},
};
const size_t n_pair_handlers = ARRAY_SIZE(pair_handlers);

/* ------------------------------------------------------------------ server and channel */

static void *worker_init(void *ctx)
{
	return (void *)1;
}

void pair_open(struct pair *pair, struct rpc_server_options server,
	       struct rpc_channel_options channel)
{
	const char *const listen[] = {server.listen ? server.listen[0] : "tcp://127.0.0.1:0", NULL};
	struct error err;

	pair_running = pair_cancelled = pair_ended = 0;
	pair_gate = false;
	server.listen = listen;
	server.worker_init = worker_init;
	pair->server = rpc_server_new(&server);
	rpc_health_register(pair->server);
	rpc_reflection_register(pair->server);
	rpc_server_register(pair->server, pair_handlers, n_pair_handlers);
	if (rpc_server_start(pair->server, &err) != OK)
		fail_msg("%s", err.message);
	if (rpc_server_port(pair->server, 0))
		snprintf(pair->target, sizeof(pair->target), "%.*s%d",
			 (int)(strrchr(listen[0], ':') - listen[0] + 1), listen[0],
			 rpc_server_port(pair->server, 0));
	else
		snprintf(pair->target, sizeof(pair->target), "%s", listen[0]);
	channel.target = pair->target;
	pair->channel = rpc_channel_open(&channel);
	pair->arena = arena_new(4096, 64 * 1024 * 1024);
}

void pair_close(struct pair *pair)
{
	rpc_channel_close(pair->channel);
	rpc_server_drain(pair->server);
	rpc_server_free(pair->server);
	arena_free(pair->arena);
}

enum status pair_call(struct pair *pair, const struct rpc_method *method, const char *text,
		      const struct rpc_call_options *options, const char **ret, struct error *err)
{
	pair_text req = PAIR_TEXT_INIT;
	ProtobufCMessage *resp;
	enum status s;

	req.value = (char *)text;
	*err = (struct error){0};
	s = rpc_call_blocking(pair->channel, method, options, &req.base, pair->arena, &resp, err);
	if (s == OK && ret)
		*ret = pair_text_of(resp);
	return s;
}

/* ------------------------------------------------------------------ streams of the client */

static void listen_headers(struct rpc_client_call *call, void *ctx)
{
	((struct pair_listener *)ctx)->headers = true;
}

static bool listen_message(struct rpc_client_call *call, const ProtobufCMessage *message, void *ctx)
{
	struct pair_listener *listener = ctx;
	int64_t stop_at =
		listener->stop_at; /* the test sets the next one when it sees this message */

	listener->last = atoll(pair_text_of(message));
	listener->messages++;
	listener->in_order += listener->last == listener->messages;
	snprintf(listener->text, sizeof(listener->text), "%s", pair_text_of(message));
	return listener->messages != stop_at;
}

static void listen_writable(struct rpc_client_call *call, void *ctx)
{
	((struct pair_listener *)ctx)->writable = true;
}

static void listen_end(struct rpc_client_call *call, enum status status, const struct error *err,
		       void *ctx)
{
	struct pair_listener *listener = ctx;

	listener->status = status;
	if (err)
		listener->err = *err;
	listener->over = true;
}

static const struct rpc_client_hooks listen_hooks = {listen_headers, listen_message,
						     listen_writable, listen_end};

void pair_stream(struct pair *pair, const struct rpc_method *method, const char *text,
		 const struct rpc_call_options *options, struct pair_listener *listener)
{
	pair_text req = PAIR_TEXT_INIT;

	req.value = (char *)text;
	listener->call = rpc_stream_open(pair->channel, method, options, text ? &req.base : NULL,
					 &listen_hooks, listener);
}

enum status pair_say(struct pair_listener *listener, const char *text)
{
	pair_text message = PAIR_TEXT_INIT;

	message.value = (char *)text;
	return rpc_client_send(listener->call, &message.base);
}
