/* The table of answers, cut into pieces of every kind. */
#include "../chat_test.h"
#include "answer_rows_test.h"
#include "chat/provider/answer.h"
#include "runtime/base/text.h"

#define EVENT_BYTES 200000

struct heard {
	struct buf text, thoughts, items;
};

static void hear_text(void *ctx, const char *text, size_t len)
{
	struct heard *heard = ctx;

	assert_true(text_is_utf8(text, len)); /* each piece for itself */
	buf_add(&heard->text, text, len);
}

static void hear_thought(void *ctx, const char *text, size_t len)
{
	struct heard *heard = ctx;

	assert_true(text_is_utf8(text, len));
	buf_add(&heard->thoughts, text, len);
}

static void hear_item(void *ctx, const char *json, size_t len)
{
	struct heard *heard = ctx;

	assert_true(text_is_utf8(json, len));
	assert_null(memchr(json, '\n', len));
	buf_add(&heard->items, json, len);
	buf_addc(&heard->items, '\n');
}

static void answer_begin_as(struct provider_answer *answer, struct heard *heard, const char *api)
{
	buf_init(&heard->text, 1 << 20);
	buf_init(&heard->thoughts, 1 << 20);
	buf_init(&heard->items, 1 << 20);
	answer_init(answer, provider_api_find(api), EVENT_BYTES);
	answer->stream.on_text = hear_text;
	answer->stream.on_reasoning = hear_thought;
	answer->stream.on_item = hear_item;
	answer->stream.ctx = heard;
}

static void answer_begin(struct provider_answer *answer, struct heard *heard)
{
	answer_begin_as(answer, heard, "openai");
}

static void answer_over(struct provider_answer *answer, struct heard *heard)
{
	answer_done(answer);
	buf_done(&heard->text);
	buf_done(&heard->thoughts);
	buf_done(&heard->items);
}

/* In words, as the engine takes it. */
static void outcome(const struct provider_answer *answer, enum transport transport, char out[64])
{
	const struct ending ending = answer_ending(answer, transport);
	const struct provider_stream *stream = &answer->stream;
	struct provider_fault fault = answer->fault;

	if (ending.done) {
		bool filter = stream->stop == STOP_FILTER ||
			      (stream->wrote_refusal && !stream->wrote_text);

		snprintf(out, 64, "DONE %s",
			 stream->stop == STOP_LENGTH ? "LENGTH"
			 : filter                    ? "FILTER"
			 : stream->n_calls > 0       ? "TOOLS"
						     : "STOP");
		return;
	}
	if (!answer->failed && transport == TRANSPORT_CUT)
		provider_fault_transfer(UNAVAILABLE, &fault);
	else if (!answer->failed)
		provider_fault_broken(&fault, "nothing in it can be read");
	snprintf(out, 64, "%s %s", ending.again ? "AGAIN" : "FAILED",
		 ending.reason ? ending.reason : fault.err.reason);
}

/* Items are written with ' for ", as the row's body is. */
static bool has_items(const struct item_row *row, const struct buf *items)
{
	const char *at = buf_text(items);

	if (!row->items)
		return true;
	for (const char *p = row->items; *p; p++, at++) {
		if (*at != (*p == '\'' ? '"' : *p))
			return false;
	}
	return *at == '\0';
}

static bool has_usage(const struct item_row *row, const struct provider_stream *stream)
{
	const struct usage *u = &stream->usage;
	char text[160];

	snprintf(text, sizeof text, "%ld %ld %ld %ld %ld %ld", (long)u->input,
		 (long)u->cached_input, (long)u->cache_write_5m, (long)u->cache_write_1h,
		 (long)u->output, (long)u->reasoning);
	return !row->usage || (stream->has_usage && strcmp(text, row->usage) == 0);
}

static void try_row(const struct item_row *more, size_t step)
{
	const struct answer_row *row = &more->row;
	_cleanup_(freep) char *body = answer_row_body(row);
	enum transport transport = row->end == ROW_CUT ? TRANSPORT_CUT : TRANSPORT_CLOSED;
	struct provider_answer answer;
	struct heard heard;
	char what[64];
	bool ok;

	answer_begin_as(&answer, &heard, more->api ? more->api : "openai");
	answer.stream.calls_max = more->tools ? 128 : 0;
	for (size_t at = 0; at < row->len; at += step) {
		if (!answer_feed(&answer, body + at, row->len - at < step ? row->len - at : step))
			break;
	}
	if (row->end == ROW_OPEN) { /* it is over although no end was told */
		assert_true(answer_finished(&answer));
		transport = TRANSPORT_CUT;
	}
	answer_end(&answer);
	outcome(&answer, transport, what);
	ok = strcmp(what, row->outcome) == 0 && strcmp(buf_text(&heard.text), row->text) == 0 &&
	     strcmp(buf_text(&heard.thoughts), row->thoughts) == 0 &&
	     answer_ending(&answer, transport).charged == row->charged &&
	     answer.skipped == row->odd && has_items(more, &heard.items) &&
	     has_usage(more, &answer.stream);
	if (!ok)
		fail_msg("%s, by %zu: %s '%s' thoughts '%s' charged %d odd %zu items %s usage %ld "
			 "%ld %ld %ld",
			 row->name, step, what, buf_text(&heard.text), buf_text(&heard.thoughts),
			 answer_ending(&answer, transport).charged, answer.skipped,
			 buf_text(&heard.items), (long)answer.stream.usage.input,
			 (long)answer.stream.usage.cached_input, (long)answer.stream.usage.output,
			 (long)answer.stream.usage.reasoning);
	answer_over(&answer, &heard);
}

static void every_answer_is_read(void **state)
{
	static const size_t steps[] = {1, 3, 1 << 20};

	(void)state;
	for (size_t i = 0; i < answer_rows_n; i++) {
		for (size_t s = 0; s < ARRAY_SIZE(steps); s++)
			try_row(&(struct item_row){.row = answer_rows[i]}, steps[s]);
	}
	for (size_t i = 0; i < item_rows_n; i++) {
		for (size_t s = 0; s < ARRAY_SIZE(steps); s++)
			try_row(&item_rows[i], steps[s]);
	}
}

/* An event or a whole completion that is longer than the limit is passed over. */
static void what_is_too_long_is_passed_over(void **state)
{
	static const char *const forms[][2] = {
		{"data: {\"choices\":[{\"delta\":{\"content\":\"", "\"}}]}\n\n"},
		{"{\"choices\":[{\"delta\":{\"content\":\"", "\"}}]}\n"},
	};
	static char padding[3 * EVENT_BYTES];

	(void)state;
	memset(padding, 'x', sizeof padding);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const char *const pieces[] = {forms[i][0], "a",  forms[i][1],
					      forms[i][0], NULL, forms[i][1],
					      forms[i][0], "b",  forms[i][1]};
		struct provider_answer answer;
		struct heard heard;

		answer_begin(&answer, &heard);
		for (size_t n = 0; n < ARRAY_SIZE(pieces); n++)
			assert_true(answer_feed(&answer, pieces[n] ? pieces[n] : padding,
						pieces[n] ? strlen(pieces[n]) : sizeof padding));
		answer_end(&answer);
		assert_string_equal(buf_text(&heard.text), "ab");
		assert_int_equal(answer.skipped, 1);
		assert_true(answer.sse.line.capacity <= 4 * EVENT_BYTES);
		assert_true(answer.objects.text.capacity <= 4 * EVENT_BYTES);
		answer_over(&answer, &heard);
	}
}

/* An event of a mebibyte in which there is no text: it fits the default limit. */
static void a_mebibyte_without_text_is_nothing_special(void **state)
{
	static const char begin[] = "data: {\"padding\":\"", end[] = "\",\"choices\":[]}\n\n";
	static const char text[] = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
	static char padding[1 << 20];
	const struct {
		const char *text;
		size_t len;
	} pieces[] = {{text, strlen(text)},
		      {begin, strlen(begin)},
		      {padding, sizeof padding},
		      {end, strlen(end)},
		      {text, strlen(text)}};
	struct provider_answer answer;
	struct heard heard;

	(void)state;
	memset(padding, 'x', sizeof padding);
	answer_begin(&answer, &heard);
	sse_reader_init(&answer.sse, 4 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
		assert_true(answer_feed(&answer, pieces[i].text, pieces[i].len));
	answer_end(&answer);
	assert_string_equal(buf_text(&heard.text), "aa");
	assert_int_equal(answer.skipped, 0);
	answer_over(&answer, &heard);
}

static int64_t cpu_us(size_t bytes)
{
	_cleanup_(freep) char *body = malloc(bytes);
	struct provider_answer answer;
	struct timespec from, to;
	struct heard heard;

	ensure(body);
	memset(body, '[', bytes);
	memcpy(body, "data: {\"choices\":[{\"delta\":{\"content\":", 38);
	answer_begin(&answer, &heard);
	sse_reader_init(&answer.sse, bytes);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	(void)!answer_feed(&answer, body, bytes);
	answer_end(&answer);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	answer_over(&answer, &heard);
	return (to.tv_sec - from.tv_sec) * US_PER_S + (to.tv_nsec - from.tv_nsec) / 1000;
}

static void hostile_events_take_linear_time(void **state)
{
	(void)state;
	assert_true(cpu_us(4 << 20) < 40 * (cpu_us(1 << 20) + 1000));
}

int answer_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_is_read),
		cmocka_unit_test(what_is_too_long_is_passed_over),
		cmocka_unit_test(a_mebibyte_without_text_is_nothing_special),
		cmocka_unit_test(hostile_events_take_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
