/* The reader of server-sent events, whole and cut at every byte. */
#include "runtime/http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct heard {
	char text[1024];
	int left; /* events until it says stop; -1: never */
};

static bool hear(const char *event, const char *data, size_t data_len, const char *id, void *ctx)
{
	struct heard *heard = ctx;
	size_t at = strlen(heard->text);

	assert_int_equal(strlen(data), data_len);
	snprintf(heard->text + at, sizeof heard->text - at, "<%s|%s|%s>", event, data, id);
	return --heard->left != 0;
}

static enum status feed(struct heard *heard, const char *input, size_t step, size_t max)
{
	struct sse_reader reader;
	enum status s = OK;
	size_t len = strlen(input);

	sse_reader_init(&reader, max);
	for (size_t at = 0; at < len && s == OK; at += step)
		s = sse_reader_feed(&reader, input + at, len - at < step ? len - at : step, hear,
				    heard);
	sse_reader_done(&reader);
	return s;
}

static const struct {
	const char *input, *events;
} cases[] = {
	{"data: a\n\n", "<message|a|>"},
	{"data:a\ndata: b\n\n", "<message|a\nb|>"},
	{"data:  two\n\n", "<message| two|>"},
	{"event: x\ndata: 1\nid: 7\n\ndata: 2\n\n", "<x|1|7><message|2|7>"},
	{"data: a\r\n\r\ndata: b\r\rdata: c\n\n", "<message|a|><message|b|><message|c|>"},
	{": comment\n\ndata: a\n\n", "<message|a|>"},
	{"\xEF\xBB\xBF"
	 "data: bom\n\n",
	 "<message|bom|>"},
	{"data: a\n\n\xEF\xBB\xBF"
	 "data: no bom here\n\n",
	 "<message|a|>"},
	{"data: a\r\ndata: b\r\n\r\n", "<message|a\nb|>"},
	{"data\n\n", "<message||>"},
	{"data:\n\n", "<message||>"},
	{"event: lonely\n\ndata: a\n\n", "<message|a|>"},
	{"retry: 10\nfoo: bar\ndata: a\n\n", "<message|a|>"},
	{"data: never ended", ""},
	{"data: no empty line\n", ""},
	{"id: 1\ndata: a\n\nid\ndata: b\n\n", "<message|a|1><message|b|>"},
	{"data: a:b\n\n", "<message|a:b|>"},
	{"\n\n\ndata: a\n\n\n\n", "<message|a|>"},
};

static void events_are_read_however_they_are_cut(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t step = 1; step <= strlen(cases[i].input); step++) {
			struct heard heard = {.left = -1};

			assert_int_equal(feed(&heard, cases[i].input, step, 100), OK);
			assert_string_equal(heard.text, cases[i].events);
		}
	}
}

/* A long event is skipped with bounded memory, and the next one is read. */
static void what_is_too_long_is_skipped(_unused_ void **state)
{
	static const struct {
		const char *input;
		size_t skipped;
	} long_ones[] = {
		{"data: 12345678901\n\ndata: ok\n\n", 1},
		{"data: 123456\ndata: 1234567\ndata: 12\n\ndata: ok\n\n", 1},
		{": 1234567890123456\ndata: ok\n\n", 0},
		{"xxxxxxxxxxxxxxxxxxxxxxxxx\n\ndata: ok\n\n", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(long_ones); i++) {
		const char *input = long_ones[i].input;

		for (size_t step = 1; step <= strlen(input); step++) {
			struct heard heard = {.left = -1};
			struct sse_reader reader;

			sse_reader_init(&reader, 16);
			for (size_t at = 0, len = strlen(input); at < len; at += step)
				assert_int_equal(sse_reader_feed(&reader, input + at,
								 len - at < step ? len - at : step,
								 hear, &heard),
						 OK);
			assert_int_equal(reader.skipped, long_ones[i].skipped);
			assert_true(reader.line.capacity <= 256 && reader.data.capacity <= 256);
			assert_string_equal(heard.text, "<message|ok|>");
			sse_reader_done(&reader);
		}
	}
}

static void a_long_name_is_left_out(_unused_ void **state)
{
	struct heard heard = {.left = -1};

	/* A name or id that does not fit is left out, never cut. */
	assert_int_equal(feed(&heard,
			      "id: 0123456789012345678901234567890123456789012345678901234567890123"
			      "\ndata: a\n\n",
			      100, 200),
			 OK);
	assert_string_equal(heard.text, "<message|a|>");
}

static void the_last_event_is_told_at_the_end(_unused_ void **state)
{
	static const struct {
		const char *input, *events;
	} ends[] = {
		{"data: never ended", "<message|never ended|>"},
		{"data: no empty line\n", "<message|no empty line|>"},
		{"data: a\n\ndata: b\r", "<message|a|><message|b|>"},
		{"data: a\n\n", "<message|a|>"},
		{"data: a\n\nevent: x", "<message|a|>"},
		{"error: {}", "<error|{}|>"},
		{"", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct heard heard = {.left = -1};
		struct sse_reader reader;

		sse_reader_init(&reader, 100);
		assert_int_equal(sse_reader_feed(&reader, ends[i].input, strlen(ends[i].input),
						 hear, &heard),
				 OK);
		sse_reader_end(&reader, hear, &heard);
		assert_string_equal(heard.text, ends[i].events);
		sse_reader_done(&reader);
	}
}

static void a_hook_stops_the_reading(_unused_ void **state)
{
	struct heard heard = {.left = 2};

	assert_int_equal(feed(&heard, "data: a\n\ndata: b\n\ndata: c\n\n", 100, 100), CANCELLED);
	assert_string_equal(heard.text, "<message|a|><message|b|>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_read_however_they_are_cut),
		cmocka_unit_test(what_is_too_long_is_skipped),
		cmocka_unit_test(a_long_name_is_left_out),
		cmocka_unit_test(the_last_event_is_told_at_the_end),
		cmocka_unit_test(a_hook_stops_the_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
