/* ChatGPT: an object `mapping` of nodes, each with a message that may be null. */
#include "chat/transfer/reader.h"

#include <string.h>

#define ID_BYTES_MAX 100

/* The author and the kind of a message. */
struct message {
	struct peek author, content, metadata;
	char role[16], type[32];
};

/* Searches look like code, but are not to be read. */
static bool is_search(struct peek recipient)
{
	static const char *const names[] = {"web", "browser", "myfiles_browser", "file_search"};
	size_t len = (size_t)(recipient.end - recipient.at) - 2;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t n = strlen(names[i]);

		if (len >= n && memcmp(recipient.at + 1, names[i], n) == 0 &&
		    (len == n || recipient.at[1 + n] == '.'))
			return true;
	}
	return false;
}

static bool is_hidden(const struct message *message, struct peek whole)
{
	struct peek recipient = peek_member(whole, "recipient");

	if (chat_reader_true(
		    peek_member(message->metadata, "is_visually_hidden_from_conversation")))
		return true;
	if (strcmp(message->role, "system") == 0)
		return true;
	/* What the model asks of a tool, unless it is a program that it runs. */
	return strcmp(message->role, "assistant") == 0 && peek_is_string(recipient) &&
	       !peek_is(recipient, "all") &&
	       (strcmp(message->type, "code") != 0 || is_search(recipient));
}

static void copy_word(struct peek value, char *to, size_t size)
{
	size_t len = peek_is_string(value) ? (size_t)(value.end - value.at) - 2 : 0;

	if (len >= size)
		len = 0;
	if (len)
		memcpy(to, value.at + 1, len);
	to[len] = '\0';
}

/* ---------------------------------------------------------------- content */

static void add_part(struct chat_reader *reader, struct peek part)
{
	struct peek type = peek_member(part, "content_type");

	if (peek_is_string(part))
		chat_reader_add_string(reader, part);
	else if (peek_is(type, "image_asset_pointer") || peek_is(type, "audio_asset_pointer") ||
		 peek_is(type, "video_container_asset_pointer") ||
		 peek_is(type, "real_time_user_audio_video_asset_pointer"))
		chat_reader_add_attachment(reader, peek_member(part, "asset_pointer"));
	else if (peek_is_string(peek_member(part, "text")))
		chat_reader_add_string(reader, peek_member(part, "text"));
	else if (peek_says(part))
		chat_reader_add_raw(reader, part);
}

static void add_parts(struct chat_reader *reader, struct peek content)
{
	struct peek parts = peek_member(content, "parts"), part;

	while (peek_next(&parts, &part))
		add_part(reader, part);
	if (!peek_is_array(peek_member(content, "parts")))
		chat_reader_add_string(reader, peek_member(content, "text"));
}

static void add_named(struct chat_reader *reader, struct peek content, const char *const *names)
{
	for (; *names; names++)
		chat_reader_add_string(reader, peek_member(content, *names));
}

static const char *thoughts_of(struct chat_reader *reader, struct peek content)
{
	struct peek thoughts = peek_member(content, "thoughts"), thought;

	while (peek_next(&thoughts, &thought)) {
		chat_reader_add_string(reader, peek_member(thought, "summary"));
		chat_reader_add_string(reader, peek_member(thought, "content"));
	}
	chat_reader_add_string(reader, peek_member(content, "content")); /* reasoning_recap */
	return chat_reader_take(reader);
}

static void add_content(struct chat_reader *reader, const struct message *message)
{
	static const char *const quote[] = {"title", "url", "text", NULL};
	static const char *const browsing[] = {"result", "summary", NULL};
	static const char *const failure[] = {"name", "text", NULL};
	static const char *const context[] = {"user_profile", "user_instructions", NULL};
	struct peek content = message->content;
	const char *type = message->type;

	if (strcmp(type, "text") == 0 || strcmp(type, "multimodal_text") == 0)
		add_parts(reader, content);
	else if (strcmp(type, "code") == 0)
		chat_reader_add_code(
			reader, chat_reader_short(reader, peek_member(content, "language"), 32),
			chat_reader_text(reader, peek_member(content, "text")));
	else if (strcmp(type, "execution_output") == 0)
		chat_reader_add_code(reader, "",
				     chat_reader_text(reader, peek_member(content, "text")));
	else if (strcmp(type, "tether_quote") == 0)
		add_named(reader, content, quote);
	else if (strcmp(type, "tether_browsing_display") == 0)
		add_named(reader, content, browsing);
	else if (strcmp(type, "system_error") == 0)
		add_named(reader, content, failure);
	else if (strcmp(type, "user_editable_context") == 0)
		add_named(reader, content, context);
	else if (peek_is_string(content))
		chat_reader_add_string(reader, content);
	else if (peek_says(content))
		chat_reader_add_raw(reader, content);
}

static void add_attachments(struct chat_reader *reader, struct peek metadata)
{
	struct peek list = peek_member(metadata, "attachments"), one;

	while (peek_next(&list, &one))
		chat_reader_add_attachment(reader, peek_member(one, "name"));
}

/* References to sources stand between two private characters, and only ChatGPT's page can read them. */
#define MARK_BEGIN "\uE200"
#define MARK_END "\uE201"

static const char *without_marks(struct chat_reader *reader, const char *text)
{
	const char *begin = strstr(text, MARK_BEGIN), *end;
	char *copy, *to;

	if (!begin)
		return text;
	copy = arena_strdup(reader->arena, text);
	if (!copy)
		return text;
	to = copy + (begin - text);
	while (begin && (end = strstr(begin, MARK_END))) {
		text = end + strlen(MARK_END);
		begin = strstr(text, MARK_BEGIN);
		to = mempcpy(to, text, begin ? (size_t)(begin - text) : strlen(text));
	}
	if (begin)
		to = stpcpy(to, begin);
	*to = '\0';
	return copy;
}

/* ---------------------------------------------------------------- nodes */

static enum node_role role_of(const struct message *message, struct peek whole)
{
	if (is_hidden(message, whole))
		return NODE_HIDDEN;
	return strcmp(message->role, "user") == 0 ? NODE_USER : NODE_ASSISTANT;
}

static void read_message(struct chat_reader *reader, struct peek whole, struct node *node)
{
	struct message message = {
		.author = peek_member(whole, "author"),
		.content = peek_member(whole, "content"),
		.metadata = peek_member(whole, "metadata"),
	};

	copy_word(peek_member(message.author, "role"), message.role, sizeof message.role);
	copy_word(peek_member(message.content, "content_type"), message.type, sizeof message.type);
	node->time_us = chat_reader_time(peek_member(whole, "create_time"));
	node->role = role_of(&message, whole);
	if (node->role == NODE_HIDDEN) {
		reader->chat->hidden++;
		return;
	}
	node->joins = node->role == NODE_ASSISTANT;
	node->model = chat_reader_short(reader, peek_member(message.metadata, "model_slug"),
					ID_BYTES_MAX);
	if (strcmp(message.type, "thoughts") == 0 || strcmp(message.type, "reasoning_recap") == 0) {
		node->reasoning = thoughts_of(reader, message.content);
		return;
	}
	add_content(reader, &message);
	if (strcmp(message.type, "multimodal_text") != 0)
		add_attachments(reader, message.metadata);
	node->text = without_marks(reader, chat_reader_take(reader));
}

static void read_node(struct chat_reader *reader, struct peek key, struct peek value)
{
	struct peek message = peek_member(value, "message");
	struct node *node = chat_reader_node(reader);

	node->id = chat_reader_short(reader, key, SOURCE_BYTES_MAX);
	node->parent = chat_reader_short(reader, peek_member(value, "parent"), SOURCE_BYTES_MAX);
	node->role = NODE_HIDDEN;
	if (peek_is_object(message))
		read_message(reader, message, node);
	if (node->role == NODE_ASSISTANT && !*node->model)
		node->model = reader->chat->model;
}

bool read_chatgpt(struct chat_reader *reader, struct peek object)
{
	struct import_chat *chat = reader->chat;
	struct peek mapping = peek_member(object, "mapping"), key, value, id;

	if (!peek_is_object(mapping))
		return false;
	id = peek_member(object, "conversation_id");
	if (!peek_is_string(id))
		id = peek_member(object, "id");
	chat->program = "CHATGPT";
	chat->source = chat_reader_short(reader, id, SOURCE_BYTES_MAX);
	chat->title = chat_reader_short(reader, peek_member(object, "title"), SOURCE_BYTES_MAX);
	chat->model =
		chat_reader_short(reader, peek_member(object, "default_model_slug"), ID_BYTES_MAX);
	chat->create_us = chat_reader_time(peek_member(object, "create_time"));
	chat->update_us = chat_reader_time(peek_member(object, "update_time"));
	chat->archived = chat_reader_true(peek_member(object, "is_archived"));
	chat->pinned = chat_reader_true(peek_member(object, "is_starred"));
	chat->leaf =
		chat_reader_short(reader, peek_member(object, "current_node"), SOURCE_BYTES_MAX);
	while (!reader->arena->exhausted && peek_next_member(&mapping, &key, &value))
		read_node(reader, key, value);
	return true;
}
