/* Requests that two parsers could read in two ways: one request for a proxy in front must never
 * be two here, so an unclear one is refused and the connection closed. */
#include "runtime/base/arena.h"
#include "runtime/httpd/httpd.h"
#include "runtime/httpd/test_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

/* Sent behind each probe: it is answered only where the probe was understood. */
#define NEXT "GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
#define POST "POST / HTTP/1.1\r\nHost: x\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define HELD(text) text, sizeof(text) - 1

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define HALF HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
#define LONG HALF HALF HUNDRED

struct probe {
	const char *text;
	size_t len;
	const char *answers; /* status and path of each, in order */
};

#define TAKEN "200 / 200 /next"

static const struct probe framing[] = {
	{HELD(POST "Content-Length: 4\r\n\r\nabcd"), TAKEN},
	{HELD(POST "content-length:4\r\n\r\nabcd"), TAKEN},
	{HELD(POST "Content-Length:\t4 \r\n\r\nabcd"), TAKEN},
	{HELD(POST "\r\n"), TAKEN},
	{HELD(POST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "400"},
	{HELD(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), "400"},
	{HELD(POST "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd"), "400"},
	{HELD(POST "Content-Length: 0\r\nContent-Length: 4\r\n\r\nabcd"), "400"},
	{HELD(POST "Content-Length: 4, 4\r\n\r\nabcd"), "400"},
	{HELD(POST "Content-Length: +4\r\n\r\nabcd"), "400"},
	{HELD(POST "Content-Length: -4\r\n\r\nabcd"), "400"},
	{HELD(POST "Content-Length: 0x4\r\n\r\nabcd"), "400"},
	{HELD(POST "Content-Length: 4 4\r\n\r\nabcd"), "400"},
	{HELD(POST "Content-Length: 4a\r\n\r\nabcd"), "400"},
	{HELD(POST "Content-Length:\r\n\r\nabcd"), "400"},
	{HELD(POST "Content-Length: 18446744073709551620\r\n\r\nabcd"), "400"},
	{HELD(POST "Content-Length : 4\r\n\r\nabcd"), "400"},
	{HELD(POST "Content-Length: 9999999\r\n\r\nabcd"), "413"},
	{HELD(POST "Transfer-Encoding: identity\r\nContent-Length: 4\r\n\r\nabcd"), "400"},
	{HELD(POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"), "400"},
	{HELD(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), "400"},
	{HELD(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), "400"},
	{HELD(POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"), "400"},
	{HELD(POST "Transfer-Encoding:\r\n\r\n0\r\n\r\n"), "400"},
	{HELD(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n"), "400"},
	{HELD(POST "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "400"},
	{HELD(POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"), "400"},
	{HELD(POST "Transfer-Encoding:\x0b"
		   "chunked\r\n\r\n0\r\n\r\n"),
	 "400"},
	{HELD(POST "Transfer-Encoding: chu\r\n nked\r\n\r\n0\r\n\r\n"), "400"},
	{HELD("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "400"},
	{HELD(POST "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n"), TAKEN},
};

static const struct probe chunks[] = {
	{HELD(CHUNKED "4\r\nabcd\r\n0\r\n\r\n"), TAKEN},
	{HELD(CHUNKED "004\r\nabcd\r\n000\r\n\r\n"), TAKEN},
	{HELD(CHUNKED "4;name=value\r\nabcd\r\n0\r\n\r\n"), TAKEN},
	{HELD(CHUNKED "0x4\r\nabcd\r\n0\r\n\r\n"), "400"},
	{HELD(CHUNKED "+4\r\nabcd\r\n0\r\n\r\n"), "400"},
	{HELD(CHUNKED "-4\r\nabcd\r\n0\r\n\r\n"), "400"},
	{HELD(CHUNKED " 4\r\nabcd\r\n0\r\n\r\n"), "400"},
	{HELD(CHUNKED "4 4\r\nabcd\r\n0\r\n\r\n"), "400"},
	{HELD(CHUNKED "\r\nabcd\r\n0\r\n\r\n"), "400"},
	{HELD(CHUNKED "g\r\nabcd\r\n0\r\n\r\n"), "400"},
	{HELD(CHUNKED "10000000000000004\r\nabcd\r\n0\r\n\r\n"), "400"},
	/* By its size alone, before a byte of it comes. */
	{HELD(CHUNKED "200000\r\n"), "413"},
	{HELD(CHUNKED "4\r\nabcd\r\nfffffffffffffff\r\n"), "413"},
	{HELD(CHUNKED "4;" LONG "=a\r\nabcd\r\n0\r\n\r\n"), "400"},
	{HELD(CHUNKED "4;a=" LONG "\r\nabcd\r\n0\r\n\r\n"), "400"},
	{HELD(CHUNKED "1;" HALF "\r\na\r\n1;" HALF "\r\nb\r\n1;" HALF "\r\nc\r\n0\r\n\r\n"), "400"},
	{HELD(CHUNKED "4\nabcd\r\n0\r\n\r\n"), "400"},
	{HELD(CHUNKED "4\rabcd\r\n0\r\n\r\n"), "400"},
	{HELD(CHUNKED "4;a\nabcd\r\n0\r\n\r\n"), "400"},
	{HELD(CHUNKED "4\r\nabcde\r\n0\r\n\r\n"), "400"},
	{HELD(CHUNKED "4\r\nabcd0\r\n\r\n"), "400"},
	{HELD(CHUNKED "4\r\nabcd\n0\r\n\r\n"), "400"},
	{HELD(CHUNKED "4\r\nabcd\r\n0\r\nContent-Length: 4\r\n\r\n"), "400"},
	{HELD(CHUNKED "0\r\n\n"), "400"},
};

static const struct probe heads[] = {
	{HELD("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), TAKEN},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"), TAKEN},
	{HELD("GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n"), TAKEN},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"), TAKEN},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\nX: \xe9\xff\r\n\r\n"), TAKEN},
	{HELD("GET / HTTP/1.1\nHost: x\n\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\nX: a\rY: b\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\nX\0: a\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n\tb\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\n Host: x\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\na b: c\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\n: c\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\n\xc3\xa9: c\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\nX: \x01\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x y\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: u@x\r\n\r\n"), "400"},
	{HELD("GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET x HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET /#a HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET /\x7f HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET  / HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1 \r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET / http/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("get / HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET /  HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\t\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET /\tHTTP/1.1\r\nHost: x\r\n\r\n"), "505"},
	{HELD(" GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET / RTSP/1.0\r\nHost: x\r\n\r\n"), "400"},
	{HELD("DESCRIBE / RTSP/1.0\r\nHost: x\r\n\r\n"), "400"},
	{HELD("DESCRIBE / HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("OPTIONS / RTSP/1.0\r\nHost: x\r\n\r\n"), "400"},
	{HELD("SOURCE / ICE/1.0\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET / XHTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.10\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET / HTTP/01.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1,1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET / HTTP/\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET / \r\nHost: x\r\n\r\n"), "505"},
	{HELD("GET / HTTP/1.2\r\nHost: x\r\n\r\n"), "505"},
	{HELD("GET / HTTP/3.0\r\nHost: x\r\n\r\n"), "505"},
	{HELD("NONSENSE / HTTP/1.1\r\nHost: x\r\n\r\n"), "400"},
	{HELD("GET /\r\n\r\n"), "505"},
	{HELD("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "505"},
	{HELD("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), "505"},
	{HELD("GET / HTTP/0.9\r\nHost: x\r\n\r\n"), "505"},
	{HELD("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), "400"},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\n\r\n"), "417"},
	{HELD("GET / HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n"), "400"},
};

static void handle(struct httpd_request *req, _unused_ void *ctx)
{
	const struct httpd_header header = {"X-Path", req->path};

	httpd_answer(req,
		     &(struct httpd_answer){.status = 200, .headers = &header, .n_headers = 1});
}

/* "200 / 400": what came back. */
static const char *answers_of(struct arena *arena, const char *text)
{
	const char *list = "";

	while ((text = strstr(text, "HTTP/1.1 "))) {
		const char *path = strstr(text, "X-Path: ");
		int status = (int)strtol(text + 9, NULL, 10);

		list = arena_printf(arena, "%s%s%d", list, *list ? " " : "", status);
		if (status == 200 && path)
			list = arena_printf(arena, "%s %.*s", list, (int)strcspn(path + 8, "\r"),
					    path + 8);
		text++;
	}
	return list;
}

/* Sends the probe and what follows: at once, or byte by byte. */
static void probe_send(int fd, const struct probe *probe, bool slowly)
{
	for (size_t i = 0; slowly && i < probe->len; i++)
		client_send(fd, probe->text + i, 1);
	if (!slowly)
		client_send(fd, probe->text, probe->len);
	client_say(fd, NEXT);
}

static void probe_all(uint16_t port, const struct probe *probes, size_t n)
{
	for (size_t i = 0; i < 2 * n; i++) {
		const struct probe *probe = &probes[i / 2];
		struct arena *arena = arena_new(4096, 65536);
		int fd = client_connect(port);
		const char *answers;
		struct buf in;

		buf_init(&in, CLIENT_BYTES_MAX);
		probe_send(fd, probe, i % 2);
		shutdown(fd, SHUT_WR);
		client_read_until(fd, &in, NULL);
		answers = answers_of(arena, buf_text(&in));
		if (strcmp(answers, probe->answers) != 0)
			fail_msg("%s: wanted %s, got %s", probe->text, probe->answers, answers);
		close(fd);
		buf_done(&in);
		arena_free(arena);
	}
}

static void unclear_requests_are_refused(_unused_ void **state)
{
	static const char *const listen[] = {"tcp://127.0.0.1:0", NULL};
	struct httpd *httpd;
	struct error err;

	assert_int_equal(httpd_start(&(struct httpd_options){.listen = listen, .handle = handle},
				     &httpd, &err),
			 OK);
	probe_all(httpd_port(httpd, 0), framing, ARRAY_SIZE(framing));
	probe_all(httpd_port(httpd, 0), chunks, ARRAY_SIZE(chunks));
	probe_all(httpd_port(httpd, 0), heads, ARRAY_SIZE(heads));
	httpd_free(httpd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(unclear_requests_are_refused)};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
