/* The answers that gRPC's specification (PROTOCOL-HTTP2.md, statuscodes.md, compression.md) wants
 * for requests that are not quite right, seen on the wire. */
#include "runtime/rpc/rpc.h"

#include "runtime/base/ensure.h"
#include "tests/lib/h2_raw.h"
#include "tests/lib/rpc_pair.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HTTP_OK 200
#define GOOD "\0\0\0\0\x03\x0a\x01x" /* "x" */
#define GOOD_LEN 8

/* A request: what differs from a good one; NULL: nothing. */
struct odd {
	const char *name;
	const char *method, *path, *content_type, *timeout, *encoding;
	const char *data;
	size_t len;
	bool cut;       /* the stream ends after the headers */
	int http, grpc; /* the answer; grpc -1: none */
};

static const char * or (const char *text, const char *fallback)
{
	return text ? text : fallback;
}

static void send_request(int fd, const struct odd *odd)
{
	uint8_t block[512];
	size_t n = 0;

	n += h2_field(block + n, ":method", or (odd->method, "POST"));
	n += h2_field(block + n, ":scheme", "http");
	n += h2_field(block + n, ":path", or (odd->path, pair_inline.path));
	n += h2_field(block + n, ":authority", "localhost");
	n += h2_field(block + n, "content-type", or (odd->content_type, "application/grpc"));
	n += h2_field(block + n, "te", "trailers");
	if (odd->timeout)
		n += h2_field(block + n, "grpc-timeout", odd->timeout);
	if (odd->encoding)
		n += h2_field(block + n, "grpc-encoding", odd->encoding);
	if (odd->cut) {
		h2_frame(fd, H2_HEADERS, H2_END_HEADERS | H2_END_STREAM, 1, block, n);
		return;
	}
	h2_frame(fd, H2_HEADERS, H2_END_HEADERS, 1, block, n);
	if (odd->data)
		h2_frame(fd, H2_DATA, H2_END_STREAM, 1, odd->data, odd->len);
	else
		h2_frame(fd, H2_DATA, H2_END_STREAM, 1, GOOD, GOOD_LEN);
}

static void check(const struct pair *pair, const struct odd *odd)
{
	int fd = h2_connect(rpc_server_port(pair->server, 0), 0);
	struct h2_answer answer;

	h2_hello(fd);
	send_request(fd, odd);
	if (!h2_read_answer(fd, 1, &answer) || answer.http_status != odd->http ||
	    answer.grpc_status != odd->grpc || answer.reset)
		fail_msg("%s: HTTP %d, gRPC %d", odd->name, answer.http_status, answer.grpc_status);
	if (odd->encoding && odd->grpc == UNIMPLEMENTED)
		assert_string_equal(answer.encodings, "identity,gzip");
	close(fd);
}

static const struct odd odds[] = {
	{.name = "good", .http = HTTP_OK, .grpc = OK},
	{.name = "+proto", .content_type = "application/grpc+proto", .http = HTTP_OK, .grpc = OK},
	{.name = "charset", .content_type = "application/grpc;x=y", .http = HTTP_OK, .grpc = OK},
	{.name = "json", .content_type = "application/json", .http = 415, .grpc = -1},
	{.name = "grpc-web", .content_type = "application/grpc-web", .http = 415, .grpc = -1},
	{.name = "GET", .method = "GET", .http = 405, .grpc = -1},
	{.name = "unknown service",
	 .path = "/no.Service/Do",
	 .http = HTTP_OK,
	 .grpc = UNIMPLEMENTED},
	{.name = "unknown method",
	 .path = "/test.v1.Test/Do",
	 .http = HTTP_OK,
	 .grpc = UNIMPLEMENTED},
	{.name = "no timeout", .timeout = "10", .http = HTTP_OK, .grpc = INTERNAL},
	{.name = "long timeout", .timeout = "123456789S", .http = HTTP_OK, .grpc = INTERNAL},
	{.name = "zero timeout", .timeout = "0n", .http = HTTP_OK, .grpc = DEADLINE_EXCEEDED},
	{.name = "hours", .timeout = "99999999H", .http = HTTP_OK, .grpc = OK},
	{.name = "encoding", .encoding = "br", .http = HTTP_OK, .grpc = UNIMPLEMENTED},
	{.name = "identity", .encoding = "identity", .http = HTTP_OK, .grpc = OK},
	{.name = "flag without encoding",
	 .data = "\1\0\0\0\1x",
	 .len = 6,
	 .http = HTTP_OK,
	 .grpc = INTERNAL},
	{.name = "no gzip",
	 .encoding = "gzip",
	 .data = "\1\0\0\0\1x",
	 .len = 6,
	 .http = HTTP_OK,
	 .grpc = INTERNAL},
	{.name = "flag 2", .data = "\2\0\0\0\0", .len = 5, .http = HTTP_OK, .grpc = INTERNAL},
	{.name = "cut prefix", .data = "\0\0\0", .len = 3, .http = HTTP_OK, .grpc = INTERNAL},
	{.name = "cut message", .data = "\0\0\0\0\5x", .len = 6, .http = HTTP_OK, .grpc = INTERNAL},
	{.name = "oversize",
	 .data = "\0\x7f\0\0\0",
	 .len = 5,
	 .http = HTTP_OK,
	 .grpc = RESOURCE_EXHAUSTED},
	{.name = "no message", .cut = true, .http = HTTP_OK, .grpc = UNIMPLEMENTED},
	{.name = "two messages",
	 .data = GOOD GOOD,
	 .len = 2 * GOOD_LEN,
	 .http = HTTP_OK,
	 .grpc = UNIMPLEMENTED},
	{.name = "no protobuf",
	 .data = "\0\0\0\0\1\x0f",
	 .len = 6,
	 .http = HTTP_OK,
	 .grpc = INTERNAL},
	{.name = "empty message", .data = "\0\0\0\0\0", .len = 5, .http = HTTP_OK, .grpc = OK},
};

static void odd_requests_are_answered_as_the_specification_says(void **state)
{
	struct pair pair;

	pair_open(&pair, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	for (size_t i = 0; i < ARRAY_SIZE(odds); i++)
		check(&pair, &odds[i]);
	pair_close(&pair);
}

/* 100 fields of 100 bytes are more than 8 KiB: refused, and the connection goes on. */
static void headers_are_taken_up_to_their_limit(void **state)
{
	struct pair pair;
	struct h2_answer answer;
	uint8_t block[16384];
	char name[16], value[101];
	size_t n = 0;
	int fd;

	pair_open(&pair, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	fd = h2_connect(rpc_server_port(pair.server, 0), 0);
	h2_hello(fd);
	memset(value, 'v', 100);
	value[100] = '\0';
	n += h2_field(block + n, ":method", "POST");
	n += h2_field(block + n, ":scheme", "http");
	n += h2_field(block + n, ":path", pair_inline.path);
	n += h2_field(block + n, ":authority", "localhost");
	n += h2_field(block + n, "content-type", "application/grpc");
	for (int i = 0; i < 90; i++) {
		snprintf(name, sizeof(name), "x-%d", i);
		n += h2_field(block + n, name, value);
	}
	assert_true(h2_frame(fd, H2_HEADERS, H2_END_HEADERS | H2_END_STREAM, 1, block, n));
	assert_true(h2_read_answer(fd, 1, &answer));
	assert_int_equal(answer.grpc_status, RESOURCE_EXHAUSTED);
	close(fd);
	pair_close(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_requests_are_answered_as_the_specification_says),
		cmocka_unit_test(headers_are_taken_up_to_their_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
