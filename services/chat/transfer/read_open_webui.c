/* Open WebUI: `chat.history.messages`, an object of messages with parents. Some versions repeat the
 * shown branch in `chat.messages`, which is read only where there is no history. */
#include "chat/transfer/reader.h"

#include <string.h>

static void add_part(struct chat_reader *reader, struct peek part)
{
	if (peek_is(peek_member(part, "type"), "text"))
		chat_reader_add_string(reader, peek_member(part, "text"));
	else if (peek_is(peek_member(part, "type"), "image_url"))
		chat_reader_add_attachment(reader, (struct peek){0});
	else if (peek_says(part))
		chat_reader_add_raw(reader, part);
}

/* Reasoning stands in the text, between tags that only its page understands. */
#define REASONING "<details type=\"reasoning\""
#define REASONING_END "</details>"

static void cut_reasoning(struct chat_reader *reader, struct node *node)
{
	const char *begin = strstr(node->text, REASONING);
	const char *end = begin ? strstr(begin, REASONING_END) : NULL;
	const char *inside = begin ? strchr(begin, '>') : NULL;
	const char *summary;

	if (!end || !inside || inside > end || begin != node->text)
		return;
	inside++;
	summary = strstr(inside, "</summary>");
	if (summary && summary < end)
		inside = summary + strlen("</summary>");
	inside += strspn(inside, " \r\n");
	if (inside > end)
		inside = end;
	node->reasoning = arena_strndup(reader->arena, inside, (size_t)(end - inside));
	end += strlen(REASONING_END);
	node->text = end + strspn(end, "\r\n");
}

static enum node_role role_of(struct peek role)
{
	if (peek_is(role, "user"))
		return NODE_USER;
	return peek_is(role, "system") ? NODE_SYSTEM : NODE_ASSISTANT;
}

static void read_message(struct chat_reader *reader, struct peek key, struct peek message,
			 const char *before)
{
	struct peek parts = peek_member(message, "content"), part;
	struct peek parent = peek_member(message, "parentId");
	struct peek files = peek_member(message, "files"), file;
	struct node *node = chat_reader_node(reader);

	node->id = chat_reader_short(reader, key.at ? key : peek_member(message, "id"),
				     SOURCE_BYTES_MAX);
	node->parent = parent.at ? chat_reader_short(reader, parent, SOURCE_BYTES_MAX) : before;
	node->role = role_of(peek_member(message, "role"));
	node->time_us = chat_reader_time(peek_member(message, "timestamp"));
	if (node->role == NODE_ASSISTANT)
		node->model = chat_reader_short(reader, peek_member(message, "model"), 100);
	if (peek_is_string(parts))
		chat_reader_add_string(reader, parts);
	else if (peek_is_array(parts))
		while (peek_next(&parts, &part))
			add_part(reader, part);
	while (peek_next(&files, &file))
		chat_reader_add_attachment(reader, peek_member(file, "name"));
	node->text = chat_reader_take(reader);
	cut_reasoning(reader, node);
}

static void read_list(struct chat_reader *reader, struct peek list)
{
	struct import_chat *chat = reader->chat;
	struct peek message;

	chat->in_order = true;
	while (peek_next(&list, &message))
		read_message(reader, (struct peek){0}, message,
			     chat->n ? chat->nodes[chat->n - 1].id : "");
}

bool read_open_webui(struct chat_reader *reader, struct peek object)
{
	struct import_chat *chat = reader->chat;
	struct peek inner = peek_member(object, "chat"), models, model, key, value;
	struct peek history = peek_member(inner, "history");
	struct peek messages = peek_member(history, "messages");

	if (!peek_is_object(messages) && !peek_is_array(peek_member(inner, "messages")))
		return false;
	chat->program = "OPEN_WEBUI";
	chat->source = chat_reader_short(reader, peek_member(object, "id"), SOURCE_BYTES_MAX);
	chat->title = chat_reader_short(reader, peek_member(object, "title"), SOURCE_BYTES_MAX);
	if (!*chat->title)
		chat->title =
			chat_reader_short(reader, peek_member(inner, "title"), SOURCE_BYTES_MAX);
	models = peek_member(inner, "models");
	if (peek_is_array(models) && peek_next(&models, &model))
		chat->model = chat_reader_short(reader, model, 100);
	chat->create_us = chat_reader_time(peek_member(object, "created_at"));
	chat->update_us = chat_reader_time(peek_member(object, "updated_at"));
	chat->pinned = chat_reader_true(peek_member(object, "pinned"));
	chat->archived = chat_reader_true(peek_member(object, "archived"));
	chat->leaf = chat_reader_short(reader, peek_member(history, "currentId"), SOURCE_BYTES_MAX);
	if (!peek_is_object(messages)) {
		read_list(reader, peek_member(inner, "messages"));
		return true;
	}
	while (peek_next_member(&messages, &key, &value))
		if (peek_is_object(value))
			read_message(reader, key, value, "");
	return true;
}
