#include "runtime/json/peek.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NUMBER_BYTES_MAX 63
#define NUMBER_MAX 9007199254740992.0 /* 2^53 */

static const struct peek none;

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *pass_space(const char *p, const char *end)
{
	while (p < end && is_space(*p))
		p++;
	return p;
}

/* … and between two members or elements. */
static const char *pass_gap(const char *p, const char *end)
{
	while (p < end && (is_space(*p) || *p == ','))
		p++;
	return p;
}

/* Behind the string that begins at p, or NULL when it does not end. */
static const char *pass_string(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p++;
	}
	return NULL;
}

/* Behind the bracket that ends the outermost of `depth` objects and arrays, which are open at p; NULL: it does not
 * come. */
static const char *pass_rest(const char *p, const char *end, size_t depth)
{
	while (p && p < end) {
		if (*p == '"') {
			p = pass_string(p, end);
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if ((*p == '}' || *p == ']') && --depth == 0)
			return p + 1;
		p++;
	}
	return NULL;
}

/* Behind the object or array that begins at p, or NULL when it does not end. */
static const char *pass_nested(const char *p, const char *end)
{
	return pass_rest(p, end, 0);
}

/* Behind the value that begins at p. */
static const char *pass_value(const char *p, const char *end)
{
	if (*p == '"')
		return pass_string(p, end);
	if (*p == '{' || *p == '[')
		return pass_nested(p, end);
	while (p < end && *p != ',' && *p != '}' && *p != ']' && !is_space(*p))
		p++;
	return p;
}

bool peek_object(const char *text, size_t len, struct peek *ret)
{
	const char *end = text + len, *p = pass_space(text, end), *stop;

	if (p == end || *p != '{')
		return false;
	stop = pass_nested(p, end);
	if (!stop || pass_space(stop, end) != end)
		return false;
	*ret = (struct peek){p, stop};
	return true;
}

bool peek_enter(struct peek *rest, char bracket)
{
	const char *p = pass_gap(rest->at, rest->end);

	if (p == rest->end || *p != bracket)
		return false;
	rest->at = p + 1;
	return true;
}

bool peek_leave(struct peek *rest)
{
	const char *p = pass_rest(rest->at, rest->end, 1);

	if (p)
		rest->at = p;
	return p;
}

bool peek_key(struct peek *rest, struct peek *ret_key)
{
	const char *end = rest->end, *p = pass_gap(rest->at, end), *stop;

	if (p == end || *p != '"')
		return false;
	stop = pass_string(p, end);
	*ret_key = (struct peek){p, stop};
	p = stop ? pass_space(stop, end) : end;
	if (p == end || *p != ':')
		return false; /* no JSON from here on */
	rest->at = pass_space(p + 1, end);
	return true;
}

bool peek_pass(struct peek *rest, struct peek *ret_value)
{
	const char *p = pass_gap(rest->at, rest->end), *stop;

	if (p == rest->end || *p == ']' || *p == '}')
		return false;
	stop = pass_value(p, rest->end);
	if (!stop || stop == p)
		return false;
	*ret_value = (struct peek){p, stop};
	rest->at = stop;
	return true;
}

bool peek_next_member(struct peek *rest, struct peek *ret_key, struct peek *ret_value)
{
	const char *p = rest->at, *end = rest->end;
	struct peek at = *rest;

	if (!p || p == end)
		return false;
	/* The first time it begins with its brace, later with what follows a member. */
	if (*p == '{')
		p++;
	else if (*p != ',' && !is_space(*p))
		return false;
	at.at = p;
	if (!peek_key(&at, ret_key) || at.at == end)
		return false;
	p = pass_value(at.at, end);
	if (!p)
		return false;
	*ret_value = (struct peek){at.at, p};
	rest->at = p;
	return true;
}

struct peek peek_member(struct peek object, const char *name)
{
	size_t len = strlen(name);
	struct peek found = none, key, value;

	if (!peek_is_object(object))
		return none;
	while (peek_next_member(&object, &key, &value))
		if ((size_t)(key.end - key.at) == len + 2 && memcmp(key.at + 1, name, len) == 0)
			found = value;
	return found;
}

bool peek_next(struct peek *list, struct peek *ret)
{
	const char *p = list->at, *end = list->end;
	struct peek at = *list;

	if (!p || p == end)
		return false;
	/* The first time it begins with its bracket, later with what follows an element. */
	if (*p == '[')
		p++;
	else if (*p != ',' && !is_space(*p))
		return false;
	at.at = p;
	if (!peek_pass(&at, ret))
		return false;
	list->at = at.at;
	return true;
}

bool peek_is_object(struct peek value)
{
	return value.at && *value.at == '{';
}

bool peek_is_array(struct peek value)
{
	return value.at && *value.at == '[';
}

bool peek_is_string(struct peek value)
{
	return value.at && *value.at == '"';
}

static bool is_text(struct peek value, const char *text)
{
	size_t len = (size_t)(value.end - value.at);

	return len == strlen(text) && memcmp(value.at, text, len) == 0;
}

bool peek_says(struct peek value)
{
	static const char *const nothing[] = {"null", "false", "0", "\"\""};

	if (!value.at)
		return false;
	if (peek_is_object(value) || peek_is_array(value))
		return pass_space(value.at + 1, value.end) < value.end - 1;
	for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
		if (is_text(value, nothing[i]))
			return false;
	}
	return true;
}

bool peek_is(struct peek value, const char *word)
{
	size_t len = strlen(word);

	return peek_is_string(value) && (size_t)(value.end - value.at) == len + 2 &&
	       strncasecmp(value.at + 1, word, len) == 0;
}

bool peek_number(struct peek value, int64_t *ret)
{
	char text[NUMBER_BYTES_MAX + 1], *end;
	double number;
	size_t len;

	if (peek_is_string(value))
		value = (struct peek){value.at + 1, value.end - 1};
	len = value.at ? (size_t)(value.end - value.at) : 0;
	if (len == 0 || len > NUMBER_BYTES_MAX || !strchr("-0123456789", *value.at))
		return false;
	memcpy(text, value.at, len);
	text[len] = '\0';
	number = strtod(text, &end);
	if (*end || end != text + len || !(fabs(number) <= NUMBER_MAX) || floor(number) != number)
		return false;
	*ret = (int64_t)number;
	return true;
}
