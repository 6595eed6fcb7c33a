/* The bytes of an HTTP client. However they are cut, the same requests come out. */
#include "tests/fuzz/fuzz.h"

#include "runtime/base/buf.h"
#include "runtime/httpd/conn.h"

#include <string.h>

#define BODY_BYTES_MAX 4096
#define SUMMARY_BYTES_MAX (16 * 1024 * 1024)

static struct httpd server = {
	.options = {.head_bytes_max = 2048,
		    .headers_max = 20,
		    .url_bytes_max = 512,
		    .body_bytes_max = BODY_BYTES_MAX,
		    .request_arena_bytes = 1 << 20},
	.mutex = PTHREAD_MUTEX_INITIALIZER,
};

static void summarize(const struct httpd_request *req, struct buf *out)
{
	const char *query = req->query, *name, *value;

	ensure(req->path[0] == '/' && req->body_len <= BODY_BYTES_MAX);
	buf_addf(out, "%s %s ? %s\n", req->method, req->path, req->query);
	for (size_t i = 0; i < req->n_headers; i++) {
		ensure(*req->headers[i].name && !strpbrk(req->headers[i].name, " \r\n:"));
		ensure(!strpbrk(req->headers[i].value, "\r\n"));
		buf_addf(out, "%s: %s\n", req->headers[i].name, req->headers[i].value);
	}
	while (httpd_query_next(req->arena, &query, &name, &value))
		if (name)
			buf_addf(out, "%s=%s\n", name, value);
	httpd_decode(req->arena, req->path, strlen(req->path), false);
	buf_add(out, req->body, req->body_len);
}

/* Reads as conn.c does, in pieces of step bytes. */
static void read_all(const uint8_t *data, size_t len, size_t step, struct buf *out)
{
	struct exchange *exchange = exchange_take(&server);
	bool body = false;

	while (len > 0) {
		struct refusal refusal;
		size_t used = 0, piece = len < step ? len : step;
		enum parse result =
			body ? parse_body(exchange, data, piece, &used, &refusal)
			     : parse_head(exchange, &server.options, data, piece, &used, &refusal);

		ensure(used <= piece);
		if (result == PARSE_REFUSED) {
			buf_adds(out, "refused\n");
			break;
		}
		ensure(used > 0);
		if (result == PARSE_HEAD)
			exchange->body_max = BODY_BYTES_MAX;
		body = result == PARSE_HEAD || (body && result == PARSE_MORE);
		if (result == PARSE_COMPLETE) {
			summarize(&exchange->req, out);
			exchange_give(&server, exchange);
			exchange = exchange_take(&server);
		}
		data += used;
		len -= used;
	}
	exchange_give(&server, exchange);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf whole, cut;

	if (len == 0)
		return 0;
	buf_init(&whole, SUMMARY_BYTES_MAX);
	buf_init(&cut, SUMMARY_BYTES_MAX);
	read_all(data + 1, len - 1, SIZE_MAX, &whole);
	read_all(data + 1, len - 1, 1 + data[0] % 16, &cut);
	ensure(whole.len == cut.len && memcmp(buf_text(&whole), buf_text(&cut), whole.len) == 0);
	buf_done(&whole);
	buf_done(&cut);
	return 0;
}
