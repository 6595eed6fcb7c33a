/* Some answers are compressed, and unpacking them gives the answer itself. */
#include "gateway/encoding.h"
#include "tests/lib/gateway.h"

#include <unistd.h>
#include <zlib.h>

#define TAKES "Accept-Encoding: gzip, deflate, br\r\n"
#define LONG "GET /api/v1/chats?pageToken=long"
#define TEXT_BYTES_MAX (1024 * 1024)

/* Unpacks gzip into text. */
static size_t unpack(const void *data, size_t len, char *text)
{
	z_stream stream = {.next_in = (Bytef *)data, .avail_in = (uInt)len};

	assert_int_equal(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
	stream.next_out = (Bytef *)text;
	stream.avail_out = TEXT_BYTES_MAX;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	inflateEnd(&stream);
	text[stream.total_out] = '\0';
	return stream.total_out;
}

static const char *body(void)
{
	return strstr(buf_text(&test.in), "\r\n\r\n") + 4;
}

static size_t body_len(void)
{
	return test.in.len - (size_t)(body() - buf_text(&test.in));
}

static bool compressed(const char *line, const char *headers, const char *sent)
{
	ask(line, with(headers), sent);
	assert_true(body_len() > 0);
	return says("content-encoding: gzip\r\n");
}

static void a_long_answer_becomes_small(_unused_ void **state)
{
	char *text = malloc(TEXT_BYTES_MAX + 1);
	size_t plain_len;

	assert_false(compressed(LONG, "", ""));
	assert_true(says("vary: accept-encoding\r\n"));
	plain_len = body_len();
	assert_true(plain_len > 100000);
	assert_true(compressed(LONG, TAKES, ""));
	assert_true(says("vary: accept-encoding\r\n"));
	assert_true(says(arena_printf(test.arena, "Content-Length: %zu\r\n", body_len())));
	assert_true(body_len() < plain_len / 10);
	assert_int_equal(unpack(body(), body_len(), text), plain_len);
	assert_int_equal(memcmp(text, "{\"chats\":[],\"nextPageToken\":\"ahov", 33), 0);
	assert_true(compressed("GET /openapi.json", TAKES, ""));
	free(text);
}

static void some_are_left_as_they_are(_unused_ void **state)
{
	static const char log_in[] = "{\"email\":\"long\",\"password\":\"right\"}";

	assert_false(compressed("GET /api/v1/chats", TAKES, "")); /* short */
	assert_false(says("vary: accept-encoding"));
	assert_false(compressed(LONG, "Accept-Encoding: gzip;q=0, br\r\n", ""));
	assert_false(compressed(LONG, "Accept-Encoding: identity\r\n", ""));
	/* Answers with secrets stay as they are, for a length tells of them. */
	assert_false(compressed("POST /api/v1/auth/login", JSON TAKES, log_in));
	assert_true(body_len() > 100000);
	/* A request that another site made the browser send. */
	assert_false(compressed(LONG, TAKES "Sec-Fetch-Site: cross-site\r\n", ""));
	assert_false(compressed(LONG, TAKES "Sec-Fetch-Site: same-site\r\n", ""));
	assert_true(compressed(LONG, TAKES "Sec-Fetch-Site: same-origin\r\n", ""));
	/* An error is short, and plain. */
	assert_false(compressed("GET /api/v1/nothing", TAKES, ""));
}

static void streams_are_never_compressed(_unused_ void **state)
{
	int fd = send_request("GET " EVENTS, with(TAKES), "");
	struct rpc_call *call = fake_stream_wait();
	struct buf in;

	buf_init(&in, CLIENT_BYTES_MAX);
	assert_int_equal(fake_delta(call, "1-1", arena_printf(test.arena, "%02000d", 1)), OK);
	assert_true(client_read_until(fd, &in, "0001\""));
	assert_null(strstr(buf_text(&in), "content-encoding"));
	rpc_finish(call, OK, NULL);
	close(fd);
	buf_done(&in);
}

static void random_texts_come_back(_unused_ void **state)
{
	unsigned seed = (unsigned)getpid();
	char *text = malloc(TEXT_BYTES_MAX + 1), *back = malloc(TEXT_BYTES_MAX + 1);
	struct buf out;

	print_message("seed %u\n", seed);
	buf_init(&out, 2 * TEXT_BYTES_MAX);
	for (int round = 0; round < 50; round++) {
		size_t len = (size_t)rand_r(&seed) % (TEXT_BYTES_MAX >> (rand_r(&seed) % 16));
		int letters = 1 + rand_r(&seed) % 256;

		for (size_t i = 0; i < len; i++)
			text[i] = (char)(rand_r(&seed) % letters);
		buf_clear(&out);
		assert_true(encoding_gzip(text, len, 1 + round % 9, &out));
		assert_int_equal(unpack(out.data, out.len, back), len);
		assert_memory_equal(text, back, len);
	}
	buf_done(&out);
	free(text);
	free(back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_long_answer_becomes_small),
		TEST(some_are_left_as_they_are),
		TEST(streams_are_never_compressed),
		TEST(random_texts_come_back),
	};

	return gateway_test_run(tests);
}
