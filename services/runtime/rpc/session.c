/* One HTTP/2 connection: what nghttp2 and net tell of it, keepalive, and peers that mean harm. */
#include "runtime/rpc/session.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include <string.h>

void session_init(struct session *session, struct net_conn *net, const struct session_side *side,
		  size_t message_bytes_max)
{
	session->net = net;
	session->side = side;
	session->message_bytes_max = message_bytes_max;
	session->unsent_max = UNSENT_MAX_BYTES;
	session->unread_max = UNREAD_MESSAGES * message_bytes_max;
	if (session->unread_max < UNREAD_MAX_BYTES)
		session->unread_max = UNREAD_MAX_BYTES;
	session->events_tail = &session->events;
	session->heard_us = clock_mono_us();
}

/* ------------------------------------------------------------------ hooks of net */

static bool on_receive(struct net_conn *conn, const uint8_t *data, size_t len, void *ctx)
{
	struct session *session = ctx;
	ssize_t used;

	session->heard_us = clock_mono_us();
	used = nghttp2_session_mem_recv(session->h2, data, len);
	if (used == (ssize_t)len)
		return true;
	log_debug("rpc_peer_broken", LOG_S("peer", net_peer_address(conn)),
		  LOG_S("error", used < 0 ? nghttp2_strerror((int)used) : "stopped"));
	return false;
}

static size_t on_output(struct net_conn *conn, uint8_t *out, size_t max, void *ctx)
{
	struct session *session = ctx;
	size_t len = 0;

	session_ops_run(session);
	while (len < max) {
		size_t n;

		if (session->output_len == 0) {
			ssize_t made = nghttp2_session_mem_send(session->h2, &session->output);

			if (made < 0)
				net_close(conn, false);
			if (made <= 0)
				break;
			session->output_len = (size_t)made;
		}
		n = session->output_len < max - len ? session->output_len : max - len;
		memcpy(out + len, session->output, n);
		session->output += n;
		session->output_len -= n;
		len += n;
	}
	if (len > 0)
		atomic_store(&session->flushed_us, clock_mono_us());
	else if (!nghttp2_session_want_read(session->h2) &&
		 !nghttp2_session_want_write(session->h2))
		net_close(conn, true);
	session_run_post(session);
	return len;
}

static void stream_over(struct stream *stream, uint32_t error_code)
{
	struct session *session = stream->session;

	if (stream->previous)
		stream->previous->next = stream->next;
	else
		session->streams = stream->next;
	if (stream->next)
		stream->next->previous = stream->previous;
	stream->previous = stream->next = NULL;
	session->n_streams--;
	stream->id = 0;
	session->side->on_stream_close(stream, error_code);
	stream_unref(stream);
}

static void on_close(struct net_conn *conn, void *ctx)
{
	struct session *session = ctx;

	session->closed = true;
	if (session->keepalive && net_timer_cancel(session->keepalive))
		session_unref(session);
	session->keepalive = NULL;
	while (session->streams)
		stream_over(session->streams, STREAM_LOST);
	session_ops_run(session);
	session->side->on_close(session);
}

static void on_free(void *ctx)
{
	struct session *session = ctx;

	nghttp2_session_del(session->h2);
	session->side->free_session(session);
}

static void on_unlocked(struct net_conn *conn, void *ctx)
{
	session_run(ctx, false);
}

const struct net_hooks session_hooks = {on_receive, on_output, on_close, on_free, on_unlocked};

/* ------------------------------------------------------------------ streams of the session */

void session_add(struct session *session, struct stream *stream, int32_t id)
{
	stream->id = id;
	stream->next = session->streams;
	if (stream->next)
		stream->next->previous = stream;
	session->streams = stream_ref(stream);
	session->n_streams++;
}

void session_drop(struct stream *stream, uint32_t error_code)
{
	struct session *session = stream->session;
	int32_t id = stream->id;

	if (id == 0)
		return;
	nghttp2_session_set_stream_user_data(session->h2, id, NULL);
	nghttp2_submit_rst_stream(session->h2, NGHTTP2_FLAG_NONE, id, error_code);
	stream_over(stream, error_code);
}

void session_forget(struct stream *stream)
{
	struct session *session = stream->session;
	int32_t id = stream->id;

	if (nghttp2_session_get_stream_local_close(session->h2, id) == 0) {
		session_drop(stream, NGHTTP2_NO_ERROR);
		return;
	}
	nghttp2_session_set_stream_user_data(session->h2, id, NULL);
	stream_over(stream, NGHTTP2_NO_ERROR);
}

static int on_stream_close(nghttp2_session *h2, int32_t id, uint32_t error_code, void *ctx)
{
	struct stream *stream = nghttp2_session_get_stream_user_data(h2, id);

	if (stream)
		stream_over(stream, error_code);
	return 0;
}

/* ------------------------------------------------------------------ received data */

static const char *scan_prefix(struct stream *stream, enum status *ret)
{
	const uint8_t *prefix = stream->scan_prefix;
	uint32_t len = (uint32_t)prefix[1] << 24 | (uint32_t)prefix[2] << 16 |
		       (uint32_t)prefix[3] << 8 | prefix[4];

	*ret = INTERNAL;
	if (prefix[0] > 1)
		return "a message's first byte is neither 0 nor 1";
	if (prefix[0] == 1 && !stream->gzip)
		return "a message is compressed and grpc-encoding does not say how";
	if (len > stream->session->message_bytes_max) {
		*ret = RESOURCE_EXHAUSTED;
		return "a message is larger than the limit";
	}
	stream->scan_left = len;
	stream->scan_prefix_len = 0;
	return NULL;
}

/* Follows the prefixes so that a bad or oversize message is refused before it is stored. NULL:
 * fine. */
static const char *scan(struct stream *stream, const uint8_t *data, size_t len, enum status *ret)
{
	while (len > 0) {
		size_t n = stream->scan_left < len ? stream->scan_left : len;
		const char *fault;

		stream->scan_left -= n;
		data += n;
		len -= n;
		while (len > 0 && stream->scan_left == 0 &&
		       stream->scan_prefix_len < WIRE_PREFIX_BYTES) {
			stream->scan_prefix[stream->scan_prefix_len++] = *data++;
			len--;
		}
		if (stream->scan_prefix_len < WIRE_PREFIX_BYTES)
			continue;
		fault = scan_prefix(stream, ret);
		if (fault)
			return fault;
	}
	return NULL;
}

bool stream_scan_whole(const struct stream *stream)
{
	return stream->scan_left == 0 && stream->scan_prefix_len == 0;
}

/* False: this stream has its share and gets no more. A small stream always has room. */
static bool find_room(struct session *session, struct stream *stream, size_t len)
{
	size_t patience = stream->eager ? 1 : WAITING_PATIENCE;

	relief_unread(session);
	return atomic_load(&stream->unread) + len <= UNREAD_FAIR ||
	       atomic_load(&session->unread) <= patience * session->unread_max;
}

static int on_data(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *data, size_t len,
		   void *ctx)
{
	struct stream *stream = nghttp2_session_get_stream_user_data(h2, id);
	struct session *session = ctx;
	const char *fault, *reason;
	enum status s = RESOURCE_EXHAUSTED;

	/* The connection's window always opens again: one stream that nobody reads must not stop
	 * the others. */
	nghttp2_session_consume_connection(h2, len);
	if (!stream)
		return 0;
	fault = scan(stream, data, len, &s);
	reason = s == INTERNAL ? "protocol_error" : "call_too_large";
	if (!fault && atomic_load(&session->unread) > session->unread_max &&
	    !find_room(session, stream, len)) {
		fault = "too much waits to be read on this connection";
		reason = "overloaded";
		s = RESOURCE_EXHAUSTED;
	}
	if (fault && stream->id != 0)
		session->side->on_refused(stream, s, reason, fault);
	if (fault || stream->id == 0)
		return 0;
	atomic_fetch_add(&session->unread, len);
	atomic_fetch_add(&stream->unread, len);
	atomic_fetch_add_explicit(&stream->got_bytes, len, memory_order_relaxed);
	buf_add(&stream->in, data, len);
	if (stream->eager)
		nghttp2_session_consume_stream(h2, id, len);
	else
		session_tell(stream, EVENT_DATA);
	return 0;
}

/* ------------------------------------------------------------------ frames that lead nowhere */

void session_cut(struct session *session, const char *why)
{
	log_debug("rpc_peer_cut", LOG_S("peer", net_peer_address(session->net)),
		  LOG_S("reason", why));
	nghttp2_session_terminate_session(session->h2, NGHTTP2_ENHANCE_YOUR_CALM);
	net_close(session->net, true);
}

bool session_idle_frame(struct session *session)
{
	/* Each open stream may ask for room at the same time. */
	if (++session->idle_frames <= IDLE_FRAMES_MAX + 2 * session->n_streams)
		return true;
	session_cut(session, "flood");
	return false;
}

int session_frame_received(struct session *session, const nghttp2_frame *frame)
{
	bool idle = false;

	switch (frame->hd.type) {
	case NGHTTP2_PING:
		idle = !(frame->hd.flags & NGHTTP2_FLAG_ACK);
		session->ping_waits = session->ping_waits && idle;
		break;
	case NGHTTP2_SETTINGS:
	case NGHTTP2_PRIORITY:
	case NGHTTP2_WINDOW_UPDATE:
		idle = true;
		break;
	case NGHTTP2_DATA:
		idle = frame->hd.length == 0 && !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM);
		break;
	default:
		break;
	}
	if (idle)
		return session_idle_frame(session) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
	if (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS)
		session->idle_frames = 0;
	return 0;
}

nghttp2_session_callbacks *session_callbacks_new(void)
{
	nghttp2_session_callbacks *callbacks;

	ensure(nghttp2_session_callbacks_new(&callbacks) == 0);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	return callbacks;
}

nghttp2_option *session_option_new(void)
{
	nghttp2_option *option;

	ensure(nghttp2_option_new(&option) == 0);
	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_option_set_no_closed_streams(option, 1);
	nghttp2_option_set_stream_reset_rate_limit(option, RESETS_BURST, RESETS_PER_SECOND);
	return option;
}

/* ------------------------------------------------------------------ keepalive */

static void keepalive_fired(void *arg);

static void keepalive_arm(struct session *session, int64_t when_us)
{
	session->keepalive = net_timer_start(when_us, keepalive_fired, session_ref(session));
}

static void keepalive_look(struct session *session)
{
	int64_t now = clock_mono_us();
	int64_t due = session->heard_us + session->keepalive_ms * US_PER_MS;

	if (now < due) {
		session->ping_waits = false;
		keepalive_arm(session, due);
		return;
	}
	if (session->ping_waits) {
		log_debug("rpc_peer_silent", LOG_S("peer", net_peer_address(session->net)));
		net_close(session->net, false);
		return;
	}
	if (session->n_streams == 0 && !session->keepalive_idle) {
		keepalive_arm(session, now + session->keepalive_ms * US_PER_MS);
		return;
	}
	nghttp2_submit_ping(session->h2, NGHTTP2_FLAG_NONE, NULL);
	session->ping_waits = true;
	keepalive_arm(session, now + session->keepalive_timeout_ms * US_PER_MS);
}

static void keepalive_fired(void *arg)
{
	struct session *session = arg;

	net_lock(session->net);
	session->keepalive = NULL;
	if (!session->closed)
		keepalive_look(session);
	net_unlock(session->net);
	session_unref(session);
}

void session_keepalive(struct session *session, int32_t keepalive_ms, int32_t timeout_ms, bool idle)
{
	session->keepalive_ms = keepalive_ms;
	session->keepalive_timeout_ms = timeout_ms;
	session->keepalive_idle = idle;
	if (keepalive_ms > 0)
		keepalive_arm(session, session->heard_us + keepalive_ms * US_PER_MS);
}
