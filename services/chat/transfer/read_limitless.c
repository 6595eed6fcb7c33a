/* Our own export (export_json.c). What it says is checked as strictly as any file: people edit them. */
#include "chat/provider/item.h"
#include "chat/transfer/format.h"
#include "chat/transfer/reader.h"
#include "runtime/base/uuid.h"

#include <string.h>

#define ITEMS_BYTES_MAX (1 << 20) /* of a message, as its column has it */

static enum node_role role_of(struct peek role)
{
	if (peek_is(role, "USER"))
		return NODE_USER;
	return peek_is(role, "SYSTEM") ? NODE_SYSTEM : NODE_ASSISTANT;
}

static const char *state_of(struct peek state)
{
	if (peek_is(state, "FAILED"))
		return "FAILED";
	return peek_is(state, "CANCELLED") || peek_is(state, "RUNNING") ? "CANCELLED" : "DONE";
}

/* One JSON object a line. */
static void read_items(struct chat_reader *reader, struct peek list, struct node *node)
{
	struct import_chat *chat = reader->chat;
	struct peek item;

	while (peek_next(&list, &item)) {
		size_t len = reader->scratch.len;

		bool fits = peek_is_object(item) &&
			    len + (size_t)(item.end - item.at) < ITEMS_BYTES_MAX &&
			    item_json(item, &reader->scratch) &&
			    reader->scratch.len < ITEMS_BYTES_MAX;

		if (!fits) {
			chat->unknown++;
			if (reader->scratch.data)
				reader->scratch.data[reader->scratch.len = len] = '\0';
			continue;
		}
		buf_addc(&reader->scratch, '\n');
	}
	node->items = chat_reader_take(reader);
}

static void read_message(struct chat_reader *reader, struct peek message)
{
	struct node *node = chat_reader_node(reader);

	node->id = chat_reader_short(reader, peek_member(message, "id"), SOURCE_BYTES_MAX);
	node->parent = chat_reader_short(reader, peek_member(message, "parent"), SOURCE_BYTES_MAX);
	node->role = role_of(peek_member(message, "role"));
	node->state = state_of(peek_member(message, "state"));
	node->text = chat_reader_text(reader, peek_member(message, "text"));
	node->reasoning = chat_reader_text(reader, peek_member(message, "reasoning"));
	node->model = chat_reader_short(reader, peek_member(message, "model"), 100);
	node->time_us = chat_reader_time(peek_member(message, "createTime"));
	read_items(reader, peek_member(message, "items"), node);
}

bool read_limitless(struct chat_reader *reader, struct peek object)
{
	struct import_chat *chat = reader->chat;
	struct peek list = peek_member(object, "messages"), message;

	if (!peek_is(peek_member(object, "format"), TRANSFER_FORMAT) || !peek_is_array(list))
		return false;
	chat->program = "LIMITLESS";
	chat->source = chat_reader_short(reader, peek_member(object, "id"), SOURCE_BYTES_MAX);
	chat->title = chat_reader_short(reader, peek_member(object, "title"), SOURCE_BYTES_MAX);
	chat->model = chat_reader_short(reader, peek_member(object, "model"), 100);
	chat->project = chat_reader_short(reader, peek_member(object, "project"), UUID_SIZE - 1);
	chat->create_us = chat_reader_time(peek_member(object, "createTime"));
	chat->update_us = chat_reader_time(peek_member(object, "updateTime"));
	chat->pinned = chat_reader_true(peek_member(object, "pinned"));
	chat->archived = chat_reader_true(peek_member(object, "archived"));
	chat->leaf = chat_reader_short(reader, peek_member(object, "leaf"), SOURCE_BYTES_MAX);
	chat->in_order = true;
	while (!reader->arena->exhausted && peek_next(&list, &message))
		if (peek_is_object(message))
			read_message(reader, message);
	return true;
}
