/* The functions for callers: unary calls that block or call back, and streams. */
#include "runtime/rpc/client.h"

#include "runtime/base/ensure.h"
#include <string.h>

/* The whole request is known: it is kept until the answer begins, in case it has to be sent
 * again. */
static void put_request(struct rpc_client_call *call, const ProtobufCMessage *req)
{
	struct stream *stream = &call->attempt->stream;

	stream->out_kept = true;
	stream->out_end = true;
	stream->eager = call->method->kind == RPC_UNARY;       /* one message is taken at the end */
	ensure(stream_put(stream, req, SIZE_MAX, NULL) == OK); /* an empty queue takes anything */
}

enum status rpc_call_blocking(struct rpc_channel *channel, const struct rpc_method *method,
			      const struct rpc_call_options *options, const ProtobufCMessage *req,
			      struct arena *arena, ProtobufCMessage **ret_resp,
			      struct error *reterr)
{
	struct rpc_client_call *call = client_call_new(channel, method, options);
	struct call_waiter waiter = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
	enum status s;

	ensure(!net_on_callback_thread() && method->kind == RPC_UNARY);
	put_request(call, req);
	call->waiter = &waiter;
	client_call_ref(call);
	client_call_start(call);
	pthread_mutex_lock(&waiter.lock);
	while (!waiter.done)
		pthread_cond_wait(&waiter.wake, &waiter.lock);
	pthread_mutex_unlock(&waiter.lock);

	if (call->status == OK)
		call->status = client_call_take_answer(call, arena, ret_resp, &call->err);
	s = call->status;
	if (s != OK && reterr)
		*reterr = call->err;
	client_call_end_blocking(call);
	client_call_unref(call);
	return s;
}

struct rpc_client_call *rpc_call_async(struct rpc_channel *channel, const struct rpc_method *method,
				       const struct rpc_call_options *options,
				       const ProtobufCMessage *req, rpc_reply_fn *reply, void *ctx)
{
	struct rpc_client_call *call = client_call_new(channel, method, options);

	ensure(method->kind == RPC_UNARY);
	put_request(call, req);
	call->reply = reply;
	call->ctx = ctx;
	client_call_start(call);
	return call;
}

struct rpc_client_call *rpc_stream_open(struct rpc_channel *channel,
					const struct rpc_method *method,
					const struct rpc_call_options *options,
					const ProtobufCMessage *req,
					const struct rpc_client_hooks *hooks, void *ctx)
{
	struct rpc_client_call *call = client_call_new(channel, method, options);

	call->hooks = *hooks;
	call->ctx = ctx;
	ensure(hooks->on_end && (req != NULL) == (method->kind == RPC_SERVER_STREAM));
	if (req)
		put_request(call, req);
	client_call_start(call);
	return call;
}

/* ----------------------------------------------------------------- the sending side of a stream */

/* The attempt that is under way, with a reference; NULL: the call has ended. */
static struct attempt *take_attempt(struct rpc_client_call *call)
{
	struct attempt *attempt;

	pthread_mutex_lock(&call->send_lock);
	attempt = call->attempt;
	if (attempt)
		stream_ref(&attempt->stream);
	pthread_mutex_unlock(&call->send_lock);
	return attempt;
}

/* Before it has a session the output just waits. */
static void op(struct attempt *attempt, bool later)
{
	bool attached;

	pthread_mutex_lock(&attempt->stream.out_lock);
	attached = attempt->stream.session != NULL;
	pthread_mutex_unlock(&attempt->stream.out_lock);
	if (attached)
		session_op(&attempt->stream, later);
}

enum status rpc_client_send(struct rpc_client_call *call, const ProtobufCMessage *message)
{
	struct attempt *attempt;
	enum status s = CANCELLED;

	pthread_mutex_lock(&call->send_lock);
	attempt = call->attempt;
	if (attempt && atomic_load(&call->aborted) == OK) {
		stream_ref(&attempt->stream);
		s = stream_put(&attempt->stream, message, call->channel->options.stream_queue_bytes,
			       NULL);
	} else {
		attempt = NULL;
	}
	pthread_mutex_unlock(&call->send_lock);
	if (!attempt)
		return s;
	if (s == OK)
		op(attempt, true);
	stream_unref(&attempt->stream);
	return s;
}

void rpc_client_close_send(struct rpc_client_call *call)
{
	struct attempt *attempt;

	pthread_mutex_lock(&call->send_lock);
	attempt = call->attempt;
	if (attempt) {
		stream_ref(&attempt->stream);
		pthread_mutex_lock(&attempt->stream.out_lock);
		attempt->stream.out_end = true;
		pthread_mutex_unlock(&attempt->stream.out_lock);
	}
	pthread_mutex_unlock(&call->send_lock);
	if (!attempt)
		return;
	op(attempt, true);
	stream_unref(&attempt->stream);
}

void rpc_client_resume(struct rpc_client_call *call)
{
	struct attempt *attempt = take_attempt(call);

	if (!attempt)
		return;
	atomic_store(&attempt->stream.resume_wanted, true);
	op(attempt, false);
	stream_unref(&attempt->stream);
}

bool rpc_client_more(const struct rpc_client_call *call)
{
	const struct attempt *attempt = call->attempt; /* on the thread that would replace it */

	return attempt->end_due || stream_has_message(&attempt->stream);
}

void rpc_client_cancel(struct rpc_client_call *call)
{
	client_call_abort(call, CANCELLED);
}

/* ------------------------------------------------------------------ metadata of the answer */

static const struct meta *answer_meta(struct rpc_client_call *call, bool trailing)
{
	return trailing ? &call->attempt->trailing : &call->attempt->initial;
}

const char *rpc_client_metadata(struct rpc_client_call *call, const char *key, bool trailing)
{
	struct meta_pair pair;

	return meta_find(answer_meta(call, trailing), key, &pair) ? (const char *)pair.value : NULL;
}

const uint8_t *rpc_client_metadata_bin(struct rpc_client_call *call, const char *key, bool trailing,
				       struct arena *arena, size_t *ret_len)
{
	struct meta_pair pair;

	if (!meta_find(answer_meta(call, trailing), key, &pair))
		return NULL;
	return meta_decode(&pair, arena, ret_len);
}
