#include "gateway/site.h"
#include "runtime/httpd/test_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

static char root[] = "/tmp/site-test.XXXXXX";
static struct site *site;
static struct httpd *httpd;

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", root, name);
	file = fopen(path, "w");
	ensure(file);
	fputs(text, file);
	fclose(file);
}

static void handle(struct httpd_request *req, void *ctx)
{
	struct httpd_header headers[SITE_HEADERS_MAX];
	struct httpd_answer answer = {.status = 404};

	site_find(site, req, headers, &answer);
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
	EXPECT("GET /chat/018f3c1e", "", " 200 ", "the page");
	EXPECT("GET /assets/gone.js", "", " 404 ");
	EXPECT("GET /../../etc/passwd", "",
	       "the page"); /* a name, never a path of the file system */
	EXPECT("GET /..%2f..%2fetc%2fpass.wd", "", " 404 ");
	EXPECT("GET /%zz", "", " 404 ");
	EXPECT("POST /", "Content-Length: 0\r\n", " 404 ");
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

	assert_int_equal(site_open("/tmp/site-test.none", &none, &err), NOT_FOUND);
	assert_non_null(strstr(err.message, "make web"));
}

static int group_set_up(void **state)
{
	const char *const listen[] = {"tcp://127.0.0.1:0", NULL};
	const struct httpd_options options = {.listen = listen, .handle = handle};
	char assets[64];
	struct error err;

	ensure(mkdtemp(root));
	snprintf(assets, sizeof assets, "%s/assets", root);
	ensure(mkdir(assets, 0700) == 0);
	put("index.html", "the page");
	put("robots.txt", "none");
	put("assets/a-1.js", "plain script");
	put("assets/a-1.js.br", "brotli form");
	put("assets/a-1.js.gz", "gzip form");
	ensure(site_open(root, &site, &err) == OK);
	ensure(httpd_start(&options, &httpd, &err) == OK);
	return 0;
}

static int group_tear_down(void **state)
{
	char command[64];

	httpd_free(httpd);
	site_free(site);
	snprintf(command, sizeof command, "rm -rf %s", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_have_type_tag_and_age),
		cmocka_unit_test(paths_of_the_page_get_the_page),
		cmocka_unit_test(encodings_are_negotiated),
		cmocka_unit_test(an_unchanged_file_is_304),
		cmocka_unit_test(a_folder_without_the_page_is_refused),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
