/* OpenAI's embeddings: answers. Events come when all vectors are there; each item is written by
 * itself, so that a large answer is never in memory a second time. */
#include "chat/api/embeddings.h"

#include "chat/api/parameters.h"
#include "chat/api/writing.h"
#include "chat/provider/embeddings.h"
#include "runtime/base/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Nine digits say each float32 exactly. Vectors have numbers below 1: those are written without
 * printf, which would keep the engine for too long. */
static void add_number(float value, struct buf *out)
{
	double size = fabs((double)value), scale = 1e9;
	char text[32], *p = text + sizeof text;
	int digits = 9;
	uint64_t n;

	if (!isfinite(value) || size >= 1 || size < 1e-6) {
		buf_addf(out, "%.9g", isfinite(value) ? (double)value : 0);
		return;
	}
	for (; size * scale < 1e8; scale *= 10)
		digits++;
	for (n = (uint64_t)(size * scale + 0.5); n % 10 == 0; n /= 10)
		digits--;
	for (; digits > 0; digits--, n /= 10)
		*--p = (char)('0' + n % 10);
	*--p = '.';
	*--p = '0';
	if (value < 0)
		*--p = '-';
	buf_add(out, p, (size_t)(text + sizeof text - p));
}

static void add_numbers(struct peek string, struct buf *out)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 2 * EMBEDDINGS_BYTES_MAX);
	size_t len = 0;
	const uint8_t *bytes =
		base64_decode(arena, string.at + 1, (size_t)(string.end - string.at) - 2, &len);

	buf_addc(out, '[');
	for (size_t i = 0; bytes && i + 3 < len; i += 4) {
		uint32_t bits = (uint32_t)bytes[i] | (uint32_t)bytes[i + 1] << 8 |
				(uint32_t)bytes[i + 2] << 16 | (uint32_t)bytes[i + 3] << 24;
		float value;

		memcpy(&value, &bits, sizeof value);
		if (i > 0)
			buf_addc(out, ',');
		add_number(value, out);
	}
	buf_addc(out, ']');
}

static bool is_vector(struct peek string)
{
	return peek_is_string(string) &&
	       is_base64(string.at + 1, (size_t)(string.end - string.at) - 2);
}

static void begin(struct api_writer *writer, struct buf *out)
{
	if (!writer->begun)
		buf_adds(out, "{\"object\":\"list\",\"data\":[");
	writer->begun = true;
}

/* The vectors of one item, behind those of the items before. */
static void write_item(struct api_writer *writer, const Chat__V1__Item *item, struct buf *out)
{
	struct peek object, list, vector;

	if (!peek_object((const char *)item->json.data, item->json.len, &object) ||
	    !peek_is(peek_member(object, "type"), "embeddings"))
		return;
	begin(writer, out);
	list = peek_member(object, "data");
	for (; peek_next(&list, &vector) && is_vector(vector); writer->sequence++) {
		buf_addf(out, "%s{\"object\":\"embedding\",\"index\":%" PRId64 ",\"embedding\":",
			 writer->sequence > 0 ? "," : "", writer->sequence);
		if (writer->floats)
			add_numbers(vector, out);
		else
			buf_add(out, vector.at, (size_t)(vector.end - vector.at));
		buf_addc(out, '}');
		writer->shown = true;
	}
}

static void write_end(struct api_writer *writer, struct buf *out)
{
	const Chat__V1__Usage *usage = &writer->usage;

	begin(writer, out);
	buf_adds(out, "],\"model\":");
	add_buf(out, &writer->model);
	buf_addf(out, ",\"usage\":{\"prompt_tokens\":%" PRId32 ",\"total_tokens\":%" PRId32 "}}",
		 usage->prompt_tokens, usage->prompt_tokens);
}

static bool embeddings_write(struct api_writer *writer, const Chat__V1__GenerationEvent *event,
			     struct buf *out)
{
	switch (event->event_case) {
	case CHAT__V1__GENERATION_EVENT__EVENT_RESET:
		return !writer->begun && writer_reset(writer);
	case CHAT__V1__GENERATION_EVENT__EVENT_ITEM:
		write_item(writer, event->item, out);
		break;
	case CHAT__V1__GENERATION_EVENT__EVENT_USAGE:
		writer->usage = *event->usage;
		break;
	case CHAT__V1__GENERATION_EVENT__EVENT_DONE:
		if (!writer->ended)
			write_end(writer, out);
		writer->ended = true;
		break;
	default:
		break;
	}
	return true;
}

/* The gateway writes errors of this format. */
static bool embeddings_write_failure(_unused_ struct api_writer *writer,
				     _unused_ const struct error *err, _unused_ struct buf *out)
{
	return false;
}

const struct api_dialect dialect_embeddings = {
	.name = "embeddings",
	.route = "/v1/embeddings",
	.embeds = true,
	.read = embeddings_read,
	.writer_new = writer_new,
	.write = embeddings_write,
	.write_failure = embeddings_write_failure,
	.writer_free = writer_free,
};
