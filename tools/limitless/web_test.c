/* Assets of the page that are kept over upgrades. */
#include "tools/limitless/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* after the ones that it needs */
#include <cmocka.h>

static char base[] = "/tmp/limitless-web-XXXXXX";
static struct place place;
static char web[TOOL_PATH_MAX];

static void put(const char *name, const char *text)
{
	char path[TOOL_PATH_MAX];
	struct error err;

	tool_path(path, "%s/%s", web, name);
	assert_int_equal(tool_write_file(path, text, 0644, &err), OK);
}

/* A build replaces the folder. */
static void build(const char *hash)
{
	char path[TOOL_PATH_MAX], name[64];
	struct error err;

	tool_remove(web);
	tool_path(path, "%s/assets/fonts", web);
	assert_int_equal(tool_make_directory(path, 0755, &err), OK);
	put("index.html", hash);
	snprintf(name, sizeof name, "assets/a-%s.js", hash);
	put(name, hash);
	put("assets/fonts/b.woff2", "font");
	put("robots.txt", "none");
}

static void up(void)
{
	struct error err;

	if (web_keep(&place, web, &err) != OK)
		fail_msg("%s", err.message);
}

static bool kept(const char *name)
{
	char path[TOOL_PATH_MAX];

	tool_path(path, "%s/%s", place.dir, name);
	return access(path, R_OK) == 0;
}

static void assets_stay_for_one_build(void **state)
{
	up(); /* nothing was built */
	assert_false(kept("web-current"));
	build("one");
	up();
	assert_true(kept("web-current/assets/a-one.js"));
	assert_false(kept("web-previous"));
	up(); /* the same again */
	assert_false(kept("web-previous"));
	build("two");
	up();
	up();
	assert_true(kept("web-previous/assets/a-one.js"));
	assert_true(kept("web-previous/assets/fonts/b.woff2"));
	assert_false(kept("web-previous/robots.txt"));
	assert_true(kept("web-current/assets/a-two.js"));
	build("three");
	up();
	assert_true(kept("web-previous/assets/a-two.js"));
	assert_false(kept("web-previous/assets/a-one.js"));
}

/* A start was killed after the first rename. All kept files are still there, and the next start
 * goes on. */
static void a_killed_start_loses_nothing(void **state)
{
	char from[TOOL_PATH_MAX], to[TOOL_PATH_MAX];

	tool_path(from, "%s/web-current", place.dir);
	tool_path(to, "%s/web-previous", place.dir);
	tool_remove(to);
	assert_int_equal(rename(from, to), 0);
	up();
	assert_true(kept("web-previous/assets/a-three.js"));
	assert_true(kept("web-current/assets/a-three.js"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(assets_stay_for_one_build),
		cmocka_unit_test(a_killed_start_loses_nothing),
	};
	int failed;

	if (!mkdtemp(base))
		return 1;
	tool_path(place.dir, "%s", base);
	tool_path(web, "%s/build", base);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	tool_remove(base);
	return failed;
}
