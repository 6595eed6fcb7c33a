#include "runtime/httpd/httpd.h"

#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

char *httpd_decode(struct arena *arena, const char *text, size_t len, bool plus)
{
	char *out = arena_alloc(arena, len + 1);
	size_t n = 0;

	if (!out)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (text[i] != '%') {
			out[n++] = plus && text[i] == '+' ? ' ' : text[i];
			continue;
		}
		if (len - i < 3)
			return NULL;
		high = hex_digit(text[i + 1]);
		low = hex_digit(text[i + 2]);
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return NULL;
		out[n++] = (char)(high << 4 | low);
		i += 2;
	}
	out[n] = '\0';
	return out;
}

bool httpd_query_next(struct arena *arena, const char **query, const char **ret_name,
		      const char **ret_value)
{
	const char *pair, *equals;
	size_t len;

	*query += strspn(*query, "&");
	if (!**query)
		return false;
	pair = *query;
	len = strcspn(pair, "&");
	*query += len;
	equals = memchr(pair, '=', len);
	*ret_name = httpd_decode(arena, pair, equals ? (size_t)(equals - pair) : len, true);
	*ret_value =
		equals ? httpd_decode(arena, equals + 1, len - (size_t)(equals + 1 - pair), true)
		       : "";
	if (!*ret_value)
		*ret_name = NULL;
	return true;
}
