/* One call at the server: how it is answered, from the first header that goes out to the trailers.
 * The functions for handlers are in handler.c. */
#include "runtime/rpc/server.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include <stdio.h>
#include <string.h>

#define NV_MAX 64

static void call_free(struct stream *stream)
{
	struct server_call *call = call_of_stream(stream);

	if (call->pub.arena && call->pub.method->kind != RPC_UNARY)
		arena_free(call->pub.arena);
	else
		rpc_arena_give(call->pub.arena);
	rpc_arena_give(call->kept);
	meta_free(&call->metadata);
	meta_free(&call->headers);
	meta_free(&call->trailers);
	meta_free(&call->user_trailers);
	free(call->details);
	free(call->refusal);
	payer_leave(call);
	stream_done(stream);
	free(call);
}

struct server_call *server_call_new(struct server_session *session)
{
	struct server_call *call = calloc(1, sizeof(*call));

	ensure(call);
	stream_init(&call->stream);
	call->stream.free = call_free;
	call->server = session->server;
	call->start_us = clock_mono_us();
	call->pub.subject = "";
	atomic_fetch_add(&call->server->n_calls, 1);
	stream_attach(&call->stream, &session->session);
	return call;
}

/* ------------------------------------------------------------------ the end of a call */

bool server_call_end(struct server_call *call, enum status status, struct error *err)
{
	if (atomic_exchange(&call->ending, true))
		return false;
	call->status = status;
	trailers_make(call, err);
	atomic_store(&call->ended, true);
	pthread_mutex_lock(&call->stream.out_lock);
	call->stream.out_end = true;
	pthread_mutex_unlock(&call->stream.out_lock);
	return true;
}

static void counted_out(struct rpc_server *server)
{
	if (atomic_fetch_sub(&server->n_calls, 1) != 1)
		return;
	pthread_mutex_lock(&server->lock);
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
}

void server_call_leave(struct server_call *call)
{
	struct rpc_server *server = call->server;

	report_end(call);
	stream_unref(&call->stream);
	counted_out(server);
}

bool server_call_refuse(struct server_call *call, enum status status, const char *reason,
			const char *format, ...)
{
	bool first = call->phase == CALL_RECEIVING;
	char message[sizeof(call->pub.err.message)];
	struct error err = {0};
	enum status s;
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	s = error_set(&err, status, reason, "%s", message);
	if (!server_call_end(call, s, &err))
		return false;
	/* Into pub.err only where no handler writes at this moment. */
	if (first) {
		call->phase = CALL_REFUSED;
		call->pub.err = err;
	} else {
		call->refusal = malloc(sizeof(err));
		ensure(call->refusal);
		*call->refusal = err;
		atomic_store(&call->cancelled, true);
		session_tell(&call->stream, EVENT_CANCEL);
	}
	server_call_on_op(&call->stream);
	if (first)
		server_call_leave(call);
	return true;
}

/* ------------------------------------------------------------------ what goes out (lock) */

static void add_trailers(struct server_call *call, nghttp2_nv *nv, size_t *n)
{
	if (call->status == OK)
		nv[(*n)++] = WIRE_NV("grpc-status", "0");
	wire_nv_of_meta(&call->trailers, nv, n, NV_MAX);
	if (!call->refusal) /* else the handler may be adding to them */
		wire_nv_of_meta(&call->user_trailers, nv, n, NV_MAX);
}

static void send_headers(struct server_call *call, bool with_trailers)
{
	nghttp2_data_provider provider = stream_provider(&call->stream);
	nghttp2_nv nv[NV_MAX];
	size_t n = 0;

	nv[n++] = WIRE_NV(":status", "200");
	nv[n++] = WIRE_NV("content-type", "application/grpc");
	if (call->bad_encoding)
		nv[n++] = WIRE_NV("grpc-accept-encoding", "identity,gzip");
	wire_nv_of_meta(&call->headers, nv, &n, NV_MAX);
	if (with_trailers)
		add_trailers(call, nv, &n);
	call->headers_sent = true;
	call->trailers_sent = with_trailers;
	nghttp2_submit_response(call->stream.session->h2, call->stream.id, nv, n,
				with_trailers ? NULL : &provider);
}

static void drop_timer(struct server_call *call)
{
	if (call->timer && net_timer_cancel(call->timer))
		stream_unref(&call->stream);
	call->timer = NULL;
}

/* A service is never cut for what one of its users does. */
static void too_much_unsent(struct server_session *session)
{
	if (session->trusted)
		relief_unsent(&session->session);
	else
		session_cut(&session->session, "the answers are not read");
}

void server_call_on_op(struct stream *stream)
{
	struct server_call *call = call_of_stream(stream);
	bool output, ended = atomic_load(&call->ended);

	if (atomic_load(&call->finished) && call->hooks.on_done && !call->done_told) {
		call->done_told = true;
		session_tell(stream, EVENT_DONE);
	}
	if (ended)
		drop_timer(call);
	if (stream->id == 0)
		return;
	if (atomic_load(&stream->session->unsent) > stream->session->unsent_max)
		too_much_unsent((struct server_session *)stream->session);
	if (stream->id == 0)
		return;
	stream_on_op(stream);
	if (call->headers_sent)
		return;
	pthread_mutex_lock(&stream->out_lock);
	output = stream->out.len > 0;
	pthread_mutex_unlock(&stream->out_lock);
	if (output || ended)
		send_headers(call, !output);
}

static void send_trailers(struct server_call *call)
{
	nghttp2_nv nv[NV_MAX];
	size_t n = 0;

	if (call->trailers_sent)
		return;
	call->trailers_sent = true;
	add_trailers(call, nv, &n);
	nghttp2_submit_trailer(call->stream.session->h2, call->stream.id, nv, n);
}

void server_call_on_output_end(struct stream *stream, uint32_t *flags)
{
	*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
	send_trailers(call_of_stream(stream));
}

const char *server_call_user_of(const struct stream *stream)
{
	return call_of_stream((struct stream *)stream)->payer;
}

/* Of an answer that is one message nobody could come back for the rest. */
bool server_call_may_end(const struct stream *stream)
{
	const struct server_call *call = call_of_stream((struct stream *)stream);

	return call->phase == CALL_RUNNING && call->pub.method->kind != RPC_UNARY;
}

void server_call_end_slow(struct stream *stream)
{
	struct server_call *call = call_of_stream(stream);

	stream_discard(stream);
	stream_uncount(stream, SIZE_MAX);
	if (!server_call_refuse(call, RESOURCE_EXHAUSTED, "reader_slow",
				"the stream was not read, and others needed the room"))
		/* It has ended by itself, and its rest is gone. */
		session_drop(stream, NGHTTP2_ENHANCE_YOUR_CALM);
	else if (stream->id != 0)
		send_trailers(call); /* HEADERS pass the data that waits for a window */
}

void server_call_on_stream_close(struct stream *stream, uint32_t error_code)
{
	struct server_call *call = call_of_stream(stream);

	drop_timer(call);
	stream_discard(stream);
	if (call->phase == CALL_RECEIVING) {
		server_call_refuse(call, CANCELLED, "call_cancelled", "before it began");
	} else if (!atomic_load(&call->ended)) {
		atomic_store(&call->cancelled, true);
		session_tell(stream, EVENT_CANCEL);
	}
}

/* ----------------------------------- deadline of a call that goes on after its handler returned */

static void deadline_fired(void *arg)
{
	struct server_call *call = arg;

	session_lock(call->stream.session);
	call->timer = NULL;
	server_call_refuse(call, DEADLINE_EXCEEDED, "deadline", "the deadline passed");
	session_unlock(call->stream.session);
	stream_unref(&call->stream);
}

void server_call_later(struct server_call *call)
{
	session_lock(call->stream.session);
	atomic_store(&call->later, true);
	if (atomic_load(&call->cancelled)) {
		session_tell(&call->stream, EVENT_CANCEL);
	} else if (atomic_load(&call->server->draining)) {
		session_tell(&call->stream, EVENT_DRAIN);
	}
	if (call->pub.ctx.deadline_us != 0 && !atomic_load(&call->cancelled) &&
	    !atomic_load(&call->ended)) {
		stream_ref(&call->stream);
		call->timer = net_timer_start(call->pub.ctx.deadline_us, deadline_fired, call);
	}
	session_unlock(call->stream.session);
}
