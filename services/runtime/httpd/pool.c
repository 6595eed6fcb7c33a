/* Exchanges with their buffers, reused so that a request costs no malloc. */
#include "runtime/httpd/account.h"

#include <string.h>

static void exchange_free(struct exchange *exchange)
{
	buf_done(&exchange->head);
	buf_done(&exchange->body);
	buf_done(&exchange->out);
	arena_free(exchange->arena);
	free(exchange->headers);
	free(exchange);
}

struct exchange *exchange_take(struct httpd *httpd)
{
	struct exchange *exchange;

	pthread_mutex_lock(&httpd->mutex);
	exchange = httpd->pool;
	if (exchange) {
		httpd->pool = exchange->next;
		httpd->n_pooled--;
	}
	pthread_mutex_unlock(&httpd->mutex);
	if (!exchange) {
		exchange = calloc(1, sizeof *exchange);
		ensure(exchange);
		buf_init(&exchange->head, httpd->options.head_bytes_max);
		buf_init(&exchange->body, SIZE_MAX);
		buf_init(&exchange->out, SIZE_MAX);
		exchange->arena = arena_new(ARENA_CHUNK_BYTES, httpd->options.request_arena_bytes);
		exchange->headers =
			calloc((size_t)httpd->options.headers_max, sizeof *exchange->headers);
		ensure(exchange->headers);
	}
	exchange->magic = EXCHANGE_MAGIC;
	exchange->headers_max = (size_t)httpd->options.headers_max;
	exchange->req = (struct httpd_request){
		.method = "",
		.path = "",
		.query = "",
		.headers = exchange->headers,
		.peer_address = "",
		.arena = exchange->arena,
	};
	return exchange;
}

static void buffer_reset(struct buf *buf)
{
	buf_clear(buf);
	buf_trim(buf, EXCHANGE_BUFFER_KEPT_MAX);
}

void exchange_give(struct httpd *httpd, struct exchange *exchange)
{
	struct exchange empty = {
		.arena = exchange->arena,
		.headers = exchange->headers,
		.head = exchange->head,
		.body = exchange->body,
		.out = exchange->out,
	};
	bool kept = false;

	account_end_body(httpd, exchange);
	if (!exchange->arena) { /* was a stream: nothing in it is worth keeping */
		exchange->magic = 0;
		exchange_free(exchange);
		return;
	}
	*exchange = empty;
	arena_reset(exchange->arena);
	buffer_reset(&exchange->head);
	buffer_reset(&exchange->body);
	buffer_reset(&exchange->out);
	pthread_mutex_lock(&httpd->mutex);
	if (httpd->n_pooled < EXCHANGES_POOLED_MAX) {
		exchange->next = httpd->pool;
		httpd->pool = exchange;
		httpd->n_pooled++;
		kept = true;
	}
	pthread_mutex_unlock(&httpd->mutex);
	if (!kept)
		exchange_free(exchange);
}

void exchange_slim(struct exchange *exchange)
{
	account_end_body(exchange->conn->httpd, exchange);
	buf_done(&exchange->head);
	buf_done(&exchange->body);
	arena_free(TAKE_PTR(exchange->arena));
	free(TAKE_PTR(exchange->headers));
	exchange->req = (struct httpd_request){0};
}

void pool_free(struct httpd *httpd)
{
	while (httpd->pool) {
		struct exchange *next = httpd->pool->next;

		exchange_free(httpd->pool);
		httpd->pool = next;
	}
}
