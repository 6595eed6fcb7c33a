/* Lines of log about requests are cut, and their number is bounded for each address. */
#include "gateway/lines.h"
#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "tests/lib/gateway.h"

#include <fcntl.h>
#include <unistd.h>

#define BURST 5
#define ASKED 40

static char path[] = "/tmp/lines-test.XXXXXX";

/* The log so far. */
static const char *log_text(void)
{
	static char text[256 * 1024];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);

	close(fd);
	assert_true(n >= 0);
	text[n] = '\0';
	return text;
}

static size_t count(const char *word)
{
	size_t n = 0;

	for (const char *p = log_text(); (p = strstr(p, word)); p++)
		n++;
	return n;
}

/* Lines that were counted and not written. */
static size_t suppressed(void)
{
	size_t n = 0;

	for (const char *p = log_text(); (p = strstr(p, "\"lines\":")); p++)
		n += strtoul(p + strlen("\"lines\":"), NULL, 10);
	return n;
}

static void an_address_has_so_many_lines(_unused_ void **state)
{
	int64_t until_us = clock_mono_us() + 10 * US_PER_S;
	size_t written = 0;

	for (int i = 0; i < ASKED; i++)
		EXPECT("GET /nothing", "", "", 404, "ROUTE_UNKNOWN");
	while (written + suppressed() < ASKED && clock_mono_us() < until_us) {
		usleep(10000);
		written = count("\"path\":\"/nothing\"");
	}
	assert_int_equal(written + suppressed(), ASKED);
	/* Each second that went by allows one more. */
	assert_true(written >= BURST && written < ASKED / 2);
	assert_non_null(strstr(log_text(), "\"address\":\"127.0.0.1\",\"lines\":"));
}

static void others_have_their_own(_unused_ void **state)
{
	lines_init(1, BURST);
	for (int i = 0; i < BURST; i++)
		assert_true(lines_take("192.0.2.1"));
	assert_false(lines_take("192.0.2.1"));
	assert_true(lines_take("192.0.2.2"));
	for (int i = 0; i < BURST; i++)
		assert_true(lines_take("2001:db8::1"));
	assert_false(lines_take("2001:db8::2")); /* the same household */
	assert_true(lines_take("2001:db8:0:1::1"));
}

static void a_long_path_is_cut(_unused_ void **state)
{
	char *line = arena_printf(test.arena, "GET /%06000d", 7);

	EXPECT(line, "", "", 404, "ROUTE_UNKNOWN");
	assert_non_null(strstr(log_text(), "0000…\""));
	assert_null(strstr(log_text(), "00007"));
}

static int set_up(void **state)
{
	gateway_test_set_up_only(state);
	test.conf.log_lines_per_second = 1;
	test.conf.log_lines_burst = BURST;
	gateway_test_start();
	return 0;
}

#define LINES_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, gateway_test_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINES_TEST(a_long_path_is_cut),
		LINES_TEST(an_address_has_so_many_lines),
		LINES_TEST(others_have_their_own),
	};
	int said, failed, fd = mkstemp(path);

	ensure(fd >= 0);
	gateway_test_begin();
	log_set_level(LOG_LEVEL_INFO);
	said = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	failed = cmocka_run_group_tests(tests, NULL, gateway_test_end);
	dup2(said, STDERR_FILENO);
	unlink(path);
	return failed;
}
