/* The page through the whole gateway, and the headers that keep a browser safe. */
#include "tests/lib/gateway.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *root; /* of one test */

static void put(const char *name, const char *text)
{
	int fd = open(arena_printf(test.arena, "%s/%s", root, name), O_WRONLY | O_CREAT, 0600);

	ensure(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* Makes a page in a folder, and a secret file beside the folder. */
static int set_up(void **state)
{
	gateway_test_set_up_only(state);
	root = mkdtemp(arena_strdup(test.arena, "/tmp/page-test.XXXXXX"));
	ensure(root && mkdir(arena_printf(test.arena, "%s/web", root), 0700) == 0 &&
	       mkdir(arena_printf(test.arena, "%s/web/assets", root), 0700) == 0 &&
	       mkdir(arena_printf(test.arena, "%s/web/frame", root), 0700) == 0);
	put("secret.txt", "secret");
	put("web/index.html", "<the page>");
	put("web/routes.txt", "/\n/chats/:chat\n/shared/:token private\n");
	put("web/assets/a-1.js", "script");
	put("web/frame/diagram.html", "the frame");
	ensure(symlink("../secret.txt", arena_printf(test.arena, "%s/web/link.txt", root)) == 0);
	test.conf.web_root = arena_printf(test.arena, "%s/web", root);
	test.conf.files_url = "https://files.example";
	return 0;
}

static int tear_down(void **state)
{
	ensure(system(arena_printf(test.arena, "rm -rf %s", root)) == 0);
	return gateway_test_tear_down(state);
}

static void the_page_runs_only_its_own(_unused_ void **state)
{
	gateway_test_start();
	EXPECT("GET /", "", "", 200, "<the page>", "cache-control: no-cache\r\n",
	       "content-security-policy: default-src 'self'; "
	       "img-src 'self' data: blob: https://files.example; "
	       "connect-src 'self' https://files.example; object-src 'none'; base-uri 'none'; "
	       "form-action 'self'; frame-ancestors 'none'\r\n",
	       "x-content-type-options: nosniff\r\n", "referrer-policy: same-origin\r\n",
	       "cross-origin-opener-policy: same-origin\r\n", "x-request-id: ");
	assert_false(says("unsafe"));
	assert_false(says("strict-transport-security"));
	EXPECT("GET /chats/" FAKE_CHAT, "", "", 200, "<the page>");
	EXPECT("GET /nothing/here", "", "", 404, "<the page>", "cache-control: no-store\r\n",
	       "content-security-policy: default-src 'self'");
	EXPECT("GET /assets/gone.js", "Accept: text/html\r\n", "", 404, "ROUTE_UNKNOWN",
	       "cache-control: no-store\r\n");
	EXPECT("HEAD /", "", "", 200, "Content-Length: 10\r\n");
	assert_false(says("<the page>"));
	EXPECT("GET /assets/a-1.js", "", "", 200, "script", "immutable");
	EXPECT("GET /", "Range: bytes=0-1\r\n", "", 200, "<the page>");
	EXPECT("POST /", JSON, "{}", 404, "ROUTE_UNKNOWN");
}

/* Neither a cache nor a search engine nor the next server learns of such a page. */
static void a_private_page_is_kept_by_nobody(_unused_ void **state)
{
	gateway_test_start();
	EXPECT("GET /shared/abc", "If-None-Match: *\r\n", "", 200, "<the page>",
	       "cache-control: no-store\r\n", "x-robots-tag: noindex, nofollow\r\n",
	       "referrer-policy: no-referrer\r\n", "content-security-policy: default-src 'self'");
	EXPECT("GET /", "", "", 200, "referrer-policy: same-origin\r\n");
	assert_false(says("x-robots-tag"));
	EXPECT("GET /api/v1/nothing", "", "", 404, "x-robots-tag: noindex\r\n");
}

static void a_frame_has_no_origin_and_no_network(_unused_ void **state)
{
	gateway_test_start();
	EXPECT("GET /frame/diagram.html", "", "", 200, "the frame",
	       "content-security-policy: sandbox allow-scripts; default-src 'none'; "
	       "script-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'\r\n");
}

static void the_api_is_no_page(_unused_ void **state)
{
	static const char *const paths[] = {"GET /api/v1/nothing", "GET /api/v1/auth/me",
					    "GET /v1/nothing", "GET /openapi.json", "GET /docs"};

	gateway_test_start();
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		ask(paths[i], "", "");
		assert_false(says("<the page>"));
		assert_true(says("content-security-policy: default-src 'none'; "
				 "frame-ancestors 'none'; sandbox\r\n"));
		assert_true(says("x-content-type-options: nosniff\r\n"));
		assert_true(says("cache-control: no-store\r\n"));
	}
}

static void no_path_leaves_the_folder(_unused_ void **state)
{
	static const char *const paths[] = {
		"/../secret.txt",
		"/%2e%2e/secret.txt",
		"/..%2fsecret.txt",
		"/%2e%2e%2fsecret.txt",
		"/assets/../../secret.txt",
		"/assets/..%2f..%2fsecret.txt",
		"/..%5csecret.txt",
		"/..\\secret.txt",
		"//secret.txt",
		"/./../secret.txt",
		"/%252e%252e/secret.txt",
		"/..%c0%afsecret.txt",
		"/secret.txt%00.html",
		"/link.txt",
		"/assets/....//secret.txt",
		"/web/../../secret.txt",
		"/assets/%2e%2e/index.html/../../secret.txt",
		"/%2e%2e%2f%2e%2e%2fetc%2fpasswd.txt",
	};

	gateway_test_start();
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		EXPECT(arena_printf(test.arena, "GET %s", paths[i]), "", "", 404, "no-store");
		assert_false(says("secret\r\n") || says("\r\n\r\nsecret"));
	}
}

static void https_is_for_ever(_unused_ void **state)
{
	test.conf.public_url = "https://chat.example";
	gateway_test_start();
	EXPECT("GET /", "", "", 200, "strict-transport-security: max-age=31536000\r\n");
	EXPECT("GET /api/v1/auth/me", "", "", 401,
	       "strict-transport-security: max-age=31536000\r\n");
}

#define PAGE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAGE_TEST(the_page_runs_only_its_own),
		PAGE_TEST(a_private_page_is_kept_by_nobody),
		PAGE_TEST(a_frame_has_no_origin_and_no_network),
		PAGE_TEST(the_api_is_no_page),
		PAGE_TEST(no_path_leaves_the_folder),
		PAGE_TEST(https_is_for_ever),
	};

	return gateway_test_run(tests);
}
