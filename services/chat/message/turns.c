#include "chat/message/turns.h"

#include <string.h>

#define JOINT "\n\n"

static bool is(const struct prompt_message *message, const char *role)
{
	return strcmp(message->role, role) == 0;
}

/* Providers refuse such a text as they refuse an empty one. */
static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

/* The texts of role in messages[0 … n - 1] as one. A text that follows itself is there once. */
static char *join(struct arena *arena, const struct prompt_message *messages, size_t n,
		  const char *role)
{
	const char *before = NULL;
	size_t len = 0;
	char *text, *at;

	for (size_t i = 0; i < n; i++)
		len += strlen(messages[i].text) + strlen(JOINT);
	text = at = arena_alloc(arena, len + 1);
	if (!text)
		return arena_strdup(arena, "");
	for (size_t i = 0; i < n; i++) {
		const char *add = messages[i].text;

		if (!is(&messages[i], role) || is_blank(add) ||
		    (before && strcmp(before, add) == 0))
			continue;
		if (before)
			at = stpcpy(at, JOINT);
		at = stpcpy(at, add);
		before = add;
	}
	*at = '\0';
	return text;
}

/* Makes a part of an item when it is a block of reasoning. False: it is not. */
static bool read_item(struct arena *arena, const char *line, size_t len, struct prompt_part *ret)
{
	struct peek item, api, data;

	if (!peek_object(line, len, &item) || !peek_is(peek_member(item, "type"), "reasoning"))
		return false;
	api = peek_member(item, "api");
	data = peek_member(item, "data");
	if (!peek_is_string(api) || !data.at)
		return false;
	*ret = (struct prompt_part){
		.kind = PROMPT_REASONING,
		.api = arena_strndup(arena, api.at + 1, (size_t)(api.end - api.at - 2)),
		.data = arena_strndup(arena, data.at, (size_t)(data.end - data.at)),
	};
	return ret->api && ret->data;
}

static size_t count_lines(const struct prompt_message *messages, size_t n)
{
	size_t lines = 0;

	for (size_t i = 0; i < n; i++) {
		for (const char *p = messages[i].items; p && (p = strchr(p, '\n')); p++)
			lines++;
	}
	return lines;
}

/* Blocks of reasoning of a turn's messages stand before its text. Adapters pass over those of other
 * APIs. */
static void add_reasoning(struct arena *arena, const struct prompt_message *messages, size_t n,
			  struct prompt_message *turn)
{
	size_t lines = count_lines(messages, n), n_parts = 0;
	struct prompt_part *parts;
	const char *p, *end;

	if (lines == 0 || strcmp(turn->role, "assistant") != 0)
		return;
	parts = arena_array(arena, lines + 1, sizeof *parts);
	for (size_t i = 0; parts && i < n; i++) {
		p = is(&messages[i], turn->role) ? messages[i].items : NULL;
		for (; p && (end = strchr(p, '\n')); p = end + 1)
			n_parts += read_item(arena, p, (size_t)(end - p), &parts[n_parts]);
	}
	if (n_parts == 0)
		return;
	parts[n_parts++] = (struct prompt_part){.kind = PROMPT_TEXT, .text = turn->text};
	turn->parts = parts;
	turn->n_parts = n_parts;
}

size_t turns_make(struct arena *arena, const struct prompt_message *messages, size_t n,
		  struct prompt_message *ret)
{
	const char *system = join(arena, messages, n, "system");
	const char *role = "user"; /* of the turn that is due, or goes on */
	size_t n_turns = 0, first = 0, begin;

	if (*system)
		ret[n_turns++] = (struct prompt_message){.role = "system", .text = system};
	/* A turn ends where the other role says something. */
	for (size_t i = 0; i <= n; i++) {
		const char *text;

		if (i < n && (is(&messages[i], role) || is(&messages[i], "system") ||
			      is_blank(messages[i].text)))
			continue;
		text = join(arena, messages + first, i - first, role);
		begin = first;
		first = i;
		if (!*text)
			continue; /* an answer before the first question */
		ret[n_turns] = (struct prompt_message){.role = role, .text = text};
		add_reasoning(arena, messages + begin, i - begin, &ret[n_turns++]);
		role = strcmp(role, "user") == 0 ? "assistant" : "user";
	}
	return n_turns;
}
