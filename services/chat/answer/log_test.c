/* The log of events: cut, stored, read again from any place. Titles. */
#include "../chat_test.h"
#include "chat/answer/log.h"
#include "chat/answer/title.h"

static struct event_log *sample(void)
{
	struct event_log *log = log_new(3, 1000000);

	assert_true(log_add_text(log, EVENT_REASONING, "hm", 2));
	assert_true(log_add_text(log, EVENT_TEXT, "one ", 4));
	assert_true(log_add_text(log, EVENT_TEXT, "two ", 4));
	assert_true(log_add_text(log, EVENT_TEXT, "three", 5));
	log_add(log, EVENT_USAGE);
	log_add(log, EVENT_DONE);
	return log;
}

static void neighbours_are_merged(void **state)
{
	_cleanup_(log_unrefp) struct event_log *log = sample();
	struct place place = {0};
	struct event event;

	assert_true(log_next(log, &place, &event, &place));
	assert_int_equal(event.kind, EVENT_REASONING);
	assert_true(log_next(log, &place, &event, &place));
	assert_int_equal(event.kind, EVENT_TEXT);
	assert_int_equal(event.len, 13);
	assert_memory_equal(event.text, "one two three", 13);
	assert_int_equal(place.index, 4);
	assert_true(log_next(log, &place, &event, &place));
	assert_int_equal(event.kind, EVENT_USAGE);
	assert_true(log_next(log, &place, &event, &place));
	assert_int_equal(event.kind, EVENT_DONE);
	assert_false(log_next(log, &place, &event, &place));
}

static void any_event_can_be_sought(void **state)
{
	static const size_t left[] = {13, 13, 9, 5, 0, 0, 0};
	_cleanup_(log_unrefp) struct event_log *log = sample();
	struct place place;

	for (int32_t seq = 0; seq <= 6; seq++) {
		assert_true(log_seek(log, seq, &place));
		assert_int_equal(log->text.len - place.text_at, left[seq]);
	}
	assert_false(log_seek(log, 7, &place));
	assert_false(log_seek(log, -1, &place));
}

static void what_is_stored_comes_back(void **state)
{
	_cleanup_(log_unrefp) struct event_log *log = sample(), *back = log_new(3, 1000000);
	_cleanup_(buf_done) struct buf marks;

	buf_init(&marks, 1000);
	log_encode(log, 0, log->n_marks, &marks);
	assert_true(log_decode(back, marks.data, marks.len, buf_text(&log->text), log->text.len,
			       buf_text(&log->reasoning), log->reasoning.len));
	assert_int_equal(back->n_marks, log->n_marks);
	assert_memory_equal(back->marks, log->marks, log->n_marks * sizeof *log->marks);
	assert_string_equal(buf_text(&back->text), buf_text(&log->text));
}

/* Damage is noticed: marks that end early, of no kind, or that do not fit the text. */
static void damage_is_noticed(void **state)
{
	_cleanup_(log_unrefp) struct event_log *log = log_new(1, 1000);

	assert_false(log_decode(log, "\x80", 1, "", 0, "", 0));
	assert_false(log_decode(log, "\x07", 1, "", 0, "", 0));
	assert_false(log_decode(log, "\xff\xff\xff\xff\xff\xff", 6, "", 0, "", 0));
	assert_false(log_decode(log, "\x18", 1, "ab", 2, "", 0));
}

static void text_is_cut_between_characters(void **state)
{
	_cleanup_(log_unrefp) struct event_log *log = log_new(1, 10);
	_cleanup_(log_unrefp) struct event_log *large = log_new(1, 4 * EVENT_BYTES_MAX);
	_cleanup_(freep) char *text = malloc(3 * EVENT_BYTES_MAX);
	struct place place = {0};
	struct event event;
	size_t sum = 0;

	assert_true(log_add_text(log, EVENT_TEXT, "12345678", 8));
	assert_false(log_add_text(log, EVENT_TEXT, "9\xE2\x82\xAC", 4)); /* a euro too much */
	assert_string_equal(buf_text(&log->text), "123456789");

	ensure(text);
	for (size_t i = 0; i < 3 * EVENT_BYTES_MAX; i += 3)
		memcpy(text + i, "\xE2\x82\xAC", 3);
	assert_true(log_add_text(large, EVENT_TEXT, text, 3 * EVENT_BYTES_MAX));
	while (log_next(large, &place, &event, &place)) {
		assert_true(event.len <= EVENT_BYTES_MAX && event.len % 3 == 0);
		sum += event.len;
	}
	assert_int_equal(sum, 3 * EVENT_BYTES_MAX);
}

/* Text that is no UTF-8 is cut somewhere. */
static void bytes_without_an_end_are_cut(void **state)
{
	_cleanup_(log_unrefp) struct event_log *log = log_new(1, 4 * EVENT_BYTES_MAX);
	_cleanup_(freep) char *text = malloc(3 * EVENT_BYTES_MAX);

	ensure(text);
	memset(text, 0x80, 3 * EVENT_BYTES_MAX);
	assert_true(log_add_text(log, EVENT_TEXT, text, 3 * EVENT_BYTES_MAX));
	assert_int_equal(log->n_marks, 3);
}

static void cursors_are_read_strictly(void **state)
{
	static const char *const bad[] = {"",    "1",    "1.",   ".1",    "a.1",           "1.a",
					  "0.1", "-1.1", "1.-1", "1.1.1", "1.99999999999", " 1.1",
					  "1.1 "};
	struct cursor cursor;
	char text[CURSOR_SIZE];

	assert_true(cursor_parse("2.0", &cursor));
	assert_true(cursor_parse("12.345", &cursor));
	assert_int_equal(cursor.epoch, 12);
	assert_int_equal(cursor.seq, 345);
	cursor_format(cursor, text);
	assert_string_equal(text, "12.345");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(cursor_parse(bad[i], &cursor));
}

static void titles_are_cut_at_words(void **state)
{
	static const struct {
		const char *text, *title;
	} cases[] = {
		{"Hello", "Hello"},
		{"  # Why\tso  many spaces?\nmore", "Why so many spaces?"},
		{"", ""},
		{"\n\n", ""},
		{"\xe2\x80\xae# evil\x01", "# evil"},
		{"one two three four five six seven eight nine ten eleven twelve thirteen",
		 "one two three four five six seven eight nine ten eleven\xE2\x80\xA6"},
	};
	char title[TITLE_BYTES_MAX + 1], text[1000];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		title_of_text(cases[i].text, title);
		assert_string_equal(title, cases[i].title);
	}
	memset(text, 'x', sizeof text);
	text[999] = '\0';
	title_of_text(text, title);
	assert_int_equal(strlen(title), 63); /* 60 characters and the ellipsis */
}

int log_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_are_merged),
		cmocka_unit_test(any_event_can_be_sought),
		cmocka_unit_test(what_is_stored_comes_back),
		cmocka_unit_test(damage_is_noticed),
		cmocka_unit_test(text_is_cut_between_characters),
		cmocka_unit_test(bytes_without_an_end_are_cut),
		cmocka_unit_test(cursors_are_read_strictly),
		cmocka_unit_test(titles_are_cut_at_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
