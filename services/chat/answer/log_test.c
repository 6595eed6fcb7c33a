/* The log of events: cut, stored, read again from any place. Titles. */
#include "../chat_test.h"
#include "chat/answer/log.h"
#include "chat/answer/title.h"
#include "runtime/base/text.h"

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
	assert_true(
		log_decode(back, &(struct log_piece){marks.data, marks.len, buf_text(&log->text),
						     buf_text(&log->reasoning), ""}));
	assert_int_equal(back->n_marks, log->n_marks);
	assert_memory_equal(back->marks, log->marks, log->n_marks * sizeof *log->marks);
	assert_string_equal(buf_text(&back->text), buf_text(&log->text));
}

/* Damage is noticed: marks that end early, of no kind, or that do not fit the text or its lines. */
static void damage_is_noticed(void **state)
{
	static const struct log_piece bad[] = {
		{"\x80", 1, "", "", ""},    {"\x07", 1, "", "", ""},
		{"\x18", 1, "ab", "", ""},  {"\xff\xff\xff\xff\xff\xff", 6, "", "", ""},
		{"\x06", 1, "", "", ""},    {"\x1e", 1, "", "", "{}"},
		{"\x1e", 1, "", "", "{}x"}, {"\x0e\x0e", 2, "", "", "{\n"},
	};
	_cleanup_(log_unrefp) struct event_log *log = log_new(1, 1000);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(log_decode(log, &bad[i]));
}

/* ---------------------------------------------------------------- random logs */

#define RANDOM_LOGS 400
#define RANDOM_EVENTS 60

static uint64_t seed;

static size_t draw(size_t below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (size_t)(seed >> 33) % below;
}

/* What was added, event by event: T text, R reasoning, I item, and the bytes behind the letter. */
static void add_random(struct event_log *log, struct buf *told)
{
	static const char *const items[] = {"{\"type\":\"a\"}", "{\n\"n\":1,\r\n\"m\":2}", "{}"};
	static const char *const shown[] = {"{\"type\":\"a\"}", "{ \"n\":1,  \"m\":2}", "{}"};
	static const char *const texts[] = {"one", " \xE2\x82\xAC", "\n", "x"};
	size_t which = draw(8);

	if (which < 3) {
		buf_addf(told, "I%s", shown[which]);
		assert_true(log_add_item(log, items[which], strlen(items[which])));
	} else if (which < 7) {
		const char *text = texts[draw(ARRAY_SIZE(texts))];

		buf_addf(told, "%c%s", which < 5 ? 'T' : 'R', text);
		assert_true(log_add_text(log, which < 5 ? EVENT_TEXT : EVENT_REASONING, text,
					 strlen(text)));
	} else {
		buf_addc(told, '-');
		log_add(log, EVENT_USAGE);
	}
}

/* The events after seq, each for itself: merged neighbours are told apart by the marks. */
static void tell(const struct event_log *log, int32_t seq, struct buf *told)
{
	struct place place, after;
	struct event event;

	assert_true(log_seek(log, seq, &place));
	while (log_next(log, &place, &event, &after)) {
		size_t at = 0;

		for (size_t i = place.index; i < after.index; i++) {
			size_t len = event.kind == EVENT_ITEM ? event.len : log->marks[i] >> 3;

			buf_addc(told, event.kind == EVENT_TEXT        ? 'T'
				       : event.kind == EVENT_REASONING ? 'R'
				       : event.kind == EVENT_ITEM      ? 'I'
								       : '-');
			buf_add(told, event.text + at, len);
			at += len;
		}
		place = after;
	}
}

/* As checkpoints store it, and a takeover reads it: in pieces. */
static void store_in_pieces(const struct event_log *log, struct event_log *back)
{
	struct place from = {0}, to;

	while (from.index < log->n_marks) {
		_cleanup_(freep) char *text = NULL, *reasoning = NULL, *items = NULL;
		_cleanup_(buf_done) struct buf marks;

		assert_true(log_seek(
			log, (int32_t)(from.index + 1 + draw(log->n_marks - from.index)), &to));
		buf_init(&marks, 100000);
		log_encode(log, from.index, to.index, &marks);
		text = strndup(buf_text(&log->text) + from.text_at, to.text_at - from.text_at);
		reasoning = strndup(buf_text(&log->reasoning) + from.reasoning_at,
				    to.reasoning_at - from.reasoning_at);
		items = strndup(buf_text(&log->items) + from.items_at, to.items_at - from.items_at);
		assert_true(log_decode(
			back, &(struct log_piece){marks.data, marks.len, text, reasoning, items}));
		from = to;
	}
}

static void random_log(void)
{
	_cleanup_(log_unrefp) struct event_log *log = log_new(1, 1000000);
	_cleanup_(log_unrefp) struct event_log *back = log_new(1, 1000000);
	_cleanup_(log_unrefp) struct event_log *copy = log_new(2, 1000000);
	_cleanup_(buf_done) struct buf added, told;
	size_t starts[RANDOM_EVENTS + 1], n = draw(RANDOM_EVENTS + 1);

	buf_init(&added, 100000);
	buf_init(&told, 100000);
	for (size_t i = 0; i < n; i++) {
		starts[i] = added.len;
		add_random(log, &added);
	}
	starts[n] = added.len;
	assert_int_equal(log->n_marks, n);
	store_in_pieces(log, back);
	for (size_t seq = 0; seq <= n; seq++) {
		buf_clear(&told);
		tell(back, (int32_t)seq, &told);
		assert_string_equal(buf_text(&told), buf_text(&added) + starts[seq]);
	}
	log_add_all(copy, back);
	assert_string_equal(buf_text(&copy->text), buf_text(&log->text));
	assert_string_equal(buf_text(&copy->reasoning), buf_text(&log->reasoning));
	assert_string_equal(buf_text(&copy->items), buf_text(&log->items));
}

/* Any mix of kinds is stored in pieces, comes back, and is read on from any event. */
static void any_mix_comes_back(void **state)
{
	seed = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 10) : random_below(1ULL << 32);
	print_message("SEED=%llu\n", (unsigned long long)seed);
	for (int i = 0; i < RANDOM_LOGS; i++)
		random_log();
}

/* Texts and items have one limit. An item is taken whole or not at all. */
static void items_have_the_texts_limit(void **state)
{
	_cleanup_(log_unrefp) struct event_log *log = log_new(1, 20);

	assert_true(log_add_text(log, EVENT_TEXT, "12345", 5));
	assert_false(log_add_item(log, "{\"n\":123456789}", 15)); /* and its line's end */
	assert_true(log_add_item(log, "{\"n\":1234567}", 13));
	assert_false(log_add_text(log, EVENT_REASONING, "ab", 2));
	assert_string_equal(buf_text(&log->items), "{\"n\":1234567}\n");
	assert_string_equal(buf_text(&log->reasoning), "a");
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

static void titles_of_models_are_bare(void **state)
{
	static const struct {
		const char *text, *title;
	} cases[] = {
		{"Otters", "Otters"},
		{"\"Otters and kelp\"", "Otters and kelp"},
		{"\n## **Title: \"Otters.\"**\nmore", "Otters"},
		{"title:Otters", "Otters"},
		{"\xE2\x80\x9EOtter\xE2\x80\x9C", "Otter"},
		{"\xC2\xAB Les loutres \xC2\xBB", "Les loutres"},
		{"\xE3\x80\x8A\xE6\xB0\xB4\xE7\x8D\xBA\xE3\x80\x8B", "\xE6\xB0\xB4\xE7\x8D\xBA"},
		{"Don't \"quote\" me", "Don't \"quote\" me"},
		{"\"***\"", ""},
		{"\"", ""},
		{"", ""},
		{"   \n\n", ""},
		{"\xe2\x80\xaehostile\x01 one", "hostile one"},
	};
	char title[TITLE_BYTES_MAX + 1], text[9000];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		title_of_model(cases[i].text, title);
		assert_string_equal(title, cases[i].title);
	}
	for (size_t i = 0; i + 2 < sizeof text; i += 2)
		memcpy(text + i, "\xC3\xA4", 3);
	title_of_model(text, title);
	assert_true(strlen(title) <= TITLE_BYTES_MAX);
	assert_string_equal(title + 120, "\xE2\x80\xA6");
}

int log_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_are_merged),
		cmocka_unit_test(any_event_can_be_sought),
		cmocka_unit_test(what_is_stored_comes_back),
		cmocka_unit_test(damage_is_noticed),
		cmocka_unit_test(any_mix_comes_back),
		cmocka_unit_test(items_have_the_texts_limit),
		cmocka_unit_test(text_is_cut_between_characters),
		cmocka_unit_test(bytes_without_an_end_are_cut),
		cmocka_unit_test(cursors_are_read_strictly),
		cmocka_unit_test(titles_are_cut_at_words),
		cmocka_unit_test(titles_of_models_are_bare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
