/* The life of one connection: bytes in, requests out to their handler, answers back in order.
 * Everything here runs under the connection's lock, which net holds around its hooks. */
#include "runtime/base/clock.h"
#include "runtime/httpd/account.h"

#include <string.h>

/* A smaller answer fits the kernel's buffers, so it needs no deadline of its own. */
#define DEADLINE_FROM_BYTES 65536
/* Bodies up to this size get their buffer at once, longer ones as they come. */
#define BODY_RESERVED_MAX 65536

/* ------------------------------------------------------------------ deadlines */

static void refuse(struct conn *conn, const struct refusal *refusal);

/* When the timer has to look again; 0: there is nothing to wait for. */
static int64_t due_us(const struct conn *conn)
{
	const struct httpd_options *options = &conn->httpd->options;
	const struct exchange *exchange = conn->exchange;
	int64_t grace_us = options->head_timeout_ms * US_PER_MS;

	if (conn->phase == PHASE_HEAD)
		return exchange->started_us + grace_us;
	if (conn->phase == PHASE_BODY) {
		int64_t end = exchange->started_us + options->body_timeout_ms * US_PER_MS;
		int64_t window = exchange->window_us + options->body_window_ms * US_PER_MS;

		return window < end ? window : end;
	}
	if (conn->phase == PHASE_STREAM && exchange->heartbeat_ms)
		return exchange->output_us + exchange->heartbeat_ms * US_PER_MS;
	return 0;
}

/* A window of the body is over. False: it had too little, or it was the last. */
static bool next_window(struct conn *conn)
{
	const struct httpd_options *options = &conn->httpd->options;
	struct exchange *exchange = conn->exchange;
	int64_t now = clock_mono_us();
	int64_t wanted = (int64_t)options->body_rate_min * options->body_window_ms / 1000;

	if (now >= exchange->started_us + options->body_timeout_ms * US_PER_MS ||
	    (int64_t)(exchange->body.len - exchange->window_len) < wanted)
		return false;
	/* A client that announces much and sends little takes no room from others for long. */
	if (exchange->body.len < exchange->charged / 2)
		account_release(exchange);
	exchange->window_us = now;
	exchange->window_len = exchange->body.len;
	return true;
}

static void timer_due(struct conn *conn)
{
	static const struct refusal late = {408, "request_timeout",
					    "the request took too long to arrive"};
	struct exchange *exchange = conn->exchange;

	if (conn->phase == PHASE_BODY && next_window(conn))
		return;
	if (conn->phase != PHASE_STREAM)
		refuse(conn, &late);
	else if (!exchange->heartbeat(exchange))
		exchange->output_us = clock_mono_us(); /* the queue is full: no need to */
}

static void timer_arm(struct conn *conn);

static void on_timer(void *ctx)
{
	struct conn *conn = ctx;
	struct net_conn *net = conn->net;
	bool locked = conn_lock(conn);
	int64_t due;

	conn->timer = NULL;
	due = due_us(conn);
	if (due && due <= clock_mono_us())
		timer_due(conn);
	timer_arm(conn);
	conn_unlock(conn, locked);
	net_unref(net);
}

/* One timer at most, started only for requests that do not come in one piece and for streams; it
 * looks for itself what is due when it fires. */
static void timer_arm(struct conn *conn)
{
	int64_t due = due_us(conn);

	if (conn->timer || !due)
		return;
	net_ref(conn->net);
	conn->timer = net_timer_start(due, on_timer, conn);
}

/* ------------------------------------------------------------------ reading */

/* The request is its owner's. */
static void give_away(struct conn *conn)
{
	struct exchange *exchange = conn->exchange;

	conn->phase = PHASE_OWNED;
	exchange->conn = conn;
	exchange->req.peer_address = net_peer_address(conn->net);
	net_ref(conn->net);
}

/* It is not to be closed to make room from now on. */
static void served(struct conn *conn)
{
	atomic_store_explicit(&conn->waits_us, 0, memory_order_relaxed);
	net_set_idle_timeout(conn->net, 0);
}

static void dispatch(struct conn *conn)
{
	struct httpd *httpd = conn->httpd;

	give_away(conn);
	served(conn);
	httpd->options.handle(&conn->exchange->req, httpd->options.ctx);
}

static void refuse(struct conn *conn, const struct refusal *refusal)
{
	struct exchange *exchange = conn->exchange;
	struct httpd *httpd = conn->httpd;

	give_away(conn);
	exchange->refused = true;
	httpd->options.refuse(&exchange->req, refusal->status, refusal->reason, refusal->detail,
			      httpd->options.ctx);
	ensure(conn->phase != PHASE_OWNED);
}

/* The head is complete, and a body follows, of which `here` bytes came already. The owner decides.
 * Returns how many of these belong to the body of a request that is answered now. */
static size_t decide(struct conn *conn, size_t here)
{
	struct exchange *exchange = conn->exchange;
	const struct httpd_options *options = &conn->httpd->options;
	bool chunked = exchange->parser.flags & F_CHUNKED;
	uint64_t len = exchange->parser.content_length;

	give_away(conn);
	served(conn);
	exchange->body_due = true;
	exchange->body_here = !chunked && len <= here;
	if (options->head)
		options->head(&exchange->req, options->ctx);
	else
		httpd_body_read(&exchange->req, &(struct httpd_body){0});
	if (conn->phase == PHASE_SENDING && exchange->body_here)
		return len;
	/* The owner takes its time: these bytes wait with those that follow. */
	exchange->body_here = false;
	return 0;
}

/* May the body come, which its owner lets in? */
static bool begin_body(struct conn *conn, const struct httpd_body *body, struct refusal *reterr)
{
	const struct httpd_options *options = &conn->httpd->options;
	struct exchange *exchange = conn->exchange;
	bool chunked = exchange->parser.flags & F_CHUNKED;
	uint64_t len = chunked ? 0 : exchange->parser.content_length;

	exchange->body_max = body->bytes_max ? body->bytes_max : options->body_bytes_max;
	if (len > exchange->body_max) {
		*reterr = (struct refusal){413, "body_too_large",
					   "the body is larger than the limit"};
		return false;
	}
	account_begin_body(exchange, body->client ? body->client : net_peer_address(conn->net));
	/* A member's body has its room before it comes. Else many that come at once would each get
	 * half way, and all be refused. */
	if (len <= BODY_RESERVED_MAX || conn->member ? !account_charge(exchange, len, reterr)
						     : !account_fits(exchange, len, reterr))
		return false;
	if (!chunked && len <= BODY_RESERVED_MAX)
		buf_reserve(&exchange->body, len);
	if (exchange->expect_continue)
		buf_adds(&exchange->out, "HTTP/1.1 100 Continue\r\n\r\n");
	exchange->started_us = exchange->window_us = clock_mono_us();
	atomic_store_explicit(&conn->waits_us, exchange->started_us, memory_order_relaxed);
	conn->phase = PHASE_BODY;
	return true;
}

static void read_rest(struct conn *conn);

void httpd_body_read(struct httpd_request *req, const struct httpd_body *body)
{
	struct exchange *exchange = exchange_of(req);
	struct conn *conn = exchange->conn;
	struct net_conn *net = conn->net;
	bool locked = conn_lock(conn);
	struct refusal refusal;

	if (conn->phase == PHASE_GONE) {
		exchange_give(conn->httpd, exchange);
	} else {
		ensure(conn->phase == PHASE_OWNED && exchange->body_due);
		exchange->body_due = false;
		if (!begin_body(conn, body, &refusal))
			refuse(conn, &refusal);
		if (!conn->parsing) {
			read_rest(conn);
			timer_arm(conn);
		}
	}
	conn_unlock(conn, locked);
	net_unref(net);
}

/* Feeds one piece to the request at hand and returns how many bytes belong to it. */
static size_t read_piece(struct conn *conn, const uint8_t *data, size_t len)
{
	struct refusal refusal;
	enum parse result;
	size_t used = 0;

	if (conn->phase == PHASE_IDLE) {
		conn->exchange = exchange_take(conn->httpd);
		conn->exchange->started_us = clock_mono_us();
		conn->phase = PHASE_HEAD;
	}
	result = conn->phase == PHASE_HEAD ? parse_head(conn->exchange, &conn->httpd->options, data,
							len, &used, &refusal)
					   : parse_body(conn->exchange, data, len, &used, &refusal);
	if (result == PARSE_HEAD)
		used += decide(conn, len - used);
	else if (result == PARSE_COMPLETE)
		dispatch(conn);
	else if (result == PARSE_REFUSED)
		refuse(conn, &refusal);
	return used;
}

static bool reading(const struct conn *conn)
{
	return conn->phase == PHASE_IDLE || conn->phase == PHASE_HEAD || conn->phase == PHASE_BODY;
}

/* Reads until a request is dispatched or the bytes are used up; returns how many were. */
static size_t read_some(struct conn *conn, const uint8_t *data, size_t len)
{
	size_t used = 0;

	conn->parsing = true;
	while (used < len && reading(conn))
		used += read_piece(conn, data + used, len - used);
	conn->parsing = false;
	if (conn->phase == PHASE_HEAD || conn->phase == PHASE_BODY) {
		net_set_idle_timeout(conn->net, 0);
		timer_arm(conn);
	}
	return used;
}

static bool on_receive(_unused_ struct net_conn *net, const uint8_t *data, size_t len, void *ctx)
{
	struct conn *conn = ctx, *outer = conn_enter(conn);
	size_t used = 0;

	if (conn->rest.len == 0)
		used = read_some(conn, data, len);
	if (used < len && conn->phase != PHASE_LINGER && !conn->close_after) {
		buf_add(&conn->rest, data + used, len - used);
		net_pause(conn->net, true);
	}
	conn_leave(outer);
	return true;
}

/* The next request, from what came meanwhile. */
static void read_rest(struct conn *conn)
{
	if (conn->rest.len == 0)
		return;
	conn->rest_used += read_some(conn, conn->rest.data + conn->rest_used,
				     conn->rest.len - conn->rest_used);
	if (conn->rest_used < conn->rest.len)
		return;
	buf_done(&conn->rest);
	conn->rest_used = 0;
	net_pause(conn->net, false);
}

/* ------------------------------------------------------------------ writing */

void conn_answered(struct conn *conn, bool close_after)
{
	conn->phase = PHASE_SENDING;
	conn->close_after = close_after;
	atomic_store_explicit(&conn->waits_us, clock_mono_us(), memory_order_relaxed);
	conn_output_added(conn);
}

void conn_output_added(struct conn *conn)
{
	const struct httpd_options *options = &conn->httpd->options;
	struct exchange *exchange = conn->exchange;
	size_t len = exchange->out.len - exchange->out_sent + exchange->lives_len;

	if (exchange->heartbeat_ms)
		exchange->output_us = clock_mono_us();
	if (conn->deadline || len < DEADLINE_FROM_BYTES)
		return;
	conn->deadline = true;
	net_set_deadline(conn->net, clock_mono_us() + options->send_timeout_ms * US_PER_MS +
					    (int64_t)len * US_PER_S / options->body_rate_min);
}

void conn_stream_begun(struct conn *conn)
{
	conn->phase = PHASE_STREAM;
	conn_output_added(conn);
	timer_arm(conn);
}

/* Moves output of the exchange to out. */
static size_t take_output(struct exchange *exchange, uint8_t *out, size_t max)
{
	size_t n = exchange->out.len - exchange->out_sent;
	size_t m;

	n = n < max ? n : max;
	if (n)
		memcpy(out, exchange->out.data + exchange->out_sent, n);
	exchange->out_sent += n;
	m = exchange->lives_len < max - n ? exchange->lives_len : max - n;
	if (m) {
		memcpy(out + n, exchange->lives, m);
		exchange->lives += m;
		exchange->lives_len -= m;
	}
	return n + m;
}

/* The answer is on its way: close, or be ready for the next request. */
static void finish(struct conn *conn)
{
	struct exchange *exchange = conn->exchange;
	bool refused = exchange->refused;

	exchange_give(conn->httpd, TAKE_PTR(conn->exchange));
	if (refused) {
		/* Closing at once while the client still sends would reset the connection and
		 * destroy the answer. */
		conn->phase = PHASE_LINGER;
		net_set_deadline(conn->net, clock_mono_us() + LINGER_MS * US_PER_MS);
		net_pause(conn->net, false);
	} else if (conn->close_after) {
		net_close(conn->net, true);
	} else {
		conn->phase = PHASE_IDLE;
		net_set_idle_timeout(conn->net, conn->httpd->options.idle_timeout_ms);
		read_rest(conn);
	}
}

/* Everything queued went to net. False: there is nothing more to do now. */
static bool drained(struct conn *conn, size_t taken)
{
	struct exchange *exchange = conn->exchange;
	bool full = exchange->full;

	if (conn->deadline)
		net_set_deadline(conn->net, 0);
	conn->deadline = false;
	if (conn->phase == PHASE_SENDING) {
		if (taken && (conn->close_after || exchange->refused))
			return false; /* once more when it is sent */
		finish(conn);
		return conn->exchange;
	}
	exchange->out_sent = 0;
	if (conn->phase == PHASE_STREAM)
		buf_done(&exchange->out);
	else
		buf_clear(&exchange->out);
	exchange->full = false;
	if (full && exchange->hooks.on_writable)
		exchange->hooks.on_writable(&exchange->req, exchange->hooks_ctx);
	return full;
}

static size_t on_output(_unused_ struct net_conn *net, uint8_t *out, size_t max, void *ctx)
{
	struct conn *conn = ctx, *outer = conn_enter(conn);
	size_t n = 0;

	while (conn->exchange && conn->phase != PHASE_GONE) {
		n += take_output(conn->exchange, out + n, max - n);
		if (n == max || !drained(conn, n))
			break;
	}
	conn_leave(outer);
	return n;
}

/* ------------------------------------------------------------------ beginning and end */

static void on_close(_unused_ struct net_conn *net, void *ctx)
{
	struct conn *conn = ctx, *outer = conn_enter(conn);
	struct httpd *httpd = conn->httpd;
	struct exchange *exchange = TAKE_PTR(conn->exchange);
	bool owned = conn->phase == PHASE_OWNED || conn->phase == PHASE_STREAM;

	conn->phase = PHASE_GONE;
	if (conn->timer && net_timer_cancel(conn->timer))
		net_unref(conn->net);
	if (exchange && !owned)
		exchange_give(httpd, exchange);
	else if (exchange && exchange->hooks.on_close)
		exchange->hooks.on_close(&exchange->req, exchange->hooks_ctx);
	place_leave(conn);
	conn_leave(outer);
}

static void on_free(void *ctx)
{
	struct conn *conn = ctx;

	buf_done(&conn->rest);
	free(conn);
}

void *conn_accept(struct net_conn *net, struct net_hooks *hooks, void *ctx)
{
	struct httpd *httpd = ctx;
	struct conn *conn = calloc(1, sizeof *conn);

	ensure(conn);
	conn->net = net;
	conn->httpd = httpd;
	buf_init(&conn->rest, SIZE_MAX); /* one piece of net at most, as receiving is paused then */
	if (!place_take(conn)) {
		free(conn);
		return NULL;
	}
	*hooks = (struct net_hooks){
		.on_receive = on_receive,
		.on_output = on_output,
		.on_close = on_close,
		.on_free = on_free,
	};
	net_set_idle_timeout(net, httpd->options.head_timeout_ms);
	net_set_send_timeout(net, httpd->options.send_timeout_ms);
	return conn;
}
