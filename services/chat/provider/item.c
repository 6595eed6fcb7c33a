/* Items of an answer beside its text: one JSON object on one line each. */
#include "chat/provider/provider.h"
#include "runtime/base/hash.h"
#include "runtime/base/uuid.h"
#include "runtime/json/json.h"

#include <inttypes.h>
#include <string.h>

/* Length of the UTF-8 sequence at p, 0 when there is none. */
static size_t sequence(const unsigned char *p, const unsigned char *end)
{
	size_t n = *p < 0x80 ? 1 : *p >= 0xC2 && *p < 0xE0 ? 2 : *p >= 0xE0 && *p < 0xF0 ? 3 : 4;

	if (*p >= 0x80 && (*p < 0xC2 || *p > 0xF4))
		return 0;
	if ((size_t)(end - p) < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	}
	if ((*p == 0xE0 && p[1] < 0xA0) || (*p == 0xED && p[1] > 0x9F) ||
	    (*p == 0xF0 && p[1] < 0x90) || (*p == 0xF4 && p[1] > 0x8F))
		return 0;
	return n;
}

void provider_json_line(struct buf *out, struct peek value)
{
	const unsigned char *p = (const unsigned char *)value.at;
	const unsigned char *end = (const unsigned char *)value.end;
	bool in_string = false;

	while (p && p < end) {
		size_t n = sequence(p, end);

		if (n == 0) {
			buf_adds(out, "\xEF\xBF\xBD");
			n = 1;
		} else if (*p < 0x20 && in_string) {
			buf_addf(out, "\\u%04x", *p);
		} else if (in_string && *p == '\\' && p + 1 < end && p[1] < 0x80 && p[1] >= 0x20) {
			n = 2;
			buf_add(out, p, n);
		} else if (in_string || (*p > 0x20)) {
			buf_add(out, p, n);
			in_string ^= *p == '"';
		}
		p += n;
	}
}

/* Gives the item that was written. */
static void give(struct provider_stream *stream)
{
	if (!stream->item.overflow && stream->on_item)
		stream->on_item(stream->ctx, buf_text(&stream->item), stream->item.len);
	buf_clear(&stream->item);
}

/* A string as JSON, repaired. */
static void add_string(struct provider_stream *stream, struct mend *mend, struct peek string)
{
	buf_clear(&stream->scratch);
	mend_add(mend, string, &stream->scratch);
	json_write_text(&stream->item, buf_text(&stream->scratch), stream->scratch.len);
}

int32_t provider_call_begin(struct provider_stream *stream, struct peek id, struct peek name)
{
	int32_t index = stream->n_calls;
	struct mend whole = {0};
	char made[UUID_SIZE];

	stream->wants_tool = true;
	if (!stream->offers_tools)
		return -1;
	stream->n_calls++;
	stream->arguments = (struct mend){0};
	buf_clear(&stream->item);
	buf_addf(&stream->item, "{\"type\":\"tool_call\",\"index\":%" PRId32 ",\"id\":", index);
	if (peek_is_string(id) && peek_says(id)) {
		add_string(stream, &whole, id);
	} else {
		uuid_v4(made);
		buf_addf(&stream->item, "\"call_%s\"", made);
	}
	whole = (struct mend){0};
	buf_adds(&stream->item, ",\"name\":");
	add_string(stream, &whole, name);
	buf_addc(&stream->item, '}');
	give(stream);
	return index;
}

static uint32_t hash_of(struct peek id)
{
	if (!peek_is_string(id) || !peek_says(id))
		return 0;
	return hash_fnv1a(id.at, (size_t)(id.end - id.at)) | 1;
}

/* The newest call with this name or place; -1: none. */
static int32_t known_call(const struct provider_stream *stream, int64_t place, uint32_t id,
			  bool named)
{
	for (int32_t i = stream->n_calls - 1; i >= 0; i--) {
		const struct call *call = &stream->calls[i];

		if (id && call->id == id)
			return i;
		if (place >= 0 && call->place == place && !(id && call->id && named))
			return i;
	}
	/* A piece that says nothing of its call goes on with the last one. */
	return place < 0 && !id && !named ? stream->n_calls - 1 : -1;
}

int32_t provider_call_find(struct provider_stream *stream, int64_t place, struct peek id,
			   struct peek name)
{
	bool named = peek_is_string(name) && peek_says(name);
	uint32_t hash = hash_of(id);
	int32_t index;

	stream->wants_tool = true;
	if (!stream->offers_tools)
		return -1;
	index = known_call(stream, place, hash, named);
	if (index >= 0 || !named || stream->n_calls == CALLS_MAX)
		return index;
	if (!stream->calls)
		stream->calls = calloc(CALLS_MAX, sizeof *stream->calls);
	if (!stream->calls)
		return -1;
	stream->calls[stream->n_calls] = (struct call){place, hash};
	return provider_call_begin(stream, id, name);
}

void provider_call_arguments(struct provider_stream *stream, int32_t index, struct peek piece)
{
	struct mend *mend = &stream->arguments;

	if (index < 0 || !piece.at || piece.end - piece.at <= 2)
		return;
	buf_clear(&stream->item);
	buf_addf(&stream->item,
		 "{\"type\":\"tool_arguments\",\"index\":%" PRId32 ",\"delta\":", index);
	if (peek_is_string(piece)) {
		add_string(stream, mend, piece);
	} else {
		buf_clear(&stream->scratch);
		provider_json_line(&stream->scratch, piece);
		json_write_text(&stream->item, buf_text(&stream->scratch), stream->scratch.len);
	}
	buf_addc(&stream->item, '}');
	give(stream);
}

void provider_reasoning_item(struct provider_stream *stream, const char *api, struct peek data)
{
	if (!data.at)
		return;
	stream->wrote_thought = true;
	buf_clear(&stream->item);
	buf_addf(&stream->item, "{\"type\":\"reasoning\",\"api\":\"%s\",\"data\":", api);
	provider_json_line(&stream->item, data);
	buf_addc(&stream->item, '}');
	give(stream);
}

void provider_item(struct provider_stream *stream, const char *type, const char *name,
		   struct peek value)
{
	if (!value.at)
		return;
	buf_clear(&stream->item);
	buf_addf(&stream->item, "{\"type\":\"%s\",\"%s\":", type, name);
	provider_json_line(&stream->item, value);
	buf_addc(&stream->item, '}');
	give(stream);
}
