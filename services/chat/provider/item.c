#include "chat/provider/item.h"

#include "runtime/base/hash.h"
#include "runtime/base/uuid.h"
#include "runtime/json/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- JSON on one line */

static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		p += *p == '\\';
	return p < end ? p + 1 : end;
}

/* Appends what the string says, with quotation marks. */
static void add_string(struct peek string, struct buf *out)
{
	_cleanup_(buf_done) struct buf text;
	struct mend mend = {0};

	buf_init(&text, out->max);
	if (peek_is_string(string)) {
		mend_add(&mend, string, &text);
		mend_end(&mend, &text);
	}
	json_write_text(out, buf_text(&text), text.len);
	out->overflow |= text.overflow;
}

/* Appends value without white space between its members. */
static void add_line(struct peek value, bool mended, struct buf *out)
{
	for (const char *p = value.at; p && p < value.end;) {
		if (*p == '"') {
			struct peek string = {p, string_end(p, value.end)};

			if (mended)
				add_string(string, out);
			else
				buf_add(out, p, (size_t)(string.end - p));
			p = string.end;
		} else {
			if (!strchr(" \t\r\n", *p))
				buf_addc(out, *p);
			p++;
		}
	}
}

static bool is_valid(const struct buf *out, size_t from)
{
	json_t *json = json_loadb(buf_text(out) + from, out->len - from,
				  JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	json_decref(json);
	return json;
}

bool item_json(struct peek value, struct buf *out)
{
	size_t before = out->len;

	for (int mended = 0; mended < 2 && !out->overflow; mended++) {
		add_line(value, mended, out);
		if (!out->overflow && out->len > before && is_valid(out, before))
			return true;
		if (out->data) {
			out->len = before;
			out->data[before] = '\0';
		}
	}
	return false;
}

/* Gives the item that was written. */
static void give(struct provider_stream *stream)
{
	if (!stream->item.overflow && stream->on_item)
		stream->on_item(stream->ctx, buf_text(&stream->item), stream->item.len);
	buf_clear(&stream->item);
	stream->item.overflow = false;
}

/* ---------------------------------------------------------------- calls of tools */

static uint32_t hash_of(struct peek id)
{
	if (!peek_is_string(id) || !peek_says(id))
		return 0;
	return hash_fnv1a(id.at, (size_t)(id.end - id.at)) | 1;
}

/* id: a string. */
static int32_t begin(struct provider_stream *stream, int64_t place, uint32_t hash, struct peek id,
		     struct peek name)
{
	int32_t index = stream->n_calls;

	stream->wants_tool = true;
	if (index >= stream->calls_max)
		return -1;
	if (!stream->calls)
		stream->calls = calloc((size_t)stream->calls_max, sizeof *stream->calls);
	if (!stream->calls)
		return -1;
	stream->calls[stream->n_calls++] = (struct call){.place = place, .id = hash};
	buf_addf(&stream->item, "{\"type\":\"tool_call\",\"index\":%" PRId32 ",\"id\":", index);
	add_string(id, &stream->item);
	buf_adds(&stream->item, ",\"name\":");
	add_string(name, &stream->item);
	buf_addc(&stream->item, '}');
	give(stream);
	return index;
}

/* An id of our own, as a JSON string. */
static struct peek own_id(char out[ITEM_ID_SIZE])
{
	char id[UUID_SIZE];

	uuid_v7(id);
	snprintf(out, ITEM_ID_SIZE, "\"" ITEM_OWN_ID "_%s\"", id);
	return (struct peek){out, out + strlen(out)};
}

int32_t item_call(struct provider_stream *stream, int64_t place, struct peek id, struct peek name)
{
	char own[ITEM_ID_SIZE];
	uint32_t hash = hash_of(id);

	return begin(stream, place, hash, hash ? id : own_id(own), name);
}

int32_t item_call_named(struct provider_stream *stream, struct peek id, struct peek name,
			char ret_id[ITEM_ID_SIZE])
{
	char own[ITEM_ID_SIZE];

	if (!hash_of(id) || id.end - id.at > ITEM_ID_SIZE)
		id = own_id(own);
	snprintf(ret_id, ITEM_ID_SIZE, "%.*s", (int)(id.end - id.at - 2), id.at + 1);
	return begin(stream, -1, hash_of(id), id, name);
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

int32_t item_call_find(struct provider_stream *stream, int64_t place, struct peek id,
		       struct peek name)
{
	bool named = peek_is_string(name) && peek_says(name);
	int32_t index = known_call(stream, place, hash_of(id), named);

	stream->wants_tool = true;
	return index < 0 && named ? item_call(stream, place, id, name) : index;
}

int32_t item_call_at(const struct provider_stream *stream, int64_t place)
{
	for (int32_t i = stream->n_calls - 1; i >= 0; i--) {
		if (stream->calls[i].place == place)
			return i;
	}
	return -1;
}

void item_arguments(struct provider_stream *stream, int32_t index, struct peek value)
{
	struct buf *text = &stream->scratch;

	if (index < 0 || !(peek_is_string(value) || peek_is_object(value)))
		return;
	buf_clear(text);
	if (peek_is_string(value))
		mend_add(&stream->calls[index].mend, value, text);
	else if (!item_json(value, text))
		buf_adds(text, "{}");
	if (text->len == 0)
		return;
	stream->calls[index].has_arguments = true;
	buf_addf(&stream->item,
		 "{\"type\":\"tool_arguments\",\"index\":%" PRId32 ",\"delta\":", index);
	json_write_text(&stream->item, buf_text(text), text->len);
	buf_addc(&stream->item, '}');
	give(stream);
}

bool item_has_arguments(const struct provider_stream *stream, int32_t index)
{
	return index >= 0 && stream->calls[index].has_arguments;
}

/* ---------------------------------------------------------------- other items */

/* Ends the item that has begun with a JSON value. Nothing is given when it is none. */
static void give_value(struct provider_stream *stream, struct peek value)
{
	stream->item.overflow |= !item_json(value, &stream->item);
	buf_addc(&stream->item, '}');
	give(stream);
}

void item_reasoning(struct provider_stream *stream, const char *api, struct peek data)
{
	buf_addf(&stream->item, "{\"type\":\"reasoning\",\"api\":\"%s\",\"data\":", api);
	give_value(stream, data);
}

void item_logprobs(struct provider_stream *stream, struct peek list)
{
	if (!peek_is_array(list) || !peek_says(list))
		return;
	buf_adds(&stream->item, "{\"type\":\"logprobs\",\"content\":");
	give_value(stream, list);
}

void item_stop_sequence(struct provider_stream *stream, struct peek text)
{
	if (!peek_is_string(text) || !peek_says(text))
		return;
	buf_adds(&stream->item, "{\"type\":\"stop_sequence\",\"text\":");
	add_string(text, &stream->item);
	buf_addc(&stream->item, '}');
	give(stream);
}

void item_citation(struct provider_stream *stream, struct peek url, struct peek title)
{
	if (!peek_is_string(url) || !peek_says(url))
		return;
	buf_adds(&stream->item, "{\"type\":\"citation\",\"url\":");
	add_string(url, &stream->item);
	if (peek_is_string(title) && peek_says(title)) {
		buf_adds(&stream->item, ",\"title\":");
		add_string(title, &stream->item);
	}
	buf_addc(&stream->item, '}');
	give(stream);
}

/* ---------------------------------------------------------------- read again */

void item_words(const char *items, size_t len, struct buf *out)
{
	const char *end = items + len, *line_end;
	struct peek item, value;
	struct mend mend = {0};

	for (; items < end; items = line_end + 1) {
		line_end = memchr(items, '\n', (size_t)(end - items));
		if (!line_end)
			line_end = end;
		if (!peek_object(items, (size_t)(line_end - items), &item))
			continue;
		value = peek_is(peek_member(item, "type"), "tool_call") ? peek_member(item, "name")
			: peek_is(peek_member(item, "type"), "tool_arguments")
				? peek_member(item, "delta")
				: (struct peek){0};
		if (peek_is_string(value))
			mend_add(&mend, value, out);
	}
}
