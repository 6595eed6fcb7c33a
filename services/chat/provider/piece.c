#include "chat/provider/piece.h"

#include "runtime/base/uuid.h"
#include "runtime/json/json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define ITEM_BYTES_MAX (16u << 20)

/* Appends what the string says, with quotation marks. */
static void add_string(struct peek string, struct buf *out)
{
	_cleanup_(buf_done) struct buf text;
	struct mend mend = {0};

	buf_init(&text, ITEM_BYTES_MAX);
	if (peek_is_string(string)) {
		mend_add(&mend, string, &text);
		mend_end(&mend, &text);
	}
	json_write_text(out, buf_text(&text), text.len);
}

static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		p += *p == '\\';
	return p < end ? p + 1 : end;
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

	for (const char *p = value.at; p && p < value.end;) {
		if (*p == '"') {
			struct peek string = {p, string_end(p, value.end)};

			add_string(string, out);
			p = string.end;
		} else {
			if (!strchr(" \t\r\n", *p))
				buf_addc(out, *p);
			p++;
		}
	}
	if (!out->overflow && out->len > before && is_valid(out, before))
		return true;
	if (out->data) {
		out->len = before;
		out->data[before] = '\0';
	}
	return false;
}

static void give(struct provider_stream *stream, const struct buf *item)
{
	if (stream->on_item && !item->overflow)
		stream->on_item(stream->ctx, buf_text(item), item->len);
}

int32_t item_call(struct provider_stream *stream, int64_t at, struct peek id, struct peek name,
		  char ret_id[64])
{
	_cleanup_(buf_done) struct buf item;
	char own[UUID_SIZE], quoted[80];
	int32_t index = stream->n_places;

	stream->wants_tool = true;
	if (ret_id)
		ret_id[0] = '\0';
	if (!stream->offers_tools)
		return -1;
	stream->call_arguments = (struct mend){0};
	stream->n_places++;
	if (index < PROVIDER_CALLS_MAX)
		stream->places[index].at = (int32_t)at;
	if (!peek_is_string(id) || !peek_says(id) || id.end - id.at > 64) {
		uuid_v7(own);
		snprintf(quoted, sizeof quoted, "\"" ITEM_OWN_ID "_%s\"", own);
		id = (struct peek){quoted, quoted + strlen(quoted)};
	}
	if (ret_id)
		snprintf(ret_id, 64, "%.*s", (int)(id.end - id.at - 2), id.at + 1);
	buf_init(&item, ITEM_BYTES_MAX);
	buf_addf(&item, "{\"type\":\"tool_call\",\"index\":%d,\"id\":", (int)index);
	add_string(id, &item);
	buf_adds(&item, ",\"name\":");
	add_string(name, &item);
	buf_addc(&item, '}');
	give(stream, &item);
	return index;
}

int32_t item_call_at(const struct provider_stream *stream, int64_t at)
{
	for (int32_t i = 0; i < stream->n_places && i < PROVIDER_CALLS_MAX; i++) {
		if (stream->places[i].at == at)
			return i;
	}
	return stream->n_places - 1;
}

void item_arguments(struct provider_stream *stream, int32_t index, struct peek value)
{
	_cleanup_(buf_done) struct buf item, text;

	buf_init(&item, ITEM_BYTES_MAX);
	buf_init(&text, ITEM_BYTES_MAX);
	if (index < 0 || !value.at)
		return;
	if (peek_is_string(value))
		mend_add(&stream->call_arguments, value, &text);
	else if (!item_json(value, &text))
		buf_adds(&text, "{}");
	if (text.len == 0)
		return;
	if (index < PROVIDER_CALLS_MAX)
		stream->places[index].has_arguments = true;
	buf_addf(&item, "{\"type\":\"tool_arguments\",\"index\":%d,\"delta\":", (int)index);
	json_write_text(&item, buf_text(&text), text.len);
	buf_addc(&item, '}');
	give(stream, &item);
}

bool item_has_arguments(const struct provider_stream *stream, int32_t index)
{
	return index >= 0 && index < PROVIDER_CALLS_MAX && stream->places[index].has_arguments;
}

void item_reasoning(struct provider_stream *stream, const char *api, const char *json)
{
	_cleanup_(buf_done) struct buf item;

	buf_init(&item, ITEM_BYTES_MAX);
	buf_addf(&item, "{\"type\":\"reasoning\",\"api\":\"%s\",\"data\":", api);
	buf_adds(&item, json);
	buf_addc(&item, '}');
	give(stream, &item);
}

void item_logprobs(struct provider_stream *stream, const char *list)
{
	_cleanup_(buf_done) struct buf item;

	buf_init(&item, ITEM_BYTES_MAX);
	buf_adds(&item, "{\"type\":\"logprobs\",\"content\":");
	buf_adds(&item, list);
	buf_addc(&item, '}');
	give(stream, &item);
}

void item_citation(struct provider_stream *stream, struct peek url, struct peek title)
{
	_cleanup_(buf_done) struct buf item;

	buf_init(&item, ITEM_BYTES_MAX);
	if (!peek_is_string(url) || !peek_says(url))
		return;
	buf_adds(&item, "{\"type\":\"citation\",\"url\":");
	add_string(url, &item);
	if (peek_is_string(title) && peek_says(title)) {
		buf_adds(&item, ",\"title\":");
		add_string(title, &item);
	}
	buf_addc(&item, '}');
	give(stream, &item);
}
