#include "gateway/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const allowed[] = {"https://friend.example", NULL};
static const struct origins origins = {"https://chat.example", allowed};

static enum status check(const char *site, const char *origin, const char *host)
{
	struct httpd_header headers[3];
	struct httpd_request req = {.headers = headers};
	struct error err;

	if (site)
		headers[req.n_headers++] = (struct httpd_header){"sec-fetch-site", site};
	if (origin)
		headers[req.n_headers++] = (struct httpd_header){"origin", origin};
	if (host)
		headers[req.n_headers++] = (struct httpd_header){"host", host};
	return origin_check(&origins, &req, &err);
}

static void our_own_page_may(void **state)
{
	assert_int_equal(check("same-origin", "https://chat.example", "chat.example"), OK);
	assert_int_equal(check("none", NULL, "chat.example"), OK);
	assert_int_equal(check(NULL, "https://chat.example", "inner:8080"), OK);
	assert_int_equal(check(NULL, "http://127.0.0.1:8080", "127.0.0.1:8080"), OK);
	assert_int_equal(check(NULL, NULL, "chat.example"), OK); /* curl */
	assert_int_equal(check("cross-site", "https://friend.example", "chat.example"), OK);
}

static void others_may_not(void **state)
{
	assert_int_equal(check("cross-site", NULL, "chat.example"), PERMISSION_DENIED);
	assert_int_equal(check("same-site", "https://evil.example", "chat.example"),
			 PERMISSION_DENIED);
	assert_int_equal(check("cross-site", "https://chat.example", "chat.example"),
			 PERMISSION_DENIED);
	assert_int_equal(check(NULL, "null", "chat.example"), PERMISSION_DENIED);
	assert_int_equal(check(NULL, "https://chat.example.evil.example", "chat.example"),
			 PERMISSION_DENIED);
	assert_int_equal(check(NULL, "http://127.0.0.1:80800", "127.0.0.1:8080"),
			 PERMISSION_DENIED);
	assert_int_equal(check("", "https://chat.example", "chat.example"), PERMISSION_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_page_may),
		cmocka_unit_test(others_may_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
