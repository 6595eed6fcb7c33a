#include "chat/provider/details.h"

#include "chat/provider/item.h"
#include "chat/provider/openai.h"

#include <jansson.h>
#include <string.h>

struct details {
	json_t *list;       /* blocks that are complete */
	json_t *open;       /* the one that may go on; NULL: none */
	const char *member; /* of its text */
	size_t bytes;
};

/* The member that comes in pieces; NULL: blocks of this type come whole. */
static const char *text_member(const json_t *block)
{
	const char *type = json_string_value(json_object_get(block, "type"));

	if (type && strcmp(type, "reasoning.text") == 0)
		return "text";
	return type && strcmp(type, "reasoning.summary") == 0 ? "summary" : NULL;
}

static bool same(const json_t *a, const json_t *b, const char *name)
{
	const json_t *x = json_object_get(a, name), *y = json_object_get(b, name);

	return (!x && !y) || json_equal(x, y);
}

/* What one has and the other has not. A null says nothing. */
static void add_members(json_t *to, const json_t *from)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)from, name, value)
	{
		const json_t *has = json_object_get(to, name);

		if (!has || json_is_null(has))
			json_object_set(to, name, value);
	}
}

static void close_block(struct provider_stream *stream, struct details *details)
{
	if (!details->open)
		return;
	if (stream->block.len > 0)
		json_object_set_new(details->open, details->member,
				    json_stringn(buf_text(&stream->block), stream->block.len));
	json_array_append_new(details->list, details->open);
	details->open = NULL;
	buf_clear(&stream->block);
}

/* Moves the text of a piece into the buffer of the open block. */
static void add_text(struct provider_stream *stream, const struct details *details, json_t *piece)
{
	const json_t *text = json_object_get(piece, details->member);

	buf_add(&stream->block, json_string_value(text) ? json_string_value(text) : "",
		json_string_length(text));
	json_object_del(piece, details->member);
}

/* Takes block. */
static void add(struct provider_stream *stream, struct details *details, json_t *block)
{
	const char *member = text_member(block);
	bool goes_on = member && details->open && same(details->open, block, "type") &&
		       same(details->open, block, "index");

	if (!goes_on)
		close_block(stream, details);
	if (!member) {
		json_array_append_new(details->list, block);
		return;
	}
	details->member = member;
	add_text(stream, details, block);
	if (goes_on) {
		add_members(details->open, block);
		json_decref(block);
	} else {
		details->open = block;
	}
}

void details_add(struct provider_stream *stream, struct peek detail)
{
	struct buf *text = &stream->scratch;
	struct details *details;
	json_t *block;

	if (!stream->details)
		stream->details = calloc(1, sizeof *stream->details);
	details = stream->details;
	buf_clear(text);
	if (!details || !peek_is_object(detail) || !item_json(detail, text))
		return;
	details->bytes += text->len;
	if (details->bytes > stream->block.max) /* an item that would not fit anyway */
		return;
	block = json_loadb(buf_text(text), text->len, JSON_ALLOW_NUL, NULL);
	if (!details->list)
		details->list = json_array();
	if (block && details->list)
		add(stream, details, block);
	else
		json_decref(block);
}

void details_end(struct provider_stream *stream)
{
	struct details *details = stream->details;
	char *dump;

	if (!details)
		return;
	close_block(stream, details);
	dump = details->bytes <= stream->block.max ? json_dumps(details->list, JSON_COMPACT) : NULL;
	if (dump && json_array_size(details->list) > 0)
		item_reasoning(stream, OPENAI_API, (struct peek){dump, dump + strlen(dump)});
	free(dump);
	details_free(details);
	stream->details = NULL;
}

void details_free(struct details *details)
{
	if (!details)
		return;
	json_decref(details->list);
	json_decref(details->open);
	free(details);
}
