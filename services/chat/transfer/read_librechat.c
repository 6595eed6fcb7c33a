/* LibreChat: a list `messages`, flat with parents or as a tree of `children`. The tree is read without
 * recursion: a child's list waits on a stack in the arena. */
#include "chat/transfer/reader.h"

#include <string.h>

#define NO_PARENT "00000000-0000-0000-0000-000000000000"

struct level {
	struct level *above;
	struct peek list;
	const char *parent; /* of its messages, where they do not say it */
};

static void add_block(struct chat_reader *reader, struct peek block, struct node *node)
{
	struct peek type = peek_member(block, "type"), text = peek_member(block, "text");

	if (peek_is_object(text)) /* as OpenAI's assistants have it */
		text = peek_member(text, "value");
	if (peek_is(type, "text"))
		chat_reader_add_string(reader, text);
	else if (peek_is(type, "think"))
		node->reasoning = chat_reader_text(reader, peek_member(block, "think"));
	else if (peek_is(type, "tool_call"))
		reader->chat->hidden++;
	else if (peek_is(type, "image_file") || peek_is(type, "image_url"))
		chat_reader_add_attachment(
			reader, peek_member(peek_member(block, "image_file"), "filename"));
	else if (peek_says(block))
		chat_reader_add_raw(reader, block);
}

static const char *read_message(struct chat_reader *reader, struct peek message,
				const char *parent_above)
{
	struct peek blocks = peek_member(message, "content"), block;
	struct peek parent = peek_member(message, "parentMessageId");
	struct peek files = peek_member(message, "files"), file;
	struct node *node = chat_reader_node(reader);

	node->id = chat_reader_short(reader, peek_member(message, "messageId"), SOURCE_BYTES_MAX);
	node->parent = peek_is_string(parent) ? chat_reader_short(reader, parent, SOURCE_BYTES_MAX)
					      : parent_above;
	if (strcmp(node->parent, NO_PARENT) == 0)
		node->parent = "";
	node->role = chat_reader_true(peek_member(message, "isCreatedByUser")) ? NODE_USER
									       : NODE_ASSISTANT;
	node->time_us = chat_reader_time(peek_member(message, "createdAt"));
	if (node->role == NODE_ASSISTANT)
		node->model = chat_reader_short(reader, peek_member(message, "model"), 100);
	while (peek_next(&blocks, &block))
		add_block(reader, block, node);
	if (reader->scratch.len == 0)
		chat_reader_add_string(reader, peek_member(message, "text"));
	while (peek_next(&files, &file))
		chat_reader_add_attachment(reader, peek_member(file, "filename"));
	node->text = chat_reader_take(reader);
	return node->id;
}

/* The list that is read next: that of the message's children, if it has any. */
static struct level *below(struct chat_reader *reader, struct level *level, struct peek message,
			   const char *id)
{
	struct peek children = peek_member(message, "children");
	struct level *next;

	if (!peek_is_array(children))
		return level;
	next = arena_zalloc(reader->arena, sizeof *next);
	if (!next)
		return level;
	*next = (struct level){level, children, id};
	return next;
}

bool read_librechat(struct chat_reader *reader, struct peek object)
{
	struct import_chat *chat = reader->chat;
	struct level first = {.list = peek_member(object, "messages"), .parent = ""};
	struct level *level = &first;
	struct peek message;

	if (!peek_is_array(first.list) || !peek_is_string(peek_member(object, "conversationId")))
		return false;
	chat->program = "LIBRECHAT";
	chat->source =
		chat_reader_short(reader, peek_member(object, "conversationId"), SOURCE_BYTES_MAX);
	chat->title = chat_reader_short(reader, peek_member(object, "title"), SOURCE_BYTES_MAX);
	chat->model = chat_reader_short(reader,
					peek_member(peek_member(object, "options"), "model"), 100);
	chat->in_order = true;
	while (level) {
		if (!peek_next(&level->list, &message)) {
			level = level->above;
			continue;
		}
		if (peek_is_object(message))
			level = below(reader, level, message,
				      read_message(reader, message, level->parent));
	}
	return true;
}
