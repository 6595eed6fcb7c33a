/* A connection of a channel: nghttp2's callbacks, and how a request goes out. Hooks run under the
 * connection's lock on nng's threads. */
#include "runtime/rpc/client.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include <stdio.h>
#include <string.h>

#define STREAMS_MAX_UNTOLD 100 /* until the peer says how many it takes */
#define NV_MAX 64
#define PAIR_OVERHEAD 32
#define TOKEN_TTL_SECONDS 300
#define TOKEN_RENEW_SECONDS 60 /* before it ends */
#define USER_AGENT "limitless-rpc/1"

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

/* The server has said all: whatever was still to be sent is of no interest. */
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
	sub_settled(session, max < INT32_MAX ? (int32_t)max : INT32_MAX);
}

static int on_frame_recv(nghttp2_session *h2, const nghttp2_frame *frame, void *ctx)
{
	struct client_session *session = ctx;
	struct stream *stream;

	if (frame->hd.type == NGHTTP2_SETTINGS && !(frame->hd.flags & NGHTTP2_FLAG_ACK))
		on_settings(session);
	if (frame->hd.type == NGHTTP2_GOAWAY)
		sub_going_away(session);
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
	sub_lost((struct client_session *)base);
}

static void free_session(struct session *base)
{
	struct client_session *session = (struct client_session *)base;

	sub_unref(session->sub);
	free(session->token);
	free(session);
}

const struct session_side client_side = {
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

struct client_session *client_session_new(struct subchannel *sub, struct net_conn *conn)
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
	session->sub = sub_ref(sub);
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

/* ------------------------------------------------------------------ a request */

/* The token says who calls whom, for five minutes; one is made per connection. */
static const char *service_token(struct client_session *session)
{
	_cleanup_(arena_freep) struct arena *arena = NULL;
	const struct rpc_channel_options *options = &session->sub->channel->options;
	int64_t now = clock_wall_us();
	struct token_claims claims = {0};
	uint64_t version;
	struct error err;
	char *token;

	if (!options->signer)
		return session->token;
	version = token_signer_version(options->signer);
	if (now < session->token_renew_us && version == session->token_version)
		return session->token;
	arena = arena_new(2048, 64 * 1024);
	snprintf(claims.type, sizeof(claims.type), TOKEN_SERVICE);
	snprintf(claims.audience, sizeof(claims.audience), "%s",
		 options->service ? options->service : "");
	snprintf(claims.subject, sizeof(claims.subject), "%s",
		 token_signer_issuer(options->signer));
	claims.expires_at = now / US_PER_S + TOKEN_TTL_SECONDS;
	if (token_sign(options->signer, &claims, arena, &token, &err) != OK) {
		log_error("rpc_token_failed", LOG_S("message", err.message));
		return session->token;
	}
	free(session->token);
	session->token = strdup(token);
	ensure(session->token);
	session->token_version = version;
	session->token_renew_us = now + (TOKEN_TTL_SECONDS - TOKEN_RENEW_SECONDS) * US_PER_S;
	return session->token;
}

#define NV_INDEXED(name, text) \
	wire_nv(name, sizeof(name) - 1, text, strlen(text), NGHTTP2_NV_FLAG_NO_COPY_NAME)
/* Not for the table of HPACK: the value is another one each time. */
#define NV_ONCE(name, text, len)                   \
	wire_nv(name, sizeof(name) - 1, text, len, \
		NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_INDEX)

static size_t request_headers(struct client_session *session, struct rpc_client_call *call,
			      char timeout[WIRE_TIMEOUT_SIZE], nghttp2_nv *nv)
{
	const struct rpc_channel *channel = call->channel;
	const char *token = service_token(session);
	size_t n = 0, first;

	nv[n++] = WIRE_NV(":method", "POST");
	nv[n++] = WIRE_NV(":scheme", "http");
	nv[n++] = NV_INDEXED(":path", call->method->path);
	nv[n++] = NV_INDEXED(":authority", channel->authority);
	nv[n++] = WIRE_NV("te", "trailers");
	nv[n++] = WIRE_NV("content-type", "application/grpc");
	nv[n++] = WIRE_NV("user-agent", USER_AGENT);
	nv[n++] = WIRE_NV("grpc-accept-encoding", "identity,gzip");
	if (token)
		nv[n++] = NV_INDEXED("x-service-token", token);
	if (call->deadline_us) {
		size_t len = wire_format_timeout(call->deadline_us - clock_mono_us(), timeout);

		nv[n++] = NV_ONCE("grpc-timeout", timeout, len);
	}
	first = n;
	wire_nv_of_meta(&call->headers, nv, &n, NV_MAX);
	for (; first < n; first++)
		nv[first].flags |= NGHTTP2_NV_FLAG_NO_INDEX;
	return n;
}

int32_t client_session_submit(struct client_session *session, struct attempt *attempt)
{
	nghttp2_data_provider provider = stream_provider(&attempt->stream);
	char timeout[WIRE_TIMEOUT_SIZE];
	nghttp2_nv nv[NV_MAX];
	size_t n = request_headers(session, attempt->call, timeout, nv);

	return nghttp2_submit_request(session->session.h2, NULL, nv, n, &provider,
				      &attempt->stream);
}
