#include "runtime/log/log.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The text that one log call wrote to stderr. */
static size_t captured(char *out, size_t size, void (*write_line)(void))
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(file);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	write_line();
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	n = fread(out, 1, size - 1, file);
	out[n] = '\0';
	fclose(file);
	return n;
}

static void write_kinds(void)
{
	log_info("call", LOG_S("text", "a\"\\\n\x01"), LOG_I("number", -5), LOG_B("truth", true),
		 LOG_S("absent", NULL), LOG_S("broken", "\xff"));
}

static void write_debug(void)
{
	log_debug("hidden");
}

static void write_long(void)
{
	static char text[20000];

	memset(text, '"', sizeof text - 1);
	log_warn("long", LOG_I("before", 1), LOG_S("one", text), LOG_S("two", text),
		 LOG_I("after", 2));
}

static void a_line_is_one_json_object(void **state)
{
	char out[16384];
	json_t *line;

	captured(out, sizeof out, write_kinds);
	assert_int_equal(out[strlen(out) - 1], '\n');
	line = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(line);
	assert_string_equal(json_string_value(json_object_get(line, "level")), "info");
	assert_string_equal(json_string_value(json_object_get(line, "service")), "tester");
	assert_string_equal(json_string_value(json_object_get(line, "text")), "a\"\\\n\x01");
	assert_int_equal(json_integer_value(json_object_get(line, "number")), -5);
	assert_true(json_is_true(json_object_get(line, "truth")));
	assert_null(json_object_get(line, "absent"));
	assert_string_equal(json_string_value(json_object_get(line, "broken")), "ÿ");
	json_decref(line);
}

static void levels_are_dropped(void **state)
{
	enum log_level level;
	char out[256];

	assert_int_equal(captured(out, sizeof out, write_debug), 0);
	assert_true(log_level_parse("debug", &level));
	assert_false(log_level_parse("loud", &level));
	log_set_level(level);
	assert_true(captured(out, sizeof out, write_debug) > 0);
	log_set_level(LOG_LEVEL_INFO);
}

static void write_texts(void)
{
	static char umlauts[2 * LOG_TEXT_MAX], bytes[2 * LOG_TEXT_MAX];

	umlauts[0] = 'a'; /* so that the limit is within a character */
	for (size_t i = 1; i + 2 < sizeof umlauts; i += 2)
		memcpy(umlauts + i, "ä", 2);
	memset(bytes, 'b', sizeof bytes - 1);
	log_warn("texts", LOG_S("umlauts", umlauts), LOG_S("bytes", bytes), LOG_I("after", 2));
}

static void a_long_text_is_cut_with_a_mark(void **state)
{
	char out[16384];
	const char *text;
	json_t *line;

	captured(out, sizeof out, write_texts);
	line = json_loads(out, 0, NULL); /* refuses broken characters */
	assert_non_null(line);
	text = json_string_value(json_object_get(line, "umlauts"));
	assert_true(strlen(text) <= LOG_TEXT_MAX + strlen("…"));
	assert_string_equal(text + strlen(text) - strlen("ä…"), "ä…");
	text = json_string_value(json_object_get(line, "bytes"));
	assert_int_equal(strlen(text), LOG_TEXT_MAX + strlen("…"));
	assert_int_equal(json_integer_value(json_object_get(line, "after")), 2);
	json_decref(line);
}

#define FLOOD 3000

static void write_flood(void)
{
	for (int i = 0; i < FLOOD; i++)
		log_warn("flood", LOG_I("n", i));
	log_warn("other");
	for (int i = 0; i < 100; i++)
		log_error("bad");
}

static void write_after_flood(void)
{
	log_warn("flood");
}

static size_t count(const char *text, const char *words)
{
	size_t n = 0;

	for (; (text = strstr(text, words)); text++)
		n++;
	return n;
}

/* Lines left out are counted. Other events, and errors, are still written. */
static void a_flood_is_limited(void **state)
{
	static char out[FLOOD * 128];
	int64_t left_out = 0;
	size_t said;

	log_set_event_rate(10);
	captured(out, sizeof out, write_flood);
	said = count(out, "\"event\":\"flood\"");
	assert_in_range(said, 10, FLOOD / 10); /* as many seconds as a busy machine takes */
	assert_int_equal(count(out, "\"event\":\"other\""), 1);
	assert_int_equal(count(out, "\"event\":\"bad\""), 100);
	for (const char *p = out; (p = strstr(p, "\"left_out\":")); p++)
		left_out += strtol(p + strlen("\"left_out\":"), NULL, 10);
	while (captured(out, sizeof out, write_after_flood) == 0)
		usleep(1000);
	left_out += strtol(strstr(out, "\"left_out\":") + strlen("\"left_out\":"), NULL, 10);
	assert_true(left_out >= (int64_t)(FLOOD - said));
	log_set_event_rate(0);
	captured(out, sizeof out, write_flood);
	assert_int_equal(count(out, "\"event\":\"flood\""), FLOOD);
	log_set_event_rate(LOG_EVENT_RATE_DEFAULT);
}

static void a_long_line_is_cut_and_stays_json(void **state)
{
	char out[16384];
	json_t *line;

	assert_true(captured(out, sizeof out, write_long) <= 8192);
	line = json_loads(out, 0, NULL);
	assert_non_null(line);
	assert_int_equal(json_integer_value(json_object_get(line, "before")), 1);
	assert_true(json_is_true(json_object_get(line, "cut")));
	json_decref(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_one_json_object),
		cmocka_unit_test(levels_are_dropped),
		cmocka_unit_test(a_long_text_is_cut_with_a_mark),
		cmocka_unit_test(a_long_line_is_cut_and_stays_json),
		cmocka_unit_test(a_flood_is_limited),
	};

	log_init("tester", LOG_LEVEL_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
