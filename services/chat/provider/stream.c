/* Pieces of an answer on their way from the adapter to the sinks. */
#include "chat/provider/details.h"

#include <string.h>

void provider_stream_done(struct provider_stream *stream)
{
	buf_done(&stream->scratch);
	buf_done(&stream->item);
	buf_done(&stream->block);
	free(stream->calls);
	details_free(stream->details);
}

static bool is_blank(const char *text, size_t len)
{
	return strspn(text, " \t\r\n") >= len;
}

static void give(void *ctx, bool thought, const char *text, size_t len)
{
	struct provider_stream *stream = ctx;

	if (thought) {
		stream->wrote_thought = true;
		stream->on_reasoning(stream->ctx, text, len);
		return;
	}
	stream->wrote_text |= !is_blank(text, len);
	stream->on_text(stream->ctx, text, len);
}

static void give_scratch(struct provider_stream *stream, enum part part)
{
	const char *text = buf_text(&stream->scratch);
	size_t len = stream->scratch.len;

	if (len == 0)
		return;
	if (part == PART_TEXT) {
		think_add(&stream->think, text, len, give, stream);
	} else if (part == PART_THOUGHT) {
		give(stream, true, text, len);
	} else {
		stream->wrote_refusal = true;
		stream->on_text(stream->ctx, text, len);
	}
}

void provider_stream_add(struct provider_stream *stream, enum part part, struct peek string)
{
	buf_clear(&stream->scratch);
	mend_add(part == PART_THOUGHT ? &stream->thought : &stream->text, string, &stream->scratch);
	give_scratch(stream, part);
}

void provider_stream_end(struct provider_stream *stream)
{
	buf_clear(&stream->scratch);
	mend_end(&stream->thought, &stream->scratch);
	give_scratch(stream, PART_THOUGHT);
	buf_clear(&stream->scratch);
	mend_end(&stream->text, &stream->scratch);
	give_scratch(stream, PART_TEXT);
	think_end(&stream->think, give, stream);
	details_end(stream);
}
