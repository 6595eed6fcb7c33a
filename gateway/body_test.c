/* Bodies at the gateway: the right to send one, its size, and the shape of its JSON. */
#include "runtime/base/clock.h"
#include "tests/lib/gateway.h"

#include <unistd.h>

#define LOG_IN "POST /api/v1/auth/login"

/* Sends the head of a request that announces a body, and not the body. */
static int announce(const char *line, const char *headers, size_t len)
{
	int fd = client_connect(httpd_port(test.gateway->httpd, 0));

	client_say(fd, arena_printf(test.arena,
				    "%s HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: "
				    "%zu\r\n%s\r\n",
				    line, len, headers));
	buf_clear(&test.in);
	return fd;
}

static void the_head_decides(_unused_ void **state)
{
	static const struct {
		const char *line, *headers;
		bool session;
		size_t len;
		int status;
		const char *reason;
	} cases[] = {
		{"POST /api/v1/nothing", JSON, false, 1000000, 404, "ROUTE_UNKNOWN"},
		{"POST /nothing", JSON, false, 1000000, 404, "ROUTE_UNKNOWN"},
		{"PUT " BALANCE, JSON, true, 1000000, 405, "METHOD_NOT_ALLOWED"},
		{"POST " GENERATE, JSON, false, 1000000, 401, "UNAUTHENTICATED"},
		{"POST " GENERATE, "Cookie: lc=x.y.z\r\n", false, 1000000, 401, "UNAUTHENTICATED"},
		{LOG_IN, "Origin: http://evil.example\r\n", false, 100, 403, "CROSS_SITE"},
		{"POST /api/v1/admin/credits:adjust", JSON, true, 1000, 403, "ROLE_REQUIRED"},
		{LOG_IN, JSON, false, 4097, 413, "the body may have 4096 bytes"},
		{"PATCH /api/v1/chats/" FAKE_CHAT, JSON, true, 10000, 413, "BODY_TOO_LARGE"},
		{"POST " GENERATE, JSON, true, 1048577, 413, "BODY_TOO_LARGE"},
		{"POST " GENERATE, JSON "Idempotency-Key: a\tb\r\n", true, 1000, 400,
		 "FIELD_INVALID"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *headers = cases[i].session ? with(cases[i].headers) : cases[i].headers;
		int fd = announce(cases[i].line, headers, cases[i].len);

		client_read_until(fd, &test.in, NULL);
		close(fd);
		if (client_status(&test.in) != cases[i].status || !says(cases[i].reason))
			fail_msg("%s %s: wanted %d, got %s", cases[i].line, cases[i].headers,
				 cases[i].status, buf_text(&test.in));
		assert_true(says("Connection: close\r\n"));
	}
	assert_int_equal(fake.calls, 0);
}

static void who_may_is_asked_to_go_on(_unused_ void **state)
{
	static const char body[] = "{\"email\":\"e\",\"password\":\"right\"}";
	int fd = announce(LOG_IN, JSON "Expect: 100-continue\r\nConnection: close\r\n",
			  strlen(body));

	assert_true(client_read_until(fd, &test.in, "HTTP/1.1 100 Continue\r\n\r\n"));
	client_say(fd, body);
	client_read_until(fd, &test.in, NULL);
	close(fd);
	assert_true(says("HTTP/1.1 200 OK"));
	/* Makes a body as large as the contract allows. */
	EXPECT(LOG_IN, JSON,
	       arena_printf(test.arena, "{\"email\":\"e\",\"password\":\"right\"%4000s}", ""), 200,
	       "accessToken");
}

static void a_session_that_ends_meanwhile_is_refused(_unused_ void **state)
{
	static const char session[] = "0192f0c1-7b5a-7c3e-9d3e-888888888888";
	const char *bearer = arena_printf(test.arena, "Authorization: Bearer %s\r\n",
					  fake_token(FAKE_USER, session, false, 900));
	int64_t until_us = clock_mono_us() + 5 * US_PER_S;
	int fd = announce("POST " GENERATE,
			  arena_printf(test.arena, JSON "Expect: 100-continue\r\n%s", bearer), 12);

	assert_true(client_read_until(fd, &test.in, "HTTP/1.1 100 Continue\r\n\r\n"));
	while (!fake_revoke(session) && clock_mono_us() < until_us)
		usleep(1000);
	while (ask("GET " BALANCE, bearer, "") != 401 && clock_mono_us() < until_us)
		;
	fake.calls = 0;
	buf_clear(&test.in);
	client_say(fd, "{\"text\":\"a\"}");
	assert_true(client_read_until(fd, &test.in, "SESSION_REVOKED"));
	assert_int_equal(fake.calls, 0);
	close(fd);
}

/* Repeats a text n times. */
static char *many(const char *what, size_t n)
{
	size_t len = strlen(what);
	char *text = arena_alloc(test.arena, n * len + 1);

	for (size_t i = 0; i < n; i++)
		memcpy(text + i * len, what, len);
	text[n * len] = '\0';
	return text;
}

static void json_has_a_number_of_elements(_unused_ void **state)
{
	EXPECT("POST " GENERATE, with(JSON),
	       arena_printf(test.arena, "{\"text\":[%s0]}", many("0,", 30000)), 400, "JSON_INVALID",
	       "more than 20000 members and elements (json_elements_max)");
	EXPECT("POST " GENERATE, with(JSON),
	       arena_printf(test.arena, "{\"text\":[%s0]}", many("0,", 19000)), 400,
	       "FIELD_INVALID", "\"field\":\"text\"");
	EXPECT("POST " GENERATE, with(JSON), many("[", 300), 400, "nested deeper than 32");
	/* Commas and brackets of a text are no elements. */
	EXPECT("POST " GENERATE, with(JSON),
	       arena_printf(test.arena, "{\"text\":\"%s\"}", many(",[\\\"", 40000)), 200,
	       "RUNNING");
}

#define POSTS 16

/* Large bodies are read on other threads, so small requests go on meanwhile. */
static void large_bodies_hold_nobody(_unused_ void **state)
{
	const char *body = arena_printf(test.arena, "{\"text\":\"%s\"}", many("\\u0041", 40000));
	int fds[POSTS];

	for (int i = 0; i < POSTS; i++) {
		fds[i] = announce("POST " GENERATE, with(JSON), strlen(body));
		client_say(fds[i], body);
	}
	EXPECT("GET " BALANCE, test.bearer, "", 200, "available");
	for (int i = 0; i < POSTS; i++) {
		buf_clear(&test.in);
		assert_true(client_read_until(fds[i], &test.in, "\r\n\r\n"));
		assert_int_equal(client_status(&test.in), 200);
		close(fds[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_head_decides),
		TEST(who_may_is_asked_to_go_on),
		TEST(a_session_that_ends_meanwhile_is_refused),
		TEST(json_has_a_number_of_elements),
		TEST(large_bodies_hold_nobody),
	};

	return gateway_test_run(tests);
}
