/* The events of a call, told by session_run: the request is there, messages, the caller is gone. */
#include "runtime/rpc/server.h"

/* No worker took it. */
static void refuse_waiting(struct server_call *call, enum queue_answer answer)
{
	struct worker_lane *lane = worker_lane_of(call->server, call->pub.method);
	bool main = lane == &call->server->lanes[RPC_LANE_MAIN];
	const char *busy = main ? NULL : call->server->options.heavy.busy;
	bool full = answer == QUEUE_FULL;

	session_lock(call->stream.session);
	call->phase = CALL_RECEIVING; /* nobody has it */
	server_call_refuse(call, RESOURCE_EXHAUSTED,
			   busy   ? busy
			   : full ? "overloaded"
				  : "calls_too_many",
			   full ? "too many calls wait already"
				: "too many calls of this %s wait already",
			   call->pub.ctx.subject.user_id[0] ? "user" : "address");
	session_unlock(call->stream.session);
}

static void run_or_queue(struct server_call *call)
{
	const struct rpc_method *method = call->pub.method;
	enum queue_answer answer;

	if (method->kind != RPC_UNARY || method->run_inline) {
		server_call_run(call, NULL);
		return;
	}
	answer = workers_queue(call);
	if (answer != QUEUE_TAKEN)
		refuse_waiting(call, answer);
}

/* False: the message is no good, and the call ends for it. */
static bool tell_message(struct server_call *call, const uint8_t *data, size_t len,
			 struct arena **arena, struct error *err)
{
	ProtobufCMessage *message;

	if (message_unpack(call->pub.method->req, data, len, *arena, &message, err) != OK)
		return false;
	call->stream.stopped = !call->hooks.on_message(&call->pub, message, call->hooks_ctx);
	rpc_arena_give(call->kept);
	call->kept = NULL;
	if (call->stream.stopped)
		call->kept = TAKE_PTR(*arena);
	else
		arena_reset(*arena);
	return true;
}

static void refuse_message(struct server_call *call, const struct error *err)
{
	session_lock(call->stream.session);
	server_call_refuse(call, err->code, err->reason, "%s", err->message);
	session_unlock(call->stream.session);
}

static void tell_messages(struct server_call *call)
{
	struct stream *stream = &call->stream;
	struct arena *arena =
		rpc_arena_take(2 * call->server->options.message_bytes_max + 1024 * 1024);
	struct error err = {0};
	bool good = true;

	while (good && !stream->stopped && !atomic_load(&call->finished)) {
		uint8_t *plain;
		const uint8_t *data;
		size_t len;

		good = stream_next_message(stream, &data, &len, &plain, &err) == OK;
		if (good && !data)
			break;
		if (good && call->hooks.on_message)
			good = tell_message(call, data, len, &arena, &err);
		free(plain);
	}
	rpc_arena_give(arena);
	if (!good)
		refuse_message(call, &err);
	if (!good || atomic_load(&call->finished))
		stream->taken_at = stream->taken.len;
	stream_messages_told(stream);
}

static void tell_hooks(struct server_call *call, unsigned events)
{
	const struct rpc_stream_hooks *hooks = &call->hooks;
	struct stream *stream = &call->stream;

	if (events & EVENT_RESUME)
		stream->stopped = false;
	if ((events & EVENT_DATA) && !stream->eager && !stream->stopped)
		tell_messages(call);
	if (call->half_close_due && !stream->stopped && !atomic_load(&call->finished)) {
		call->half_close_due = false;
		if (hooks->on_half_close)
			hooks->on_half_close(&call->pub, call->hooks_ctx);
	}
	if ((events & EVENT_WRITABLE) && hooks->on_writable && !atomic_load(&call->finished))
		hooks->on_writable(&call->pub, call->hooks_ctx);
	if ((events & EVENT_DRAIN) && hooks->on_drain && !atomic_load(&call->finished))
		hooks->on_drain(&call->pub, call->hooks_ctx);
	if ((events & EVENT_CANCEL) && hooks->on_cancel && !call->cancel_told &&
	    !atomic_load(&call->finished)) {
		call->cancel_told = true;
		hooks->on_cancel(&call->pub, call->hooks_ctx);
	}
}

void server_call_on_events(struct stream *stream, unsigned events)
{
	struct server_call *call = call_of_stream(stream);

	if (events & EVENT_START)
		run_or_queue(call);
	call->half_close_due |= (events & EVENT_HALF_CLOSE) != 0;
	/* A handler on a worker may be installing its hooks at this moment. */
	if (atomic_load(&call->later))
		tell_hooks(call, events);
	if (events & EVENT_DONE)
		call->hooks.on_done(call->hooks_ctx);
}
