/* A client's connection at the server: nghttp2's callbacks, age and the way out. Hooks run under
 * the connection's lock on nng's threads. */
#include "runtime/rpc/server.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/log/log.h"
#include <string.h>

#define GO_AWAY_MS \
	1000 /* between the notice and the real GOAWAY, when the PING's answer does not come \
		earlier */

static int on_begin_headers(nghttp2_session *h2, const nghttp2_frame *frame, void *ctx)
{
	struct server_session *session = ctx;
	const struct rpc_server_options *options = &session->server->options;
	int32_t max = session->trusted ? options->streams_trusted_max : options->streams_max;
	struct server_call *call;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	if (session->session.n_streams >= max)
		return nghttp2_submit_rst_stream(h2, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
						 NGHTTP2_REFUSED_STREAM);
	call = server_call_new(session);
	session_add(&session->session, &call->stream, frame->hd.stream_id);
	nghttp2_session_set_stream_user_data(h2, frame->hd.stream_id, &call->stream);
	return 0;
}

static void request_complete(struct server_call *call)
{
	call->half_closed = true;
	if (call->phase == CALL_REFUSED)
		return;
	if (!stream_scan_whole(&call->stream)) {
		server_call_refuse(call, INTERNAL, "protocol_error", "the last message is cut");
		return;
	}
	if (call->phase == CALL_RUNNING) {
		session_tell(&call->stream, EVENT_HALF_CLOSE);
		return;
	}
	call->phase = CALL_RUNNING;
	session_tell(&call->stream, EVENT_START);
}

/* The peer showed that it is a service: it may open more streams. */
static void trust(struct server_session *session)
{
	const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
		 (uint32_t)session->server->options.streams_trusted_max},
	};

	if (session->trusted)
		return;
	session->trusted = true;
	nghttp2_submit_settings(session->session.h2, NGHTTP2_FLAG_NONE, settings, 1);
}

static void headers_complete(struct server_call *call)
{
	report_start(call);
	if (call->pub.caller[0])
		trust((struct server_session *)call->stream.session);
	if (!server_call_admit(call))
		return;
	if (call->stream.eager)
		return; /* the handler wants the whole request */
	call->phase = CALL_RUNNING;
	session_tell(&call->stream, EVENT_START);
}

static int on_frame_recv(nghttp2_session *h2, const nghttp2_frame *frame, void *ctx)
{
	struct server_session *session = ctx;
	struct stream *stream;

	if (frame->hd.type == NGHTTP2_SETTINGS && !session->going_away)
		net_set_deadline(session->session.net, 0); /* it speaks HTTP/2 */
	if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) &&
	    session->going_away)
		nghttp2_submit_goaway(h2, NGHTTP2_FLAG_NONE,
				      nghttp2_session_get_last_proc_stream_id(h2), NGHTTP2_NO_ERROR,
				      NULL, 0);
	if (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) {
		stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
		if (stream && frame->hd.type == NGHTTP2_HEADERS &&
		    frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
			call_of_stream(stream)->half_closed =
				frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
			headers_complete(call_of_stream(stream));
		}
		if (stream && stream->id && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
			request_complete(call_of_stream(stream));
	}
	return session_frame_received(&session->session, frame);
}

/* The answer is complete and the upload still open: say that nobody reads it any more. Not before
 * the trailers are out, for RST_STREAM would overtake them. */
static int on_frame_send(nghttp2_session *h2, const nghttp2_frame *frame, void *ctx)
{
	struct stream *stream;

	if (frame->hd.type != NGHTTP2_HEADERS || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return 0;
	stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
	if (stream && !call_of_stream(stream)->half_closed)
		nghttp2_submit_rst_stream(h2, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
					  NGHTTP2_NO_ERROR);
	return 0;
}

static void on_refused(struct stream *stream, enum status s, const char *reason,
		       const char *message)
{
	server_call_refuse(call_of_stream(stream), s, reason, "%s", message);
}

/* ------------------------------------------------------------------ the way out */

static void age_fired(void *arg)
{
	struct server_session *session = arg;
	struct session *base = &session->session;

	net_lock(base->net);
	session->age = NULL;
	if (base->closed) {
		/* nothing is left to do */
	} else if (!session->going_away) {
		server_session_go_away(session);
	} else {
		nghttp2_submit_goaway(base->h2, NGHTTP2_FLAG_NONE,
				      nghttp2_session_get_last_proc_stream_id(base->h2),
				      NGHTTP2_NO_ERROR, NULL, 0);
		/* A peer that stays on it longer than a drain takes is cut. */
		net_set_deadline(base->net,
				 clock_mono_us() + session->server->options.drain_ms * US_PER_MS);
	}
	net_unlock(base->net);
	session_unref(base);
}

static void age_arm(struct server_session *session, int64_t ms)
{
	if (session->age && net_timer_cancel(session->age))
		session_unref(&session->session);
	session->age = net_timer_start(clock_mono_us() + ms * US_PER_MS, age_fired,
				       session_ref(&session->session));
}

void server_session_go_away(struct server_session *session)
{
	if (session->going_away || session->session.closed)
		return;
	session->going_away = true;
	if (session->server->draining) /* the end of age spares open streams */
		for (struct stream *s = session->session.streams; s; s = s->next)
			session_tell(s, EVENT_DRAIN);
	nghttp2_submit_shutdown_notice(session->session.h2);
	nghttp2_submit_ping(session->session.h2, NGHTTP2_FLAG_NONE, NULL);
	age_arm(session, GO_AWAY_MS);
}

static void on_close(struct session *base)
{
	struct server_session *session = (struct server_session *)base;
	struct rpc_server *server = session->server;

	if (session->age && net_timer_cancel(session->age))
		session_unref(base);
	session->age = NULL;
	pthread_mutex_lock(&server->lock);
	if (session->previous)
		session->previous->next = session->next;
	else
		server->sessions = session->next;
	if (session->next)
		session->next->previous = session->previous;
	server->n_sessions--;
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
}

static void free_session(struct session *base)
{
	buf_done(&((struct server_session *)base)->identity.token);
	free(base);
}

static const struct session_side server_side = {
	.on_op = server_call_on_op,
	.on_events = server_call_on_events,
	.on_refused = on_refused,
	.on_stream_close = server_call_on_stream_close,
	.on_output_end = server_call_on_output_end,
	.user_of = server_call_user_of,
	.may_end = server_call_may_end,
	.end_slow = server_call_end_slow,
	.on_close = on_close,
	.free_session = free_session,
};

/* ------------------------------------------------------------------ the way in */

static nghttp2_session_callbacks *callbacks;
static nghttp2_option *option;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_once(void)
{
	callbacks = session_callbacks_new();
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, server_on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
	option = session_option_new();
}

static void start_http2(struct server_session *session)
{
	const struct rpc_server_options *options = &session->server->options;
	const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
		 (uint32_t)(options->verifier ? options->streams_max
					      : options->streams_trusted_max)},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEADERS_MAX_BYTES},
	};
	nghttp2_session *h2;

	pthread_once(&once, init_once);
	ensure(nghttp2_session_server_new2(&h2, callbacks, session, option) == 0);
	ensure(nghttp2_submit_settings(h2, NGHTTP2_FLAG_NONE, settings, ARRAY_SIZE(settings)) == 0);
	ensure(nghttp2_session_set_local_window_size(h2, NGHTTP2_FLAG_NONE, 0,
						     SESSION_WINDOW_BYTES) == 0);
	session->session.h2 = h2;
	/* Without a verifier everybody is taken for a service, with all its rights. */
	session->trusted = !options->verifier;
}

static void start_timers(struct server_session *session)
{
	const struct rpc_server_options *options = &session->server->options;
	int64_t age_ms = options->connection_age_ms;

	net_set_deadline(session->session.net, clock_mono_us() + options->handshake_ms * US_PER_MS);
	session_keepalive(&session->session, options->keepalive_ms, options->keepalive_timeout_ms,
			  true);
	if (age_ms > 0) /* 10 % either way, so that not all go at once */
		age_arm(session, age_ms - age_ms / 10 + (int64_t)random_below(age_ms / 5 + 1));
}

void *server_accept(struct net_conn *conn, struct net_hooks *hooks, void *ctx)
{
	struct rpc_server *server = ctx;
	struct server_session *session = calloc(1, sizeof(*session));

	ensure(session);
	session->server = server;
	buf_init(&session->identity.token, TOKEN_TEXT_MAX);
	session_init(&session->session, conn, &server_side, server->options.message_bytes_max);
	session->session.unsent_max = server->options.unsent_bytes_max;
	start_http2(session);
	start_timers(session);
	pthread_mutex_lock(&server->lock);
	session->next = server->sessions;
	if (session->next)
		session->next->previous = session;
	server->sessions = session;
	server->n_sessions++;
	if (server->draining)
		server_session_go_away(session);
	pthread_mutex_unlock(&server->lock);
	*hooks = session_hooks;
	return session;
}
