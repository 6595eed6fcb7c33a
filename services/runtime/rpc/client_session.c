/* A connection of a channel: nghttp2's callbacks. They run under the connection's lock on nng's threads. */
#include "runtime/rpc/client.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include <string.h>

#define STREAMS_MAX_UNTOLD 100 /* until the peer says how many it takes */
#define PAIR_OVERHEAD 32

/* ------------------------------------------------------------------ what comes */

static bool is(const uint8_t *text, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(text, word, len) == 0;
}

static int small_number(const uint8_t *text, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || i > 3)
			return -1;
		n = n * 10 + text[i] - '0';
	}
	return len ? n : -1;
}

static void take_header(struct attempt *attempt, struct meta *meta, const uint8_t *name,
			size_t name_len, const uint8_t *value, size_t value_len)
{
	if (is(name, name_len, ":status")) {
		attempt->http_status = small_number(value, value_len);
	} else if (is(name, name_len, "content-type")) {
		attempt->bad_content_type =
			value_len < 16 || memcmp(value, "application/grpc", 16) != 0;
	} else if (is(name, name_len, "grpc-status")) {
		attempt->grpc_status = small_number(value, value_len);
		if ((unsigned)attempt->grpc_status >= STATUS_N)
			attempt->grpc_status = UNKNOWN;
	} else if (is(name, name_len, "grpc-encoding")) {
		attempt->stream.gzip = is(value, value_len, "gzip");
		attempt->bad_encoding = !attempt->stream.gzip && !is(value, value_len, "identity");
	} else {
		meta_add(meta, name, name_len, value, value_len);
	}
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
		     void *ctx)
{
	struct stream *stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
	struct attempt *attempt = stream ? attempt_of(stream) : NULL;
	bool leading;

	if (!attempt)
		return 0;
	attempt->header_bytes += name_len + value_len + PAIR_OVERHEAD;
	if (attempt->header_bytes > 2 * HEADERS_MAX_BYTES) { /* leading and trailing */
		attempt_end(attempt, RESOURCE_EXHAUSTED, "call_too_large",
			    "the answer's headers are larger than %d bytes", HEADERS_MAX_BYTES);
		session_drop(stream, NGHTTP2_CANCEL);
		return 0;
	}
	leading = frame->headers.cat == NGHTTP2_HCAT_RESPONSE &&
		  !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM);
	take_header(attempt, leading ? &attempt->initial : &attempt->trailing, name, name_len,
		    value, value_len);
	return 0;
}

static void headers_complete(struct attempt *attempt)
{
	attempt->answered = true;
	if (attempt->http_status != 200)
		attempt_end(attempt, wire_status_of_http(attempt->http_status), "protocol_error",
			    "the peer answered HTTP %d", attempt->http_status);
	else if (attempt->bad_content_type)
		attempt_end(attempt, UNKNOWN, "protocol_error",
			    "the peer's answer is not application/grpc");
	else if (attempt->bad_encoding)
		attempt_end(attempt, INTERNAL, "protocol_error",
			    "the peer's grpc-encoding is neither identity nor gzip");
	else
		session_tell(&attempt->stream, EVENT_HEADERS);
	if (attempt->over)
		session_drop(&attempt->stream, NGHTTP2_CANCEL);
}

/* The server has said all, so it needs no further message. */
static void answer_complete(struct attempt *attempt)
{
	attempt_end_by_trailers(attempt);
	session_forget(&attempt->stream);
}

static void on_settings(struct client_session *session)
{
	uint32_t max = nghttp2_session_get_remote_settings(session->session.h2,
							   NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

	if (!session->settled) {
		session->settled = true;
		net_set_deadline(session->session.net, 0);
	}
	session->owner->settled(session, max < INT32_MAX ? (int32_t)max : INT32_MAX);
}

static int on_frame_recv(nghttp2_session *h2, const nghttp2_frame *frame, void *ctx)
{
	struct client_session *session = ctx;
	struct stream *stream;

	if (frame->hd.type == NGHTTP2_SETTINGS && !(frame->hd.flags & NGHTTP2_FLAG_ACK))
		on_settings(session);
	if (frame->hd.type == NGHTTP2_GOAWAY)
		session->owner->going_away(session);
	if (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) {
		stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
		if (stream && frame->hd.type == NGHTTP2_HEADERS &&
		    frame->headers.cat == NGHTTP2_HCAT_RESPONSE &&
		    !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
			headers_complete(attempt_of(stream));
		if (stream && stream->id && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
			answer_complete(attempt_of(stream));
	}
	return session_frame_received(&session->session, frame);
}

static void on_refused(struct stream *stream, enum status s, const char *reason,
		       const char *message)
{
	attempt_end(attempt_of(stream), s, reason, "%s", message);
	session_drop(stream, NGHTTP2_CANCEL);
}

static void on_output_end(struct stream *stream, uint32_t *flags)
{
	/* END_STREAM goes with the last frame: nothing to add. */
}

static void on_close(struct session *base)
{
	struct client_session *session = (struct client_session *)base;

	session->owner->lost(session);
}

static void free_session(struct session *base)
{
	struct client_session *session = (struct client_session *)base;

	session->owner->freed(session);
	free(session->token);
	free(session);
}

static const struct session_side client_side = {
	.on_op = attempt_on_op,
	.on_events = attempt_on_events,
	.on_refused = on_refused,
	.on_stream_close = attempt_on_stream_close,
	.on_output_end = on_output_end,
	.user_of = attempt_user_of,
	.may_end = attempt_may_end,
	.end_slow = attempt_end_slow,
	.on_close = on_close,
	.free_session = free_session,
};

/* ------------------------------------------------------------------ start */

static nghttp2_session_callbacks *callbacks;
static nghttp2_option *option;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_once(void)
{
	callbacks = session_callbacks_new();
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
	option = session_option_new();
	nghttp2_option_set_peer_max_concurrent_streams(option, STREAMS_MAX_UNTOLD);
}

struct client_session *client_session_new(struct subchannel *sub,
					  const struct client_session_owner *owner,
					  struct net_conn *conn)
{
	const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEADERS_MAX_BYTES},
	};
	struct client_session *session = calloc(1, sizeof(*session));
	nghttp2_session *h2;

	ensure(session);
	pthread_once(&once, init_once);
	session_init(&session->session, conn, &client_side,
		     sub->channel->options.message_bytes_max);
	session->owner = owner;
	session->sub = sub;
	session->streams_max = STREAMS_MAX_UNTOLD;
	ensure(nghttp2_session_client_new2(&h2, callbacks, session, option) == 0);
	ensure(nghttp2_submit_settings(h2, NGHTTP2_FLAG_NONE, settings, ARRAY_SIZE(settings)) == 0);
	ensure(nghttp2_session_set_local_window_size(h2, NGHTTP2_FLAG_NONE, 0,
						     SESSION_WINDOW_BYTES) == 0);
	session->session.h2 = h2;
	return session;
}

void client_session_start(struct client_session *session)
{
	const struct rpc_channel_options *options = &session->sub->channel->options;
	struct net_conn *net = session->session.net;

	net_start(net, &session_hooks, session);
	net_lock(net);
	if (!session->settled)
		net_set_deadline(net, clock_mono_us() + options->connect_timeout_ms * US_PER_MS);
	if (!session->session.closed)
		session_keepalive(&session->session, options->keepalive_ms,
				  options->keepalive_timeout_ms, false);
	net_unlock(net);
}
