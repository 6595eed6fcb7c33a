/* The whole gateway: rights, requests and answers. */
#include "runtime/base/clock.h"
#include "tests/lib/gateway.h"

#include <unistd.h>

/* ------------------------------------------------------------------ identity */

static void tokens_come_by_header_or_cookie(_unused_ void **state)
{
	const char *cookie = arena_printf(test.arena, "Cookie: a=b; lc=%s; c=d\r\n",
					  fake_token(FAKE_USER, FAKE_SESSION, false, 900));

	EXPECT("GET " BALANCE, test.bearer, "", 200,
	       "\r\n\r\n{\"available\":\"9007199254740993\",\"held\":\"0\",\"posted\":\"0\","
	       "\"billingType\":\"PREPAID\",\"limit\":\"0\"}",
	       "Content-Type: application/json\r\n", "cache-control: no-store\r\n",
	       "x-content-type-options: nosniff\r\n", "x-request-id: ");
	assert_string_equal(fake.context.subject.user_id, FAKE_USER);
	assert_string_equal(fake.context.subject.session_id, FAKE_SESSION);
	assert_false(fake.context.subject.admin);
	EXPECT("GET " BALANCE, cookie, "", 200, "9007199254740993");
	EXPECT("HEAD " BALANCE, cookie, "", 200, "\r\nContent-Length: ");
	assert_false(says("available"));
}

static void strangers_are_turned_away(_unused_ void **state)
{
	static const char *const bad[] = {
		"",
		"Authorization: Bearer\r\n",
		"Authorization: Bearer x.y.z\r\n",
		"Authorization: Basic YTpi\r\n",
		"Cookie: lc=\r\n",
		"Cookie: __Host-lc=x.y.z\r\n",
		"Cookie: lc=nonsense\r\n",
	};
	const char *expired = arena_printf(test.arena, "Authorization: Bearer %s\r\n",
					   fake_token(FAKE_USER, FAKE_SESSION, false, -100));

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT("GET " BALANCE, bad[i], "", 401, "\"reason\":\"UNAUTHENTICATED\"",
		       "application/problem+json", "\"requestId\":\"", "www-authenticate: Bearer");
	EXPECT("GET " BALANCE, expired, "", 401, "\"reason\":\"TOKEN_EXPIRED\"");
	assert_int_equal(fake.calls, 0);
	EXPECT("GET /api/v1/admin/credits/users/" FAKE_USER "/balance", test.bearer, "", 403,
	       "\"reason\":\"ROLE_REQUIRED\"");
	assert_int_equal(fake.calls, 0);
	EXPECT("GET /api/v1/admin/credits/users/" FAKE_USER "/balance",
	       arena_printf(test.arena, "Authorization: bearer  %s\r\n",
			    fake_token(FAKE_USER, FAKE_SESSION, true, 900)),
	       "", 500, "\"reason\":\"INTERNAL_ERROR\"");
	assert_false(says("secret"));
	assert_true(fake.context.subject.admin);
}

static void ended_sessions_are_refused(_unused_ void **state)
{
	static const char other[] = "0192f0c1-7b5a-7c3e-9d3e-999999999999";
	int64_t until_us = clock_mono_us() + 5 * US_PER_S;
	const char *header = arena_printf(test.arena, "Authorization: Bearer %s\r\n",
					  fake_token(FAKE_USER, other, false, 900));

	EXPECT("GET " BALANCE, header, "", 200, "available");
	while (!fake_revoke(other) && clock_mono_us() < until_us)
		usleep(1000);
	while (ask("GET " BALANCE, header, "") == 200 && clock_mono_us() < until_us)
		;
	EXPECT("GET " BALANCE, header, "", 401, "\"reason\":\"SESSION_REVOKED\"");
	EXPECT("GET " BALANCE, test.bearer, "", 200, "available");
}

static void a_silent_feed_stops_changes_then_all(_unused_ void **state)
{
	int64_t until_us = clock_mono_us() + 5 * US_PER_S;

	test.conf.feed_stale_ms = 300;
	test.conf.feed_lost_ms = 1500;
	gateway_test_start();
	while (authn_trust(test.gateway->authn) == AUTHN_FRESH && clock_mono_us() < until_us)
		usleep(1000);
	EXPECT("GET " BALANCE, test.bearer, "", 200, "available");
	EXPECT("POST /api/v1/auth/logout", test.bearer, "", 503, "SERVICE_UNAVAILABLE",
	       "retry-after: 1");
	while (authn_trust(test.gateway->authn) != AUTHN_LOST && clock_mono_us() < until_us)
		usleep(1000);
	EXPECT("GET " BALANCE, test.bearer, "", 503, "SERVICE_UNAVAILABLE", "retry-after: 1");
	assert_true(fake_revoke(NULL));
	while (authn_trust(test.gateway->authn) == AUTHN_LOST && clock_mono_us() < until_us)
		usleep(1000);
	EXPECT("GET " BALANCE, test.bearer, "", 200, "available");
}

/* ------------------------------------------------------------------ routes and requests */

static void unknown_places_have_plain_errors(_unused_ void **state)
{
	EXPECT("GET /api/v1/nothing", "", "", 404, "\"reason\":\"ROUTE_UNKNOWN\"", "\"status\":404",
	       "\"code\":\"NOT_FOUND\"");
	EXPECT("GET /", "", "", 404, "ROUTE_UNKNOWN");
	EXPECT("GET " BALANCE "/", "", "", 404, "ROUTE_UNKNOWN");
	EXPECT("GET /api/v1/chats/a/b/c/d/e/f/g/h/i/j", "", "", 404, "ROUTE_UNKNOWN");
	EXPECT("POST " BALANCE, "", "", 405, "\"reason\":\"METHOD_NOT_ALLOWED\"",
	       "allow: GET, HEAD\r\n");
	EXPECT("PUT /api/v1/chats/" FAKE_CHAT, "", "", 405, "allow: ", "PATCH", "DELETE");
	EXPECT("OPTIONS /api/v1/chats", "", "", 204, "allow: GET, HEAD, POST\r\n");
	EXPECT("OPTIONS /api/v1/nothing", "", "", 404, "ROUTE_UNKNOWN");
	EXPECT("GET /api/v1/auth/sessions", test.bearer, "", 501, "\"reason\":\"NOT_IMPLEMENTED\"");
	EXPECT("GET /api/v1/chats/%zz", test.bearer, "", 404, "\"reason\":\"NOT_FOUND\"");
	EXPECT("GET /api/v1/chats/%2e%2e", test.bearer, "", 404, "NOT_FOUND");
	EXPECT("PATCH /api/v1/chats/not-an-id", with(JSON), "{}", 404, "NOT_FOUND");
	assert_int_equal(fake.calls, 0);
}

static void documents_describe_the_api(_unused_ void **state)
{
	EXPECT("GET /openapi.json", "", "", 200, "\"openapi\"", BALANCE, "application/json");
	EXPECT("GET /docs", "", "", 200, "<code>" BALANCE "</code>", "text/html");
}

static void bad_input_is_named(_unused_ void **state)
{
	static const struct {
		const char *line, *body;
		int status;
		const char *reason, *field;
	} cases[] = {
		{"GET /api/v1/chats?pageSize=x", "", 400, "FIELD_INVALID", "pageSize"},
		{"GET /api/v1/chats?pageSize=101", "", 400, "FIELD_INVALID", "pageSize"},
		{"GET /api/v1/chats?colour=red", "", 400, "FIELD_UNKNOWN", "colour"},
		{"GET /api/v1/chats?a=%zz", "", 400, "FIELD_INVALID", ""},
		{"GET /api/v1/chats?page_token=foreign", "", 400, "PAGE_TOKEN_MISMATCH",
		 "pageToken"},
		{"POST " GENERATE, "{\"text\":\"\"}", 400, "FIELD_REQUIRED", "text"},
		{"POST " GENERATE, "{\"text\":\"a\",\"x\":1}", 400, "FIELD_UNKNOWN", "x"},
		{"POST " GENERATE, "{\"text\":\"a\",\"chat\":\"" FAKE_CHAT "\"}", 400,
		 "FIELD_UNKNOWN", "chat"},
		{"POST " GENERATE, "{\"text\":\"a\",\"parameters\":{\"temperature\":[]}}", 400,
		 "FIELD_INVALID", "parameters.temperature"},
		{"POST " GENERATE, "{\"text\":\"\xff\"}", 400, "TEXT_INVALID", "text"},
		{"POST " GENERATE, "{\"text\":", 400, "JSON_INVALID", ""},
		{"POST " GENERATE "?x=1", "{\"text\":\"a\"}", 400, "FIELD_UNKNOWN", "x"},
		{"POST /api/v1/generations/" FAKE_CHAT ":cancel", "{\"a\":1}", 400, "FIELD_UNKNOWN",
		 "a"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT(cases[i].line, with(JSON), cases[i].body, cases[i].status,
		       arena_printf(test.arena, "\"reason\":\"%s\"", cases[i].reason),
		       *cases[i].field
			       ? arena_printf(test.arena, "\"field\":\"%s\"", cases[i].field)
			       : "}");
	}
	EXPECT("POST " GENERATE, with("Content-Type: text/plain\r\n"), "{\"text\":\"a\"}", 415,
	       "CONTENT_TYPE_UNSUPPORTED");
	EXPECT("POST " GENERATE, test.bearer, "{\"text\":\"a\"}", 415, "CONTENT_TYPE_UNSUPPORTED");
	EXPECT("POST " GENERATE, with("Content-Type: application/json; charset=utf-8\r\n"),
	       "{\"text\":\"a\"}", 200, "\"state\":\"RUNNING\"");
	EXPECT("POST " GENERATE, with(JSON "Idempotency-Key: a\tb\r\n"), "{\"text\":\"a\"}", 400,
	       "FIELD_INVALID", "Idempotency-Key");
	EXPECT("POST " GENERATE,
	       with(arena_printf(test.arena, JSON "Idempotency-Key: %0256d\r\n", 1)),
	       "{\"text\":\"a\"}", 400, "FIELD_TOO_LONG");
	EXPECT("GET /a\r\n b HTTP/1.1\r\n", "", "", 400, "\"reason\":\"HTTP_INVALID\"",
	       "application/problem+json");
	test.conf.body_bytes_max = 1; /* as configured when it started */
	EXPECT("POST " GENERATE, with(JSON "Content-Length: 2000000\r\n"), "", 400, "HTTP_INVALID");
}

static void requests_are_bound_and_carried_on(_unused_ void **state)
{
	EXPECT("GET /api/v1/chats?pageSize=20&page_token=a%2Bb&archived=true", test.bearer, "", 200,
	       "{\"chats\":[],\"nextPageToken\":\"\"}");
	assert_string_equal(fake.seen, "20 a+b 1");
	EXPECT("PATCH /api/v1/chats/" FAKE_CHAT,
	       with(JSON
		    "Idempotency-Key: k-1\r\nUser-Agent: test \xe9\r\nX-Request-Id: forged-id\r\n"
		    "X-Forwarded-For: 1.2.3.4\r\n"),
	       "{\"pinned\":false,\"title\":\"T\"}", 200, "{");
	assert_string_equal(fake.seen, FAKE_CHAT " T +title +pinned");
	assert_string_equal(fake.context.idempotency_key, "k-1");
	assert_string_equal(fake.context.client_address, "127.0.0.1");
	assert_string_equal(fake.context.user_agent, "test ?");
	assert_string_not_equal(fake.context.request_id, "forged-id");
	assert_int_equal(strlen(fake.context.traceparent), 55);
	EXPECT("POST /api/v1/auth/logout", with(JSON), "{}", 200, "\r\n\r\n{}");
}

static void proxies_are_believed_when_they_are_ours(_unused_ void **state)
{
	static const char trace[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	static const struct {
		int64_t hops;
		const char *list, *address;
	} cases[] = {
		{1, "9.9.9.9, 1.2.3.4", "1.2.3.4"},         {2, "9.9.9.9, 1.2.3.4", "9.9.9.9"},
		{2, "8.8.8.8 ,9.9.9.9,1.2.3.4", "9.9.9.9"}, {3, "9.9.9.9, 1.2.3.4", "9.9.9.9"},
		{1, "2001:db8::1", "2001:db8::1"},          {1, "", "127.0.0.1"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		test.conf.trusted_hops = cases[i].hops;
		gateway_test_start();
		EXPECT("GET " BALANCE,
		       with(arena_printf(test.arena,
					 "X-Forwarded-For: %s\r\nX-Request-Id: from-proxy.1\r\n"
					 "traceparent: %s\r\n",
					 cases[i].list, trace)),
		       "", 200, "x-request-id: from-proxy.1\r\n");
		assert_string_equal(fake.context.client_address, cases[i].address);
		assert_string_equal(fake.context.request_id, "from-proxy.1");
		assert_string_equal(fake.context.traceparent, trace);
		EXPECT("GET " BALANCE, with("X-Request-Id: bad id\r\ntraceparent: 00-x\r\n"), "",
		       200, "x-request-id: ");
		assert_string_not_equal(fake.context.request_id, "bad id");
		gateway_stop(TAKE_PTR(test.gateway));
	}
}

static void unsafe_requests_come_from_here(_unused_ void **state)
{
	const char *cookie = arena_printf(test.arena, "Cookie: lc=%s\r\n",
					  fake_token(FAKE_USER, FAKE_SESSION, false, 900));
	static const struct {
		const char *headers;
		int status;
	} cases[] = {
		{"", 200},
		{"Sec-Fetch-Site: same-origin\r\n", 200},
		{"Sec-Fetch-Site: none\r\n", 200},
		{"Sec-Fetch-Site: cross-site\r\n", 403},
		{"Sec-Fetch-Site: same-site\r\n", 403},
		{"Sec-Fetch-Site: cross-site\r\nOrigin: http://chat.example\r\n", 403},
		{"Origin: http://chat.example\r\n", 200},
		{"Origin: http://127.0.0.1:8080\r\n", 200},
		{"Origin: http://evil.example\r\n", 403},
		{"Origin: null\r\n", 403},
		{"Origin: https://app.example\r\n", 200},
		{"Sec-Fetch-Site: cross-site\r\nOrigin: https://app.example\r\n", 200},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *headers = arena_printf(test.arena, "%s%s", cookie, cases[i].headers);

		EXPECT("POST /api/v1/auth/logout", headers, "", cases[i].status,
		       cases[i].status == 200 ? "{}" : "\"reason\":\"CROSS_SITE\"");
		EXPECT("GET " BALANCE, headers, "", 200, "available");
	}
	/* No browser sends a token by itself. With a cookie beside it, a browser may have sent the
	 * request. */
	EXPECT("POST /api/v1/auth/logout", with("Origin: http://evil.example\r\n"), "", 200, "{}");
	EXPECT("POST /api/v1/auth/logout", with("Origin: http://evil.example\r\nCookie: lcr=x\r\n"),
	       "", 403, "CROSS_SITE");
	EXPECT("POST /api/v1/auth/login", "Origin: http://evil.example\r\n", "", 403, "CROSS_SITE");
}

static void other_origins_are_let_in_by_list(_unused_ void **state)
{
	EXPECT("GET " BALANCE, with("Origin: https://app.example\r\n"), "", 200,
	       "access-control-allow-origin: https://app.example\r\n",
	       "access-control-allow-credentials: true\r\n", "vary: origin\r\n");
	EXPECT("GET " BALANCE, with("Origin: https://evil.example\r\n"), "", 200, "available");
	assert_false(says("access-control"));
	EXPECT("OPTIONS /api/v1/chats",
	       "Origin: https://app.example\r\nAccess-Control-Request-Method: POST\r\n", "", 204,
	       "access-control-allow-methods: GET, HEAD, POST\r\n", "idempotency-key");
	EXPECT("OPTIONS /api/v1/chats", "Origin: https://evil.example\r\n", "", 204, "allow: ");
	assert_false(says("access-control"));
}

/* A browser sends another name in Host when a page of somebody else has its name point to us. */
static void names_of_others_are_refused(_unused_ void **state)
{
	static const char *const lines[] = {"GET " BALANCE, "POST " GENERATE,
					    "GET /docs",    "GET /openapi.json",
					    "GET /",        "OPTIONS " BALANCE};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		int fd = client_connect(httpd_port(test.gateway->httpd, 0));

		client_say(fd, arena_printf(test.arena,
					    "%s HTTP/1.1\r\nHost: rebound.evil.example:8080\r\n"
					    "Connection: close\r\n%s\r\n",
					    lines[i], test.bearer));
		buf_clear(&test.in);
		client_read_until(fd, &test.in, NULL);
		close(fd);
		assert_int_equal(client_status(&test.in), 421);
		assert_true(says("Misdirected Request\r\n"));
		assert_true(says("HOST_UNKNOWN"));
		assert_true(says("rebound.evil.example"));
		assert_true(says("public_url"));
	}
	assert_int_equal(fake.calls, 0);
}

/* ------------------------------------------------------------------ cookies */

static void sessions_travel_as_cookies(_unused_ void **state)
{
	EXPECT("POST /api/v1/auth/login", JSON, "{\"email\":\"e\",\"password\":\"right\"}", 200,
	       "set-cookie: lc=a.b.c; Path=/; HttpOnly; SameSite=Lax; Max-Age=",
	       "set-cookie: lcr=refresh; Path=/api/v1/auth; HttpOnly; SameSite=Lax\r\n",
	       "\"accessToken\":\"token\"");
	assert_false(says("accessCookie"));
	assert_false(says("Secure"));
	EXPECT("POST /api/v1/auth/login", JSON, "{\"email\":\"e\",\"password\":\"wrong\"}", 401,
	       "CREDENTIALS_WRONG");
	assert_false(says("set-cookie"));
	EXPECT("POST /api/v1/auth/refresh", JSON "Cookie: x=y; lcr=abc\r\n", "{}", 401,
	       "REFRESH_INVALID");
	assert_string_equal(fake.seen, "abc");
	EXPECT("POST /api/v1/auth/logout", test.bearer, "", 200, "set-cookie: lc=; Path=/;",
	       "set-cookie: lcr=; Path=/api/v1/auth;", "Max-Age=0");
}

static void https_makes_cookies_secure(_unused_ void **state)
{
	test.conf.public_url = "https://chat.example/";
	gateway_test_start();
	EXPECT("POST /api/v1/auth/login", JSON "Origin: https://chat.example\r\n",
	       "{\"email\":\"e\",\"password\":\"right\"}", 200,
	       "set-cookie: __Host-lc=a.b.c; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=",
	       "set-cookie: __Secure-lcr=refresh; Path=/api/v1/auth; HttpOnly; SameSite=Lax; "
	       "Secure",
	       "strict-transport-security: ");
	EXPECT("GET " BALANCE,
	       arena_printf(test.arena, "Cookie: __Host-lc=%s\r\n",
			    fake_token(FAKE_USER, FAKE_SESSION, false, 900)),
	       "", 200, "available");
}

/* ------------------------------------------------------------------ API keys */

#define KEY "Authorization: Bearer lc-all\r\n"
#define CHAT_BODY "{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}]}"

/* 501: the caller is let in, and the service has no such method. */
static void api_keys_open_the_routes_of_programs(_unused_ void **state)
{
	const char *cookie = arena_printf(test.arena, "Cookie: lc=%s\r\n" JSON,
					  fake_token(FAKE_USER, FAKE_SESSION, false, 900));

	EXPECT("POST /v1/embeddings", KEY JSON, CHAT_BODY, 501, "not_implemented");
	EXPECT("POST /v1/embeddings", "x-api-key: lc-all\r\n" JSON, CHAT_BODY, 501,
	       "not_implemented");
	EXPECT("POST /v1/embeddings", with(JSON), CHAT_BODY, 501, "not_implemented");
	EXPECT("GET /api/v1/models", KEY, "", 501, "NOT_IMPLEMENTED");
	/* No key: a cookie is none, for browsers send it by themselves. */
	EXPECT("POST /v1/embeddings", cookie, CHAT_BODY, 401, "authentication_error");
	EXPECT("POST /v1/embeddings", "Authorization: Bearer lc-no\r\n" JSON, CHAT_BODY, 401,
	       "authentication_error");
	EXPECT("POST /v1/embeddings", "x-api-key: sk-other\r\n" JSON, CHAT_BODY, 401,
	       "authentication_error", "x-api-key: lc-");
	EXPECT("GET " BALANCE, KEY, "", 401, "UNAUTHENTICATED");
}

static void scopes_bound_a_key(_unused_ void **state)
{
	EXPECT("GET /v1/models", "Authorization: Bearer lc-reader\r\n", "", 501, "not_implemented");
	EXPECT("POST /v1/chat/completions", "Authorization: Bearer lc-reader\r\n" JSON, CHAT_BODY,
	       403, "permission_error", "scope_required");
}

static void owners_of_keys_are_remembered_for_a_while(_unused_ void **state)
{
	int64_t until_us = clock_mono_us() + 10 * US_PER_S;
	int before;

	test.conf.api_key_cache_ms = 300;
	gateway_test_start();
	before = fake.resolves;
	EXPECT("GET /v1/models", KEY, "", 501, "not_implemented");
	EXPECT("GET /v1/models", "Authorization: Bearer lc-no\r\n", "", 401, "error");
	assert_int_equal(fake.resolves, before + 2);
	fake.keys_revoked = true;
	while (ask("GET /v1/models", KEY, "") != 401)
		assert_true(clock_mono_us() < until_us);
	/* Those that are no keys are remembered too: a flood of them costs few look-ups. */
	before = fake.resolves;
	for (int i = 0; i < 200; i++)
		ask("GET /v1/models", "Authorization: Bearer lc-no\r\n", "");
	assert_true(fake.resolves - before < 100);
	fake.keys_revoked = false;
}

/* ------------------------------------------------------------------ backends, the end */

static void a_call_takes_as_long_as_the_configuration_says(_unused_ void **state)
{
	test.conf.unary_timeout_ms = 60000;
	gateway_test_start();
	EXPECT("GET " BALANCE, test.bearer, "", 200, "available");
	assert_true(fake.context.deadline_us - clock_mono_us() > 30 * US_PER_S);
}

static void an_absent_backend_is_503(_unused_ void **state)
{
	struct conf_pair backends[] = {
		{"auth.v1", fake.url},
		{"chat.v1", fake.url},
		{"credits.v1", "ipc:///tmp/gateway-test-nobody.sock"},
		{"events.v1", fake.url},
		{"images.v1", fake.url},
		{"payments.v1", fake.url},
		{NULL, NULL},
	};

	test.conf.backends = backends;
	gateway_test_start();
	EXPECT("GET " BALANCE, test.bearer, "", 503, "\"reason\":\"SERVICE_UNAVAILABLE\"",
	       "retry-after: 1");
	EXPECT("GET /api/v1/chats", test.bearer, "", 200, "chats");
	EXPECT("GET /api/v1/models", test.bearer, "", 501,
	       "NOT_IMPLEMENTED"); /* an older service */
}

static void a_missing_backend_is_said_at_start(_unused_ void **state)
{
	struct conf_pair backends[] = {{"auth.v1", fake.url}, {NULL, NULL}};
	struct error err;

	test.conf.backends = backends;
	assert_int_equal(gateway_start(&test.conf, &test.gateway, &err), INVALID_ARGUMENT);
	assert_non_null(strstr(err.message, "backends: has no 'credits.v1'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tokens_come_by_header_or_cookie),
		TEST(strangers_are_turned_away),
		TEST(ended_sessions_are_refused),
		TEST_STARTS(a_silent_feed_stops_changes_then_all),
		TEST(unknown_places_have_plain_errors),
		TEST(documents_describe_the_api),
		TEST(bad_input_is_named),
		TEST(requests_are_bound_and_carried_on),
		TEST_STARTS(proxies_are_believed_when_they_are_ours),
		TEST(unsafe_requests_come_from_here),
		TEST(other_origins_are_let_in_by_list),
		TEST(names_of_others_are_refused),
		TEST(sessions_travel_as_cookies),
		TEST_STARTS(https_makes_cookies_secure),
		TEST(api_keys_open_the_routes_of_programs),
		TEST(scopes_bound_a_key),
		TEST_STARTS(owners_of_keys_are_remembered_for_a_while),
		TEST_STARTS(a_call_takes_as_long_as_the_configuration_says),
		TEST_STARTS(an_absent_backend_is_503),
		TEST_STARTS(a_missing_backend_is_said_at_start),
	};

	return gateway_test_run(tests);
}
