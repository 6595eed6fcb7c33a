/* Running handlers, and what they may call. */
#include "runtime/rpc/server.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/fiber.h"
#include <stdio.h>
#include <string.h>

#define METADATA_MAX_BYTES (8 * 1024)
#define STREAM_ARENA_BYTES 512 /* first chunk of a stream's arena */

/* ------------------------------------------------------------------ errors and metadata */

enum status rpc_fail(struct rpc_call *call, enum status code, const char *reason,
		     const char *format, ...)
{
	char message[sizeof(call->err.message)];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return error_set(&call->err, code, reason, "%s", message);
}

enum status rpc_fail_field(struct rpc_call *call, const char *reason, const char *field,
			   const char *format, ...)
{
	char message[sizeof(call->err.message)];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return error_field(&call->err, INVALID_ARGUMENT, reason, field, "%s", message);
}

void rpc_error_detail(struct rpc_call *pub, const char *key, const char *value)
{
	struct server_call *call = call_of_pub(pub);
	struct detail *detail;

	if (call->n_details == DETAILS_MAX)
		return;
	if (!call->details)
		call->details = calloc(DETAILS_MAX, sizeof(call->details[0]));
	ensure(call->details);
	detail = &call->details[call->n_details++];
	snprintf(detail->key, sizeof(detail->key), "%s", key);
	snprintf(detail->value, sizeof(detail->value), "%s", value);
}

const char *rpc_metadata(const struct rpc_call *pub, const char *key)
{
	struct meta_pair pair;

	return meta_find(&call_of_pub(pub)->metadata, key, &pair) ? (const char *)pair.value : NULL;
}

const uint8_t *rpc_metadata_bin(struct rpc_call *pub, const char *key, size_t *ret_len)
{
	struct meta_pair pair;

	if (!meta_find(&call_of_pub(pub)->metadata, key, &pair))
		return NULL;
	return meta_decode(&pair, pub->arena, ret_len);
}

bool rpc_send_header(struct rpc_call *pub, const char *key, const void *value, size_t len)
{
	struct server_call *call = call_of_pub(pub);

	return !call->sending && meta_add_user(&call->headers, key, value, len, METADATA_MAX_BYTES);
}

bool rpc_send_trailer(struct rpc_call *pub, const char *key, const void *value, size_t len)
{
	struct server_call *call = call_of_pub(pub);

	/* Once the server has ended the call by itself the trailers are out of the handler's
	 * hands. */
	return !atomic_load(&call->ending) &&
	       meta_add_user(&call->user_trailers, key, value, len, METADATA_MAX_BYTES);
}

/* ------------------------------------------------------------------ calls that go on */

void rpc_stream_hooks_set(struct rpc_call *pub, const struct rpc_stream_hooks *hooks, void *ctx)
{
	struct server_call *call = call_of_pub(pub);

	call->hooks = *hooks;
	call->hooks_ctx = ctx;
}

static _Thread_local bool answers_held; /* rpc_answers_hold */

enum status rpc_stream_send(struct rpc_call *pub, const ProtobufCMessage *message)
{
	struct server_call *call = call_of_pub(pub);
	enum status s;

	if (atomic_load(&call->cancelled) || atomic_load(&call->ending))
		return CANCELLED;
	call->sending = true;
	s = stream_put(&call->stream, message, call->server->options.stream_queue_bytes, NULL);
	if (s != OK)
		return s;
	if (answers_held)
		session_op_hold(&call->stream);
	else
		session_op(&call->stream, true);
	return OK;
}

void rpc_stream_resume(struct rpc_call *pub)
{
	struct server_call *call = call_of_pub(pub);

	atomic_store(&call->stream.resume_wanted, true);
	session_op(&call->stream, false);
}

void rpc_finish(struct rpc_call *pub, enum status status, const ProtobufCMessage *resp)
{
	struct server_call *call = call_of_pub(pub);

	if (status == OK && pub->arena && pub->arena->exhausted)
		status = rpc_fail(pub, RESOURCE_EXHAUSTED, "call_too_large",
				  "the call needs more than %zu bytes of memory",
				  pub->arena->max_bytes);
	if (status == OK && resp && !atomic_load(&call->ending))
		status = stream_put(&call->stream, resp, SIZE_MAX, &pub->err);
	server_call_end(call, status, &pub->err);
	atomic_store(&call->finished, true);
	/* With more calls in the queue, or on other fibers, the answers of several may go out in
	 * one write. */
	if (answers_held || fiber_running())
		session_op_hold(&call->stream);
	else if (pub->method && pub->method->lane != RPC_LANE_MAIN)
		session_op_post(&call->stream);
	else
		session_op(&call->stream, queues_waiting(call->server) > 0);
	server_call_leave(call);
}

void rpc_answers_hold(bool hold)
{
	answers_held = hold;
}

void rpc_answers_send(void)
{
	session_release();
}

bool rpc_cancelled(const struct rpc_call *pub)
{
	struct server_call *call = call_of_pub(pub);

	return atomic_load(&call->cancelled) ||
	       (pub->ctx.deadline_us != 0 && clock_mono_us() >= pub->ctx.deadline_us);
}

/* ------------------------------------------------------------------ running a handler */

/* The one message of a unary or server-streaming request. */
static enum status take_request(struct server_call *call, ProtobufCMessage **ret)
{
	struct stream *stream = &call->stream;
	uint8_t *plain = NULL;
	const uint8_t *data;
	enum status s;
	size_t len;

	s = stream_next_message(stream, &data, &len, &plain, &call->pub.err);
	if (s == OK && (!data || stream->taken_at != stream->taken.len))
		s = rpc_fail(&call->pub, UNIMPLEMENTED, "protocol_error",
			     "the method takes exactly one message");
	if (s == OK)
		s = message_unpack(call->pub.method->req, data, len, call->pub.arena, ret,
				   &call->pub.err);
	free(plain);
	stream_forget_taken(stream);
	return s;
}

static enum status may_run(struct server_call *call)
{
	if (!call->entry->handler.handle)
		return rpc_fail(&call->pub, UNIMPLEMENTED, "not_implemented",
				"%s is not written yet", call->pub.method->path);
	if (atomic_load(&call->cancelled))
		return rpc_fail(&call->pub, CANCELLED, "call_cancelled", "the caller left");
	if (rpc_cancelled(&call->pub))
		return rpc_fail(&call->pub, DEADLINE_EXCEEDED, "deadline",
				"the deadline passed before the call ran");
	return OK;
}

static ProtobufCMessage *new_answer(struct server_call *call)
{
	const ProtobufCMessageDescriptor *type = call->pub.method->resp;
	ProtobufCMessage *resp = arena_alloc(call->pub.arena, type->sizeof_message);

	if (resp)
		protobuf_c_message_init(type, resp);
	return resp;
}

/* Streams may be many and stay for long: theirs begin small. */
static struct arena *new_arena(struct server_call *call)
{
	size_t max_bytes = 2 * call->server->options.message_bytes_max + 1024 * 1024;

	return call->pub.method->kind == RPC_UNARY ? rpc_arena_take(max_bytes)
						   : arena_new(STREAM_ARENA_BYTES, max_bytes);
}

void server_call_run(struct server_call *call, void *worker)
{
	const struct rpc_server_options *options = &call->server->options;
	enum rpc_kind kind = call->pub.method->kind;
	ProtobufCMessage *req = NULL, *resp = NULL;
	enum status s = may_run(call);

	call->pub.arena = new_arena(call);
	call->pub.worker = worker;
	call->pub.state = options->state;
	if (s == OK && call->stream.eager)
		s = take_request(call, &req);
	if (s == OK && kind == RPC_UNARY)
		resp = new_answer(call);
	if (s == OK && worker && options->worker_call)
		options->worker_call(worker, &call->pub, options->worker_ctx);
	if (s == OK)
		s = call->entry->handler.handle(&call->pub, req, resp);
	if (s == RPC_LATER)
		server_call_later(call);
	else
		rpc_finish(&call->pub, s, resp);
}
