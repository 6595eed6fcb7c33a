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

size_t turns_make(struct arena *arena, const struct prompt_message *messages, size_t n,
		  struct prompt_message *ret)
{
	const char *system = join(arena, messages, n, "system");
	const char *role = "user"; /* of the turn that is due, or goes on */
	size_t n_turns = 0, first = 0;

	if (*system)
		ret[n_turns++] = (struct prompt_message){.role = "system", .text = system};
	/* A turn ends where the other role says something. */
	for (size_t i = 0; i <= n; i++) {
		const char *text;

		if (i < n && (is(&messages[i], role) || is(&messages[i], "system") ||
			      is_blank(messages[i].text)))
			continue;
		text = join(arena, messages + first, i - first, role);
		first = i;
		if (!*text)
			continue; /* an answer before the first question */
		ret[n_turns++] = (struct prompt_message){.role = role, .text = text};
		role = strcmp(role, "user") == 0 ? "assistant" : "user";
	}
	return n_turns;
}
