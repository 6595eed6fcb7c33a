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

/* Reasoning and calls of tools stand in the text, between tags that only its page understands. */
#define DETAILS "<details type=\""
#define DETAILS_END "</details>"

struct details {
	const char *begin, *inside, *end, *behind;
	bool reasoning;
};

static bool begins_with(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

/* The first ones that are not to be read as text. False: there are none that end. */
static bool find_details(const char *text, struct details *ret)
{
	const char *begin, *kind, *summary;

	for (; (begin = strstr(text, DETAILS)); text = kind) {
		kind = begin + strlen(DETAILS);
		*ret = (struct details){.begin = begin,
					.reasoning = begins_with(kind, "reasoning\"")};
		if (!ret->reasoning && !begins_with(kind, "tool_calls\""))
			continue;
		ret->inside = strchr(kind, '>');
		ret->end = ret->inside ? strstr(ret->inside, DETAILS_END) : NULL;
		if (!ret->end)
			return false;
		ret->inside++;
		summary = strstr(ret->inside, "</summary>");
		if (summary && summary < ret->end)
			ret->inside = summary + strlen("</summary>");
		ret->behind = ret->end + strlen(DETAILS_END);
		return true;
	}
	return false;
}

/* Its lines are quoted. */
static void add_reasoning(struct buf *out, const char *at, const char *end)
{
	while (at < end && strchr(" \r\n", *at))
		at++;
	while (end > at && strchr(" \r\n", end[-1]))
		end--;
	if (at < end && out->len)
		buf_adds(out, "\n\n");
	while (at < end) {
		const char *line = memchr(at, '\n', (size_t)(end - at));

		line = line ? line + 1 : end;
		at += *at == '>' ? (at + 1 < line && at[1] == ' ') ? 2 : 1 : 0;
		buf_add(out, at, (size_t)(line - at));
		at = line;
	}
}

static void cut_details(struct chat_reader *reader, struct node *node)
{
	const char *text = node->text;
	struct details details;
	struct buf reasoning;

	if (!find_details(text, &details))
		return;
	buf_init(&reasoning, reader->scratch.max);
	do {
		buf_add(&reader->scratch, text, (size_t)(details.begin - text));
		if (details.reasoning)
			add_reasoning(&reasoning, details.inside, details.end);
		else
			reader->chat->hidden++;
		text = details.behind + strspn(details.behind, "\r\n");
	} while (find_details(text, &details));
	buf_adds(&reader->scratch, text);
	node->reasoning = arena_strndup(reader->arena, buf_text(&reasoning), reasoning.len);
	node->text = chat_reader_take(reader);
	buf_done(&reasoning);
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

	node->id = chat_reader_id(reader, key.at ? key : peek_member(message, "id"));
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
	cut_details(reader, node);
	if (peek_says(peek_member(message, "error")))
		node->state = "FAILED";
}

static void read_list(struct chat_reader *reader, struct peek list)
{
	struct import_chat *chat = reader->chat;
	struct peek message;

	chat->in_order = true;
	while (!reader->arena->exhausted && peek_next(&list, &message))
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
	while (!reader->arena->exhausted && peek_next_member(&messages, &key, &value))
		if (peek_is_object(value))
			read_message(reader, key, value, "");
	return true;
}
