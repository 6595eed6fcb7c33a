#include "gateway/site.h"
#include "runtime/httpd/test_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

static char root[] = "/tmp/site-test.XXXXXX";
static char previous[64];
static struct site *site;
static struct httpd *httpd;

static void put(const char *folder, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "w");
	ensure(file);
	fputs(text, file);
	fclose(file);
}

static void handle(struct httpd_request *req, void *ctx)
{
	struct httpd_header headers[SITE_HEADERS_MAX];
	struct httpd_answer answer = {.status = 404};
	const char *private;

	site_find(site, req, headers, &answer, &private);
	httpd_answer(req, &answer);
}

/* Sends a request with these header lines and reads the whole answer. */
static const char *ask(const char *line, const char *header_lines)
{
	static struct buf in;
	int fd = client_connect(httpd_port(httpd, 0));
	char text[1024];

	buf_done(&in);
	buf_init(&in, CLIENT_BYTES_MAX);
	snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", line,
		 header_lines);
	client_say(fd, text);
	client_read_until(fd, &in, NULL);
	close(fd);
	return buf_text(&in);
}

static const char *named(const char *format, const char *path)
{
	static char line[256];

	snprintf(line, sizeof line, format, path);
	return line;
}

static void expect(const char *line, const char *header_lines, const char *const *parts)
{
	const char *answer = ask(line, header_lines);

	for (; *parts; parts++)
		if (!strstr(answer, *parts))
			fail_msg("%s (%s): no '%s' in\n%s", line, header_lines, *parts, answer);
}
#define EXPECT(line, headers, ...) expect(line, headers, (const char *const[]){__VA_ARGS__, NULL})

static void files_have_type_tag_and_age(void **state)
{
	EXPECT("GET /assets/a-1.js", "", " 200 ", "text/javascript", "plain script",
	       "max-age=31536000, immutable");
	EXPECT("GET /", "", " 200 ", "text/html", "the page", "cache-control: no-cache");
	EXPECT("GET /robots.txt?x=1", "", " 200 ", "text/plain");
	EXPECT("HEAD /", "", " 200 ");
	assert_null(strstr(ask("HEAD /", ""), "the page"));
}

static void paths_of_the_page_get_the_page(void **state)
{
	static const char *const there[] = {"/",          "/chat/018f3c1e", "/settings",
					    "/settings/", "/settings/keys", "/Settings/keys/",
					    "/pricing",   "/chat/a%20b"};
	static const char *const not_there[] = {
		"/nothing/here", "/chat", "/chat/", "/chat/a/b", "/settings/a/b",     "/pricing//",
		"/pricingx",     "//",    "/a",     "/index",    "/../../etc/passwd",
	};

	for (size_t i = 0; i < sizeof there / sizeof *there; i++)
		EXPECT(named("GET %s", there[i]), "", " 200 ", "the page", "no-cache", "etag: ");
	for (size_t i = 0; i < sizeof not_there / sizeof *not_there; i++) {
		EXPECT(named("GET %s", not_there[i]), "If-None-Match: *\r\n", " 404 ", "the page",
		       "no-store", "text/html");
		assert_null(strstr(ask(named("GET %s", not_there[i]), ""), "etag"));
	}
	EXPECT("GET /..%2f..%2fetc%2fpass.wd", "", " 404 ");
	EXPECT("GET /%zz", "", " 404 ");
	EXPECT("POST /", "Content-Length: 0\r\n", " 404 ");
	EXPECT("HEAD /nothing", "", " 404 ", "text/html");
}

/* Its path is a secret: a reader who knows it sees the page. */
static void nobody_keeps_a_private_page(void **state)
{
	const char *answer;

	EXPECT("GET /secret/abc", "If-None-Match: *\r\n", " 200 ", "the page",
	       "cache-control: no-store", "x-robots-tag: noindex, nofollow");
	assert_null(strstr(ask("GET /secret/abc", ""), "etag"));
	EXPECT("GET /secret/%61bc/", "", " 200 ", "no-store", "noindex");
	EXPECT("HEAD /secret/abc", "", " 200 ", "noindex");
	answer = ask("GET /chat/abc", "");
	assert_non_null(strstr(answer, "no-cache"));
	assert_null(strstr(answer, "noindex"));
}

/* A name with a dot is a file for scripts, unless a person looks at it. */
static void a_missing_file_is_no_page(void **state)
{
	static const char *const missing[] = {"/assets/gone.js", "/assets/gone", "/gone.png",
					      "/assets/"};

	for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
		const char *answer = ask(named("GET %s", missing[i]), "Accept: */*\r\n");

		assert_non_null(strstr(answer, " 404 "));
		assert_null(strstr(answer, "the page"));
	}
	EXPECT("GET /gone.html", "Accept: text/html,*/*;q=0.8\r\n", " 404 ", "the page");
	assert_null(strstr(ask("GET /assets/gone.js", "Accept: text/html\r\n"), "the page"));
}

/* A tab that was open over an upgrade asks for parts of its own page. */
static void assets_of_the_build_before_are_served(void **state)
{
	EXPECT("GET /assets/old-1.js", "", " 200 ", "old script", "immutable", "text/javascript");
	EXPECT("GET /assets/old-1.js", "Accept-Encoding: gzip\r\n", "old gzip");
	EXPECT("GET /assets/a-1.js", "", "plain script"); /* of this build */
	EXPECT("GET /old.txt", "", " 404 ");
	EXPECT("GET /", "", "the page");
}

static void encodings_are_negotiated(void **state)
{
	EXPECT("GET /assets/a-1.js", "Accept-Encoding: gzip, br\r\n", "content-encoding: br",
	       "brotli form", "vary: accept-encoding");
	EXPECT("GET /assets/a-1.js", "Accept-Encoding: gzip\r\n", "content-encoding: gzip",
	       "gzip form");
	EXPECT("GET /assets/a-1.js", "Accept-Encoding: br;q=0, gzip;q=0.5\r\n", "gzip form");
	EXPECT("GET /assets/a-1.js", "Accept-Encoding: br;q=0.0, gzip; q=0\r\n", "plain script");
	EXPECT("GET /assets/a-1.js", "Accept-Encoding: *\r\n", "brotli form");
	EXPECT("GET /assets/a-1.js", "Accept-Encoding: identity\r\n", "plain script");
	EXPECT("GET /robots.txt", "Accept-Encoding: br\r\n", "none");
	EXPECT("GET /assets/a-1.js.br", "", " 404 ");
}

static void an_unchanged_file_is_304(void **state)
{
	char tag[64], header[128];
	const char *at = strstr(ask("GET /", ""), "etag: ");

	assert_non_null(at);
	assert_int_equal(sscanf(at, "etag: %63s", tag), 1);
	snprintf(header, sizeof header, "If-None-Match: \"other\", W/%s\r\n", tag);
	EXPECT("GET /", header, " 304 ");
	assert_null(strstr(ask("GET /", header), "the page"));
	EXPECT("GET /", "If-None-Match: *\r\n", " 304 ");
	EXPECT("GET /", "If-None-Match: \"other\"\r\n", " 200 ");
	snprintf(header, sizeof header, "If-None-Match: %s\r\nAccept-Encoding: br\r\n", tag);
	EXPECT("GET /assets/a-1.js", header, " 200 ");
}

static void a_folder_without_the_page_is_refused(void **state)
{
	struct site *none;
	struct error err;

	assert_int_equal(site_open("/tmp/site-test.none", "", &none, &err), NOT_FOUND);
	assert_non_null(strstr(err.message, "make web"));
	assert_int_equal(site_open(previous, "", &none, &err), NOT_FOUND);
	assert_non_null(strstr(err.message, "routes.txt is missing: run `make web`"));
	assert_int_equal(site_open(root, "/tmp/site-test.none", &none, &err), OK);
	site_free(none);
}

static int group_set_up(void **state)
{
	const char *const listen[] = {"tcp://127.0.0.1:0", NULL};
	const struct httpd_options options = {.listen = listen, .handle = handle};
	char path[128];
	struct error err;

	ensure(mkdtemp(root));
	snprintf(path, sizeof path, "%s/assets", root);
	snprintf(previous, sizeof previous, "%s.previous", root);
	ensure(mkdir(path, 0700) == 0 && mkdir(previous, 0700) == 0);
	snprintf(path, sizeof path, "%s/assets", previous);
	ensure(mkdir(path, 0700) == 0);
	put(previous, "index.html", "the old page");
	put(previous, "old.txt", "old text");
	put(previous, "assets/old-1.js", "old script");
	put(previous, "assets/old-1.js.gz", "old gzip");
	put(previous, "assets/a-1.js", "older script");
	put(root, "index.html", "the page");
	put(root, "routes.txt",
	    "/\n/chat/:chat\n/secret/:token private\n/pricing\n/settings/:section?\n");
	put(root, "robots.txt", "none");
	put(root, "assets/a-1.js", "plain script");
	put(root, "assets/a-1.js.br", "brotli form");
	put(root, "assets/a-1.js.gz", "gzip form");
	ensure(site_open(root, previous, &site, &err) == OK);
	ensure(httpd_start(&options, &httpd, &err) == OK);
	return 0;
}

static int group_tear_down(void **state)
{
	char command[192];

	httpd_free(httpd);
	site_free(site);
	snprintf(command, sizeof command, "rm -rf %s %s", root, previous);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_have_type_tag_and_age),
		cmocka_unit_test(paths_of_the_page_get_the_page),
		cmocka_unit_test(nobody_keeps_a_private_page),
		cmocka_unit_test(a_missing_file_is_no_page),
		cmocka_unit_test(assets_of_the_build_before_are_served),
		cmocka_unit_test(encodings_are_negotiated),
		cmocka_unit_test(an_unchanged_file_is_304),
		cmocka_unit_test(a_folder_without_the_page_is_refused),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
