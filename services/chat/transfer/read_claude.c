/* Claude: a list `chat_messages`, each with blocks of content. Older exports have no parents, so each
 * message follows the one before. */
#include "chat/transfer/reader.h"

#include <string.h>

#define NO_PARENT "00000000-0000-4000-8000-000000000000" /* of a root */

static void add_block(struct chat_reader *reader, struct peek block, struct buf *reasoning)
{
	struct peek type = peek_member(block, "type");

	if (peek_is(type, "text")) {
		chat_reader_add_string(reader, peek_member(block, "text"));
	} else if (peek_is(type, "thinking")) {
		if (reasoning->len)
			buf_adds(reasoning, "\n\n");
		buf_adds(reasoning, chat_reader_text(reader, peek_member(block, "thinking")));
	} else if (peek_is(type, "tool_use") || peek_is(type, "tool_result")) {
		reader->chat->hidden++; /* what the model and its tools said to each other */
	} else if (peek_says(block)) {
		chat_reader_add_raw(reader, block);
	}
}

static void add_files(struct chat_reader *reader, struct peek message)
{
	struct peek list = peek_member(message, "attachments"), one;

	while (peek_next(&list, &one)) {
		const char *text = chat_reader_text(reader, peek_member(one, "extracted_content"));

		chat_reader_add_attachment(reader, peek_member(one, "file_name"));
		if (*text)
			chat_reader_add_code(reader, "", text);
	}
	list = peek_member(message, "files");
	while (peek_next(&list, &one))
		chat_reader_add_attachment(reader, peek_member(one, "file_name"));
}

static void read_message(struct chat_reader *reader, struct peek message, const char *before)
{
	struct peek blocks = peek_member(message, "content"), block;
	struct peek parent = peek_member(message, "parent_message_uuid");
	struct node *node = chat_reader_node(reader);
	struct buf reasoning;

	node->id = chat_reader_id(reader, peek_member(message, "uuid"));
	node->parent = peek_is_string(parent) ? chat_reader_short(reader, parent, SOURCE_BYTES_MAX)
					      : before;
	if (strcmp(node->parent, NO_PARENT) == 0)
		node->parent = "";
	node->role = peek_is(peek_member(message, "sender"), "human") ? NODE_USER : NODE_ASSISTANT;
	node->time_us = chat_reader_time(peek_member(message, "created_at"));
	buf_init(&reasoning, reader->scratch.max);
	while (peek_next(&blocks, &block))
		add_block(reader, block, &reasoning);
	if (reader->scratch.len == 0 && reasoning.len == 0)
		chat_reader_add_string(reader, peek_member(message, "text"));
	add_files(reader, message);
	node->reasoning = arena_strndup(reader->arena, buf_text(&reasoning), reasoning.len);
	node->text = chat_reader_take(reader);
	buf_done(&reasoning);
}

bool read_claude(struct chat_reader *reader, struct peek object)
{
	struct import_chat *chat = reader->chat;
	struct peek list = peek_member(object, "chat_messages"), message;
	const char *before = "";

	if (!peek_is_array(list))
		return false;
	chat->program = "CLAUDE";
	chat->source = chat_reader_short(reader, peek_member(object, "uuid"), SOURCE_BYTES_MAX);
	chat->title = chat_reader_short(reader, peek_member(object, "name"), SOURCE_BYTES_MAX);
	chat->model = chat_reader_short(reader, peek_member(object, "model"), 100);
	chat->create_us = chat_reader_time(peek_member(object, "created_at"));
	chat->update_us = chat_reader_time(peek_member(object, "updated_at"));
	chat->pinned = chat_reader_true(peek_member(object, "is_starred"));
	chat->leaf = chat_reader_short(reader, peek_member(object, "current_leaf_message_uuid"),
				       SOURCE_BYTES_MAX);
	chat->in_order = true;
	while (!reader->arena->exhausted && peek_next(&list, &message)) {
		read_message(reader, message, before);
		if (chat->n)
			before = chat->nodes[chat->n - 1].id;
	}
	return true;
}
