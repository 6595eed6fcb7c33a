/* Answers: whole ones, streams, server-sent events. */
#include "runtime/base/clock.h"
#include "runtime/httpd/conn.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* The owner lets go of an exchange whose connection is closed. */
static void abandon(struct exchange *exchange)
{
	exchange_give(exchange->conn->httpd, exchange);
}

void httpd_answer(struct httpd_request *req, const struct httpd_answer *answer)
{
	struct exchange *exchange = exchange_of(req);
	struct conn *conn = exchange->conn;
	struct net_conn *net = conn->net;
	bool locked = conn_lock(conn);

	if (conn->phase == PHASE_GONE) {
		abandon(exchange);
	} else {
		bool close_after;
		bool bodiless = exchange->is_head || answer->status == 204 || answer->status == 304;

		exchange->refused |= exchange->body_due && !exchange->body_here;
		close_after = answer->close || !exchange->keep_alive || exchange->refused ||
			      conn->httpd->draining;
		ensure(conn->phase == PHASE_OWNED);
		write_head(exchange, answer, false, close_after);
		if (!bodiless && answer->body_lives) {
			exchange->lives = answer->body;
			exchange->lives_len = answer->body_len;
		} else if (!bodiless) {
			buf_add(&exchange->out, answer->body, answer->body_len);
		}
		conn_answered(conn, close_after);
	}
	conn_unlock(conn, locked);
	net_unref(net);
}

/* The lock is the connection's. */
struct httpd_lock *httpd_lock_of(struct httpd_request *req)
{
	struct conn *conn = exchange_of(req)->conn;

	net_ref(conn->net);
	return (struct httpd_lock *)conn;
}

bool httpd_lock_take(struct httpd_lock *lock)
{
	return conn_lock((struct conn *)lock);
}

void httpd_lock_release(struct httpd_lock *lock, bool taken)
{
	conn_unlock((struct conn *)lock, taken);
}

void httpd_lock_unref(struct httpd_lock *lock)
{
	net_unref(((struct conn *)lock)->net);
}

bool httpd_hooks_set(struct httpd_request *req, const struct httpd_hooks *hooks, void *ctx)
{
	struct exchange *exchange = exchange_of(req);
	struct conn *conn = exchange->conn;
	bool locked = conn_lock(conn);
	bool open = conn->phase != PHASE_GONE;

	if (open) {
		exchange->hooks = *hooks;
		exchange->hooks_ctx = ctx;
	}
	conn_unlock(conn, locked);
	return open;
}

/* ------------------------------------------------------------------ streams */

/* Room for len more bytes in the stream? A piece that is larger than the whole queue is taken when
 * the queue is empty. */
static enum status stream_room(struct exchange *exchange, size_t len)
{
	struct conn *conn = exchange->conn;
	size_t queued = exchange->out.len - exchange->out_sent;

	if (conn->phase == PHASE_GONE || exchange->is_head)
		return CANCELLED;
	ensure(conn->phase == PHASE_STREAM);
	if (queued > 0 && queued + len > conn->httpd->options.stream_queue_bytes) {
		exchange->full = true;
		return RESOURCE_EXHAUSTED;
	}
	if (exchange->out_sent > queued) {
		buf_consume(&exchange->out, exchange->out_sent);
		exchange->out_sent = 0;
	}
	return OK;
}

static void chunk_begin(struct exchange *exchange, size_t len)
{
	if (exchange->chunked)
		buf_addf(&exchange->out, "%zx\r\n", len);
}

static void chunk_end(struct exchange *exchange)
{
	if (exchange->chunked)
		buf_add(&exchange->out, "\r\n", 2);
	conn_output_added(exchange->conn);
}

enum status httpd_stream_send(struct httpd_request *req, const void *data, size_t len)
{
	struct exchange *exchange = exchange_of(req);
	bool locked = conn_lock(exchange->conn);
	enum status s = stream_room(exchange, len);

	if (s == OK && len > 0) {
		chunk_begin(exchange, len);
		buf_add(&exchange->out, data, len);
		chunk_end(exchange);
	}
	conn_unlock(exchange->conn, locked);
	return s;
}

static bool heartbeat(struct exchange *exchange)
{
	return httpd_stream_send(&exchange->req, ":\n\n", 3) == OK;
}

void httpd_stream_begin(struct httpd_request *req, const struct httpd_answer *head)
{
	struct exchange *exchange = exchange_of(req);
	struct conn *conn = exchange->conn;
	bool locked = conn_lock(conn);

	if (conn->phase != PHASE_GONE) {
		ensure(conn->phase == PHASE_OWNED);
		exchange->chunked = !exchange->http10;
		exchange->keep_alive = exchange->keep_alive && exchange->chunked && !head->close;
		write_head(exchange, head, true, !exchange->keep_alive);
		exchange->heartbeat = heartbeat;
		exchange->heartbeat_ms = exchange->is_head ? 0 : head->heartbeat_ms;
		conn_stream_begun(conn);
	}
	exchange_slim(exchange);
	conn_unlock(conn, locked);
}

/* Length of the first line of data, and what its end takes: LF, CR or both. */
static size_t line_length(const char *data, size_t len, size_t *ret_end)
{
	size_t n = 0;

	while (n < len && data[n] != '\n' && data[n] != '\r')
		n++;
	*ret_end = n == len ? 0 : data[n] == '\r' && n + 1 < len && data[n + 1] == '\n' ? 2 : 1;
	return n;
}

static size_t sse_length(const char *event, const char *id, const char *data, size_t len)
{
	size_t total = 1, end;

	if (event)
		total += strlen("event: \n") + strlen(event);
	if (id)
		total += strlen("id: \n") + strlen(id);
	do {
		size_t n = line_length(data, len, &end);

		total += strlen("data: \n") + n;
		data += n + end;
		len -= n + end;
	} while (end > 0);
	return total;
}

static void sse_write(struct buf *out, const char *event, const char *id, const char *data,
		      size_t len)
{
	size_t end;

	if (event) {
		buf_adds(out, "event: ");
		buf_adds(out, event);
		buf_addc(out, '\n');
	}
	if (id) {
		buf_adds(out, "id: ");
		buf_adds(out, id);
		buf_addc(out, '\n');
	}
	do {
		size_t n = line_length(data, len, &end);

		buf_adds(out, "data: ");
		buf_add(out, data, n);
		buf_addc(out, '\n');
		data += n + end;
		len -= n + end;
	} while (end > 0);
	buf_addc(out, '\n');
}

enum status httpd_sse_send(struct httpd_request *req, const char *event, const char *id,
			   const void *data, size_t len)
{
	struct exchange *exchange = exchange_of(req);
	size_t total = sse_length(event, id, data, len);
	bool locked = conn_lock(exchange->conn);
	enum status s = stream_room(exchange, total);

	if (s == OK) {
		chunk_begin(exchange, total);
		sse_write(&exchange->out, event, id, data, len);
		chunk_end(exchange);
	}
	conn_unlock(exchange->conn, locked);
	return s;
}

void httpd_stream_end(struct httpd_request *req, bool complete)
{
	struct exchange *exchange = exchange_of(req);
	struct conn *conn = exchange->conn;
	struct net_conn *net = conn->net;
	bool locked = conn_lock(conn);

	if (conn->phase == PHASE_GONE) {
		abandon(exchange);
	} else {
		ensure(conn->phase == PHASE_STREAM);
		if (exchange->chunked && !exchange->is_head && complete)
			buf_adds(&exchange->out, "0\r\n\r\n");
		conn_answered(conn, !complete || !exchange->keep_alive || conn->httpd->draining);
		if (!complete)
			net_close(net, false);
	}
	conn_unlock(conn, locked);
	net_unref(net);
}
