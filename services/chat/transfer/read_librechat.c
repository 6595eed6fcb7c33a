/* LibreChat: a list `messages`, flat with parents or as a tree of `children`. A tree is
 * gone through once and without recursion: messages that are not read to their end wait in the arena. */
#include "chat/transfer/reader.h"

#include <string.h>

#define NO_PARENT "00000000-0000-0000-0000-000000000000"

/* A child that does not name its parent. */
struct child {
	struct child *next;
	size_t node;
};

/* A message that is not read to its end. */
struct level {
	struct level *above;
	struct child *children;
	struct peek id, parent, from_user, time, model, blocks, text, files, error;
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

/* Keeps a member of a message for its end. */
static void note(struct level *level, struct peek key, struct peek value)
{
	const struct {
		const char *name;
		struct peek *to;
	} members[] = {
		{"messageId", &level->id},   {"parentMessageId", &level->parent},
		{"createdAt", &level->time}, {"isCreatedByUser", &level->from_user},
		{"model", &level->model},    {"content", &level->blocks},
		{"text", &level->text},      {"files", &level->files},
		{"error", &level->error},
	};

	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (peek_is(key, members[i].name))
			*members[i].to = value;
}

/* The message becomes a node, the parent of its children. */
static void end_message(struct chat_reader *reader, struct level *level)
{
	struct node *node = chat_reader_node(reader);
	struct peek blocks = level->blocks, files = level->files, block, file;

	node->id = chat_reader_id(reader, level->id);
	node->parent = chat_reader_short(reader, level->parent, SOURCE_BYTES_MAX);
	if (strcmp(node->parent, NO_PARENT) == 0)
		node->parent = "";
	node->role = chat_reader_true(level->from_user) ? NODE_USER : NODE_ASSISTANT;
	node->time_us = chat_reader_time(level->time);
	node->state = chat_reader_true(level->error) ? "FAILED" : NULL;
	if (node->role == NODE_ASSISTANT)
		node->model = chat_reader_short(reader, level->model, 100);
	while (peek_next(&blocks, &block))
		add_block(reader, block, node);
	if (reader->scratch.len == 0)
		chat_reader_add_string(reader, level->text);
	while (peek_next(&files, &file))
		chat_reader_add_attachment(reader, peek_member(file, "filename"));
	node->text = chat_reader_take(reader);
	for (const struct child *child = level->children; child; child = child->next)
		reader->chat->nodes[child->node].parent = node->id;
}

/* The node that is made next is a child of a message that is still open. */
static void add_child(struct chat_reader *reader, struct level *parent)
{
	struct child *child = arena_zalloc(reader->arena, sizeof *child);

	if (!child)
		return;
	*child = (struct child){parent->children, reader->chat->n};
	parent->children = child;
}

static struct level *open_message(struct chat_reader *reader, struct level *above)
{
	struct level *level = arena_zalloc(reader->arena, sizeof *level);

	if (level)
		level->above = above;
	return level;
}

static struct level *close_message(struct chat_reader *reader, struct level *level)
{
	if (level->above && !peek_is_string(level->parent))
		add_child(reader, level->above);
	end_message(reader, level);
	return level->above;
}

/* at: the list of messages. A message ends after those in its list of children. */
static void read_messages(struct chat_reader *reader, struct peek at)
{
	bool in_list = peek_enter(&at, '[');
	struct level *level = NULL;
	struct peek key, value;

	while ((in_list || level) && !reader->arena->exhausted) {
		if (in_list && peek_enter(&at, '{')) {
			level = open_message(reader, level);
			if (!level)
				return; /* the arena says so */
			in_list = false;
		} else if (in_list && peek_pass(&at, &value)) {
			continue; /* no message */
		} else if (!in_list && peek_key(&at, &key)) {
			in_list = peek_is(key, "children") && peek_enter(&at, '[');
			if (!in_list && peek_pass(&at, &value))
				note(level, key, value);
		} else if (!peek_leave(&at)) {
			return;
		} else {
			if (!in_list)
				level = close_message(reader, level);
			in_list = !in_list;
		}
	}
}

bool read_librechat(struct chat_reader *reader, struct peek object)
{
	struct import_chat *chat = reader->chat;
	struct peek list = peek_member(object, "messages");

	if (!peek_is_array(list) || !peek_is_string(peek_member(object, "conversationId")))
		return false;
	chat->program = "LIBRECHAT";
	chat->source =
		chat_reader_short(reader, peek_member(object, "conversationId"), SOURCE_BYTES_MAX);
	chat->title = chat_reader_short(reader, peek_member(object, "title"), SOURCE_BYTES_MAX);
	chat->model = chat_reader_short(reader,
					peek_member(peek_member(object, "options"), "model"), 100);
	chat->in_order = true;
	read_messages(reader, list);
	return true;
}
