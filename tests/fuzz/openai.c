/* An answer of a provider through OpenAI's adapter. However the bytes are cut, text, thoughts and
 * ending are the same and are UTF-8. The first byte says how they are cut. */
#include "tests/fuzz/fuzz.h"

#include "chat/provider/answer.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <string.h>

#define EVENT_BYTES 16384

struct result {
	struct buf text, thoughts;
	struct ending cut, closed;
	struct provider_stream stream; /* only its facts */
	size_t skipped;
};

static void hear_text(void *ctx, const char *text, size_t len)
{
	struct result *result = ctx;

	ensure(len > 0 && text_is_utf8(text, len));
	ensure(buf_add(&result->text, text, len));
}

static void hear_thought(void *ctx, const char *text, size_t len)
{
	struct result *result = ctx;

	ensure(len > 0 && text_is_utf8(text, len));
	ensure(buf_add(&result->thoughts, text, len));
}

static void read_all(const uint8_t *data, size_t len, size_t step, struct result *result)
{
	struct provider_answer answer;

	memset(result, 0, sizeof *result);
	buf_init(&result->text, SIZE_MAX / 2);
	buf_init(&result->thoughts, SIZE_MAX / 2);
	answer_init(&answer, &provider_openai, EVENT_BYTES);
	answer.stream.on_text = hear_text;
	answer.stream.on_reasoning = hear_thought;
	answer.stream.ctx = result;
	for (size_t at = 0; at < len; at += step) {
		if (!answer_feed(&answer, data + at, len - at < step ? len - at : step))
			break;
	}
	answer_end(&answer);
	result->cut = answer_ending(&answer, TRANSPORT_CUT);
	result->closed = answer_ending(&answer, TRANSPORT_CLOSED);
	result->stream = answer.stream;
	result->skipped = answer.skipped;
	ensure(!answer.failed || answer.fault.err.code != OK);
	ensure(answer.sse.line.capacity <= 4 * EVENT_BYTES);
	ensure(answer.objects.text.capacity <= 4 * EVENT_BYTES);
	answer_done(&answer);
}

static void ensure_same_ending(const struct ending *a, const struct ending *b)
{
	ensure(a->done == b->done && a->charged == b->charged && a->again == b->again);
	ensure(!a->reason == !b->reason && (!a->reason || strcmp(a->reason, b->reason) == 0));
	ensure(!(a->again && a->charged) && !(a->done && a->reason));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct result whole, pieces;

	if (len == 0)
		return 0;
	read_all(data + 1, len - 1, len, &whole);
	read_all(data + 1, len - 1, 1 + data[0] % 16, &pieces);
	ensure(strcmp(buf_text(&whole.text), buf_text(&pieces.text)) == 0);
	ensure(strcmp(buf_text(&whole.thoughts), buf_text(&pieces.thoughts)) == 0);
	ensure_same_ending(&whole.cut, &pieces.cut);
	ensure_same_ending(&whole.closed, &pieces.closed);
	ensure(whole.stream.stop == pieces.stream.stop && whole.skipped == pieces.skipped);
	ensure(whole.stream.usage.input == pieces.stream.usage.input &&
	       whole.stream.usage.output == pieces.stream.usage.output);
	buf_done(&whole.text);
	buf_done(&whole.thoughts);
	buf_done(&pieces.text);
	buf_done(&pieces.thoughts);
	return 0;
}
