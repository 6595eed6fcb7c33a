/* One connection: life cycle, receive, send. docs/modules/net.md tells the traps that shaped it.
 *
 * Threads. nng's polling thread (poll.c) and its task threads run recv_cb, send_cb and deliver_cb;
 * any thread may be in net_lock … net_unlock. */
#include "runtime/net/conn.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include "runtime/net/poll.h"
#include "runtime/net/thread.h"
#include <arpa/inet.h>
#include <string.h>

#define WRITES_MAX \
	16 /* of one flush on the caller's thread; then nng's threads go on, so that nobody is \
	      kept for ever */
#define READS_MAX 16 /* bulk reads in a row before the output gets its turn */

static const void *this_thread(void)
{
	static _Thread_local char mark;

	return &mark;
}

static void lock(struct net_conn *conn)
{
	pthread_mutex_lock(&conn->lock);
	atomic_store_explicit(&conn->holder, this_thread(), memory_order_relaxed);
}

static void unlock(struct net_conn *conn)
{
	atomic_store_explicit(&conn->holder, NULL, memory_order_relaxed);
	pthread_mutex_unlock(&conn->lock);
}

struct net_conn *net_ref(struct net_conn *conn)
{
	atomic_fetch_add_explicit(&conn->refs, 1, memory_order_relaxed);
	return conn;
}

void net_unref(struct net_conn *conn)
{
	struct net_owner owner = conn->owner;

	if (atomic_fetch_sub(&conn->refs, 1) != 1)
		return;
	if (conn->started && conn->hooks.on_free)
		conn->hooks.on_free(conn->ctx);
	nng_stream_close(conn->stream);
	nng_stream_free(conn->stream);
	/* Not nng_aio_free: in the aio's own callback it would wait for itself. */
	nng_aio_reap(conn->recv_aio);
	if (conn->send_aio)
		nng_aio_reap(conn->send_aio);
	pthread_mutex_destroy(&conn->lock);
	free(conn->out);
	free(conn);
	if (owner.on_freed)
		owner.on_freed(owner.ctx);
}

/* -------------------------------------------- timeouts: one timer, set again only when it fires */

static void timer_fired(void *arg);

static int64_t due_us(const struct net_conn *conn)
{
	int64_t due = INT64_MAX;

	if (conn->deadline_us && conn->deadline_us < due)
		due = conn->deadline_us;
	if (conn->idle_ms && conn->received_us + conn->idle_ms * US_PER_MS < due)
		due = conn->received_us + conn->idle_ms * US_PER_MS;
	if (conn->sending && conn->send_ms && conn->sent_us + conn->send_ms * US_PER_MS < due)
		due = conn->sent_us + conn->send_ms * US_PER_MS;
	return due;
}

static void timer_arm(struct net_conn *conn)
{
	int64_t due = due_us(conn);

	if (due == INT64_MAX || conn->closed || !conn->started)
		return;
	if (conn->timer && conn->timer_us <= due)
		return; /* fires early enough and looks again then */
	if (conn->timer && !net_timer_cancel(conn->timer))
		return; /* fires now, waits for the lock and then arms itself */
	if (conn->timer)
		atomic_fetch_sub(&conn->refs, 1); /* of the cancelled one; the caller has another */
	conn->timer_us = due;
	conn->timer = net_timer_start(due, timer_fired, net_ref(conn));
}

static void timer_drop(struct net_conn *conn)
{
	if (conn->timer && net_timer_cancel(conn->timer))
		atomic_fetch_sub(&conn->refs, 1); /* never the last: the caller has one */
	conn->timer = NULL;
}

/* ------------------------------------------------------------------ end */

static void deliver_cb(void *arg);

static void deliver_post(struct net_conn *conn)
{
	if (conn->deliver_posted)
		return;
	conn->deliver_posted = true;
	net_post(deliver_cb, net_ref(conn));
}

/* Marks the end and lets the callback that is due next run on_close: that of the receive, which
 * fails now, or a posted one. */
static void close_now(struct net_conn *conn)
{
	if (conn->closed)
		return;
	conn->closed = true;
	nng_stream_close(conn->stream);
	if (conn->started && !conn->recv_posted && conn->callbacks == 0)
		deliver_post(conn);
}

static void timer_fired(void *arg)
{
	struct net_conn *conn = arg;

	lock(conn);
	conn->timer = NULL;
	if (!conn->closed) {
		if (due_us(conn) <= clock_mono_us())
			close_now(conn);
		else
			timer_arm(conn);
	}
	unlock(conn);
	net_unref(conn);
}

/* ------------------------------------------------------------------ send */

static void send_cb(void *arg);

static void send_rest(struct net_conn *conn)
{
	nng_iov iov = {conn->out + conn->out_off, conn->out_len - conn->out_off};

	ensure(nng_aio_set_iov(conn->send_aio, 1, &iov) == 0);
	net_ref(conn);
	nng_stream_send(conn->stream, conn->send_aio);
}

/* Bytes that the socket does not take at once go out from a buffer of their own, by nng's
 * threads. */
static void send_later(struct net_conn *conn, const uint8_t *data, size_t len)
{
	if (!conn->send_aio)
		ensure(nng_aio_alloc(&conn->send_aio, send_cb, conn) == 0);
	conn->out = malloc(len);
	ensure(conn->out);
	memcpy(conn->out, data, len);
	conn->out_len = len;
	conn->out_off = 0;
	conn->sending = true;
	conn->sent_us = clock_mono_us();
	timer_arm(conn);
	send_rest(conn);
}

/* Runs one operation of nng without waiting: it completes here or is taken back. Returns bytes
 * moved, 0 when it would block, -1 when the connection is broken. */
static ssize_t try_io(struct net_conn *conn, void (*io)(nng_stream *, nng_aio *), void *data,
		      size_t len)
{
	nng_aio *aio = net_thread_get()->aio;
	nng_iov iov = {data, len};
	int rv;

	ensure(nng_aio_set_iov(aio, 1, &iov) == 0);
	net_poll_direct(true);
	io(conn->stream, aio);
	nng_aio_cancel(aio);
	nng_aio_wait(aio);
	net_poll_direct(false);
	rv = nng_aio_result(aio);
	if (rv == NNG_ECANCELED)
		return 0;
	return rv == 0 ? (ssize_t)nng_aio_count(aio) : -1;
}

static void flush(struct net_conn *conn)
{
	struct net_thread *thread = net_thread_get();
	int writes = 0;

	if (!conn->started || conn->over)
		return;
	while (!conn->closed && !conn->sending) {
		size_t len = conn->hooks.on_output(conn, thread->out, NET_BULK_BYTES, conn->ctx);
		ssize_t sent = 0;

		if (len == 0 || conn->closed)
			break;
		if (!conn->tls && writes++ < WRITES_MAX)
			sent = try_io(conn, nng_stream_send, thread->out, len);
		if (sent < 0)
			close_now(conn);
		else if ((size_t)sent < len)
			send_later(conn, thread->out + sent, len - sent);
	}
	if (conn->close_flushed && !conn->sending)
		close_now(conn);
}

/* ------------------------------------------------------------------ receive */

static void recv_post(struct net_conn *conn)
{
	size_t at = conn->in_len ? conn->in_start + conn->in_len : 0;
	nng_iov iov = {conn->in + at, sizeof(conn->in) - at};

	if (conn->closed || conn->recv_posted || iov.iov_len == 0)
		return;
	conn->recv_at = at;
	conn->recv_posted = true;
	ensure(nng_aio_set_iov(conn->recv_aio, 1, &iov) == 0);
	net_ref(conn);
	nng_stream_recv(conn->stream, conn->recv_aio);
}

static bool wants_bytes(const struct net_conn *conn)
{
	return !conn->paused && !conn->closed;
}

static void deliver_bytes(struct net_conn *conn, const uint8_t *data, size_t len)
{
	if (conn->close_flushed)
		return;
	if (!conn->hooks.on_receive(conn, data, len, conn->ctx))
		conn->close_flushed = true;
}

/* Hands over what waits, then reads on in bulk as long as the socket has more than the small buffer
 * holds. */
static void deliver(struct net_conn *conn)
{
	struct net_thread *thread = net_thread_get();
	bool full = conn->in_start + conn->in_len == sizeof(conn->in);
	ssize_t got;

	if (conn->in_len == 0 || !wants_bytes(conn))
		return;
	got = conn->in_len;
	conn->in_len = 0;
	deliver_bytes(conn, conn->in + conn->in_start, got);
	if (!full || conn->tls || conn->recv_posted)
		return;
	for (int i = 0; i < READS_MAX && wants_bytes(conn); i++) {
		got = try_io(conn, nng_stream_recv, thread->in, NET_BULK_BYTES);
		if (got < 0)
			close_now(conn);
		if (got <= 0)
			return;
		deliver_bytes(conn, thread->in, got);
		if (got < NET_BULK_BYTES)
			return;
	}
}

/* ------------------------------------------------------------------ callbacks */

static void run_unlocked(struct net_conn *conn)
{
	if (!conn->hooks.on_unlocked)
		return;
	unlock(conn);
	conn->hooks.on_unlocked(conn, conn->ctx);
	lock(conn);
}

/* The last steps of every callback: the callbacks of users, the output, the next receive; and
 * on_close when it came to that. Takes over the caller's lock and reference. */
static void callback_finish(struct net_conn *conn)
{
	run_unlocked(conn);
	deliver(conn); /* what came while it was paused, if it is no more */
	flush(conn);
	if (conn->in_len && wants_bytes(conn))
		deliver_post(conn); /* on_output ended the pause */
	recv_post(conn);
	if (conn->closed && !conn->over) {
		conn->over = true;
		timer_drop(conn);
		conn->hooks.on_close(conn, conn->ctx);
		atomic_fetch_sub(&conn->refs, 1); /* open no more; the caller's is left */
		run_unlocked(conn);
	}
	conn->callbacks--;
	unlock(conn);
	net_callback_end();
	net_unref(conn);
}

static void callback_start(struct net_conn *conn)
{
	net_callback_begin();
	lock(conn);
	conn->callbacks++;
}

/* nng does the handshake with the first bytes, and does not say what was wrong. */
static void tls_failed(struct net_conn *conn, int rv)
{
	if (conn->owner.on_tls_failed)
		conn->owner.on_tls_failed(conn->owner.ctx, conn->peer_address, rv);
	else
		log_warn("tls_failed", LOG_S("server", conn->peer_address),
			 LOG_S("error", nng_strerror(rv)),
			 LOG_S("hint", "the server's certificate is not good, or it refused ours"));
}

static void recv_cb(void *arg)
{
	struct net_conn *conn = arg;
	int rv = nng_aio_result(conn->recv_aio);

	callback_start(conn);
	conn->recv_posted = false;
	if (rv == NNG_ECRYPTO || rv == NNG_EPEERAUTH)
		tls_failed(conn, rv);
	if (rv != 0) {
		close_now(conn);
	} else if (!conn->closed) {
		if (conn->in_len == 0)
			conn->in_start = conn->recv_at;
		conn->in_len += nng_aio_count(conn->recv_aio);
		if (conn->idle_ms)
			conn->received_us = clock_mono_us();
		deliver(conn);
	}
	callback_finish(conn);
}

static void send_cb(void *arg)
{
	struct net_conn *conn = arg;
	int rv = nng_aio_result(conn->send_aio);

	callback_start(conn);
	if (rv != 0)
		close_now(conn);
	else
		conn->out_off += nng_aio_count(conn->send_aio);
	if (!conn->closed && conn->out_off < conn->out_len) {
		conn->sent_us = clock_mono_us();
		send_rest(conn);
	} else {
		conn->sending = false;
		free(TAKE_PTR(conn->out));
	}
	callback_finish(conn);
}

static void deliver_cb(void *arg)
{
	struct net_conn *conn = arg;

	callback_start(conn);
	conn->deliver_posted = false;
	deliver(conn);
	callback_finish(conn);
}

/* ------------------------------------------------------------------ the rest of the interface */

static void peer_read(struct net_conn *conn)
{
	nng_sockaddr address;
	uint64_t uid;

	conn->peer_uid = -1;
	if (nng_stream_get_uint64(conn->stream, NNG_OPT_IPC_PEER_UID, &uid) == 0)
		conn->peer_uid = uid;
	if (nng_stream_get_addr(conn->stream, NNG_OPT_REMADDR, &address) != 0)
		return;
	if (address.s_family == NNG_AF_INET)
		inet_ntop(AF_INET, &address.s_in.sa_addr, conn->peer_address,
			  sizeof(conn->peer_address));
	else if (address.s_family == NNG_AF_INET6)
		inet_ntop(AF_INET6, &address.s_in6.sa_addr, conn->peer_address,
			  sizeof(conn->peer_address));
}

struct net_conn *net_conn_new(nng_stream *stream, bool tls, const struct net_owner *owner)
{
	struct net_conn *conn = calloc(1, sizeof(*conn));

	ensure(conn && nng_aio_alloc(&conn->recv_aio, recv_cb, conn) == 0);
	pthread_mutex_init(&conn->lock, NULL);
	atomic_init(&conn->refs, 1);
	conn->stream = stream;
	conn->tls = tls;
	if (owner)
		conn->owner = *owner;
	conn->send_ms = NET_SEND_TIMEOUT_MS;
	peer_read(conn);
	return conn;
}

void net_conn_start(struct net_conn *conn, const struct net_hooks *hooks, void *ctx)
{
	ensure(!conn->started);
	conn->hooks = *hooks;
	conn->ctx = ctx;
	conn->started = true;
	conn->received_us = clock_mono_us();
	net_ref(conn); /* while it is open */
	if (conn->closed)
		deliver_post(conn);
	flush(conn);
	recv_post(conn);
	timer_arm(conn);
}

void net_start(struct net_conn *conn, const struct net_hooks *hooks, void *ctx)
{
	lock(conn);
	net_conn_start(conn, hooks, ctx);
	unlock(conn);
}

void net_lock(struct net_conn *conn)
{
	lock(conn);
}

void net_unlock(struct net_conn *conn)
{
	flush(conn);
	unlock(conn);
}

void net_unlock_quietly(struct net_conn *conn)
{
	unlock(conn);
}

void net_close(struct net_conn *conn, bool flush_first)
{
	bool holds = atomic_load_explicit(&conn->holder, memory_order_relaxed) == this_thread();

	if (!holds)
		lock(conn);
	if (flush_first && conn->started)
		conn->close_flushed = true;
	else
		close_now(conn);
	if (!holds)
		net_unlock(conn);
}

void net_set_idle_timeout(struct net_conn *conn, int32_t idle_ms)
{
	conn->idle_ms = idle_ms;
	conn->received_us = clock_mono_us();
	timer_arm(conn);
}

void net_set_deadline(struct net_conn *conn, int64_t deadline_us)
{
	conn->deadline_us = deadline_us;
	timer_arm(conn);
}

void net_set_send_timeout(struct net_conn *conn, int32_t send_ms)
{
	conn->send_ms = send_ms;
	timer_arm(conn);
}

void net_pause(struct net_conn *conn, bool paused)
{
	conn->paused = paused;
	if (!paused && conn->in_len && conn->callbacks == 0)
		deliver_post(conn);
}

const char *net_peer_address(const struct net_conn *conn)
{
	return conn->peer_address;
}

int64_t net_peer_uid(const struct net_conn *conn)
{
	return conn->peer_uid;
}

bool net_peer_verified(const struct net_conn *conn)
{
	bool verified = false;

	return nng_stream_get_bool(conn->stream, NNG_OPT_TLS_VERIFIED, &verified) == 0 && verified;
}
