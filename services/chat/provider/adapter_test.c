/* The table of answers of Gemini and of OpenAI's Responses, cut into pieces of every kind. */
#include "adapter_test.h"
#include "../chat_test.h"
#include "chat/provider/answer.h"
#include "runtime/base/text.h"

#include <inttypes.h>
#include <jansson.h>

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
	_cleanup_(json_decrefp) json_t *item = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	struct heard *heard = ctx;

	assert_non_null(json_object_get(item, "type"));
	assert_null(memchr(json, '\n', len));
	buf_add(&heard->items, json, len);
	buf_addc(&heard->items, '\n');
}

static char *quoted(const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	ensure(copy);
	memcpy(copy, text, len);
	copy[len] = '\0';
	for (size_t i = 0; i < len; i++)
		copy[i] = copy[i] == '\'' ? '"' : copy[i];
	return copy;
}

/* In words, as the engine takes it. */
static void outcome(const struct provider_answer *answer, char out[64])
{
	const struct ending ending = answer_ending(answer, TRANSPORT_CLOSED);
	const struct provider_stream *stream = &answer->stream;
	struct provider_fault fault = answer->fault;
	bool filter = stream->stop == STOP_FILTER || (stream->wrote_refusal && !stream->wrote_text);

	if (ending.done) {
		snprintf(out, 64, "DONE %s",
			 stream->stop == STOP_LENGTH ? "LENGTH"
			 : filter                    ? "FILTER"
			 : stream->n_calls > 0       ? "TOOLS"
						     : "STOP");
		return;
	}
	if (!answer->failed)
		provider_fault_broken(&fault, "nothing in it can be read");
	snprintf(out, 64, "%s %s", ending.again ? "AGAIN" : "FAILED",
		 ending.reason ? ending.reason : fault.err.reason);
}

static void usage_words(const struct provider_stream *stream, char out[160])
{
	const struct usage *u = &stream->usage;

	out[0] = '\0';
	if (stream->has_usage)
		snprintf(out, 160,
			 "%" PRId64 "/%" PRId64 "/%" PRId64 "/%" PRId64 "/%" PRId64 "/%" PRId64
			 "/%" PRId64,
			 u->input, u->cached_input, u->cache_write_5m, u->cache_write_1h,
			 u->image_input, u->output, u->reasoning);
}

static void answer_begin(struct provider_answer *answer, const struct provider_api *api,
			 struct heard *heard)
{
	buf_init(&heard->text, 1 << 20);
	buf_init(&heard->thoughts, 1 << 20);
	buf_init(&heard->items, 1 << 20);
	answer_init(answer, api, EVENT_BYTES);
	answer->stream.on_text = hear_text;
	answer->stream.on_reasoning = hear_thought;
	answer->stream.on_item = hear_item;
	answer->stream.ctx = heard;
	answer->stream.calls_max = 128;
}

static void answer_over(struct provider_answer *answer, struct heard *heard)
{
	answer_done(answer);
	buf_done(&heard->text);
	buf_done(&heard->thoughts);
	buf_done(&heard->items);
}

static void try_row(const struct adapter_row *row, size_t step)
{
	_cleanup_(freep) char *body = quoted(row->body, row->len);
	_cleanup_(freep) char *items = quoted(row->items, strlen(row->items));
	char what[64], usage[160];
	struct provider_answer answer;
	struct heard heard;
	bool ok;

	answer_begin(&answer, row->api, &heard);
	for (size_t at = 0; at < row->len; at += step) {
		if (!answer_feed(&answer, body + at, row->len - at < step ? row->len - at : step))
			break;
	}
	answer_end(&answer);
	outcome(&answer, what);
	usage_words(&answer.stream, usage);
	ok = strcmp(what, row->outcome) == 0 && strcmp(buf_text(&heard.text), row->text) == 0 &&
	     strcmp(buf_text(&heard.thoughts), row->thoughts) == 0 &&
	     strcmp(buf_text(&heard.items), items) == 0 && strcmp(usage, row->usage) == 0 &&
	     answer_ending(&answer, TRANSPORT_CLOSED).charged == row->charged;
	if (!ok)
		fail_msg("%s %s, by %zu: %s '%s' thoughts '%s' usage %s charged %d items\n%s",
			 row->api->name, row->name, step, what, buf_text(&heard.text),
			 buf_text(&heard.thoughts), usage,
			 answer_ending(&answer, TRANSPORT_CLOSED).charged, buf_text(&heard.items));
	answer_over(&answer, &heard);
}

static void each_adapter_reads_its_answers(void **state)
{
	static const size_t steps[] = {1, 3, 1 << 20};

	(void)state;
	for (size_t i = 0; i < adapter_rows_n; i++) {
		for (size_t s = 0; s < ARRAY_SIZE(steps); s++)
			try_row(&adapter_rows[i], steps[s]);
	}
}

/* Any answer, cut anywhere, is read without harm, and what was said so far is kept. */
static void each_adapter_survives_a_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < adapter_rows_n; i++) {
		const struct adapter_row *row = &adapter_rows[i];
		_cleanup_(freep) char *body = quoted(row->body, row->len);

		for (size_t len = 0; len < row->len; len += 5) {
			struct provider_answer answer;
			struct heard heard;

			answer_begin(&answer, row->api, &heard);
			(void)!answer_feed(&answer, body, len);
			answer_end(&answer);
			(void)answer_ending(&answer, TRANSPORT_CUT);
			answer_over(&answer, &heard);
		}
	}
}

/* api.tool_calls_max. */
static void calls_beyond_the_limit_are_passed_over(void **state)
{
	char text[200];

	(void)state;
	for (int max = 0; max <= 4; max++) {
		struct provider_answer answer;
		struct heard heard;

		answer_begin(&answer, provider_api_find("openai"), &heard);
		answer.stream.calls_max = max;
		for (int i = 0; i < 3; i++) {
			snprintf(text, sizeof text,
				 "data: "
				 "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":"
				 "%d,"
				 "\"id\":\"c%d\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}"
				 "}]}}]}\n\n",
				 i, i);
			assert_true(answer_feed(&answer, text, strlen(text)));
		}
		answer_end(&answer);
		assert_int_equal(answer.stream.n_calls, max < 3 ? max : 3);
		assert_int_equal(strstr(buf_text(&heard.items), "c2") != NULL, max >= 3);
		answer_over(&answer, &heard);
	}
}

/* A model without calls with ids gets some, each another one. */
static void calls_without_ids_get_some(void **state)
{
	static const char body[] =
		"data: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"f\"}"
		",\"thoughtSignature\":\"Ev\"},{\"functionCall\":{\"name\":\"f\"}}]},"
		"\"finishReason\":\"STOP\"}]}\r\n\r\n";
	const char *first, *second, *signature;
	struct provider_answer answer;
	struct heard heard;

	(void)state;
	answer_begin(&answer, provider_api_find("gemini"), &heard);
	(void)!answer_feed(&answer, body, sizeof body - 1);
	answer_end(&answer);
	first = strstr(buf_text(&heard.items), "\"id\":\"call_own_");
	assert_non_null(first);
	signature = strstr(first, "\"on\":\"call_own_");
	assert_non_null(signature);
	second = strstr(signature, "\"id\":\"call_own_");
	assert_non_null(second);
	assert_memory_equal(first + 6, signature + 6, strlen("call_own_") + UUID_SIZE - 1);
	assert_memory_not_equal(first, second, 14 + UUID_SIZE - 1);
	answer_over(&answer, &heard);
}

int adapter_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_adapter_reads_its_answers),
		cmocka_unit_test(each_adapter_survives_a_cut),
		cmocka_unit_test(calls_beyond_the_limit_are_passed_over),
		cmocka_unit_test(calls_without_ids_get_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
