#include "auth/auth.h"
#include "runtime/base/text.h"

#include <string.h>

#define USER_NAME_MIN 3
#define USER_NAME_MAX 32
#define STEM_MAX 24 /* leaves room for the digits */

static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

bool user_name_valid(const char *text)
{
	size_t len = strlen(text);

	if (len < USER_NAME_MIN || len > USER_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_name_character(text[i]))
			return false;
	return true;
}

/* The e-mail address is no source, because other users see the name. */
char *user_name_propose(struct arena *arena, const char *display_name, int attempt)
{
	char stem[STEM_MAX + 1];
	size_t n = 0;

	for (const char *p = display_name; *p && n < STEM_MAX; p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;

		if (is_name_character(c))
			stem[n++] = c;
		else if (c == ' ' && n > 0 && stem[n - 1] != '.')
			stem[n++] = '.';
	}
	while (n > 0 && stem[n - 1] == '.')
		n--;
	stem[n] = '\0';
	if (n < USER_NAME_MIN)
		return arena_printf(arena, "user%08u", (unsigned)random_below(100000000));
	if (attempt == 0)
		return arena_strdup(arena, stem);
	return arena_printf(arena, "%s%06u", stem, (unsigned)random_below(1000000));
}
