/* Where a value stands: as a path for people, and as a slice of the text. */
#include "runtime/json/reader.h"

#include "runtime/base/ensure.h"

#include <stdio.h>
#include <string.h>

/* Writes the path up to place and returns its length, cut to size. */
static size_t path_write(const struct json_place *place, char *out, size_t size)
{
	size_t n = 0;
	int more;

	if (!place || !place->parent)
		return 0;
	n = path_write(place->parent, out, size);
	if (place->name)
		more = snprintf(out + n, size - n, "%s%s", n ? "." : "", place->name);
	else
		more = snprintf(out + n, size - n, "[%zu]", place->ordinal);
	n += (size_t)more;
	return n < size ? n : size - 1;
}

enum status place_fail(struct json_reader *reader, const struct json_place *place,
		       const char *reason, const char *format, ...)
{
	char path[sizeof reader->err->field] = "";
	char message[sizeof reader->err->message];
	va_list args;

	path_write(place, path, sizeof path);
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	return error_field(reader->err, INVALID_ARGUMENT, reason, path, "%s", message);
}

enum status place_full(struct json_reader *reader)
{
	return error_set(reader->err, RESOURCE_EXHAUSTED, "call_too_large",
			 "the request needs more memory than one call may use");
}

/* ---------- slices: jansson has accepted the text, so only what tells values apart is looked at */

static const char *skip_space(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

static const char *skip_string(const char *p)
{
	for (p++; *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p + 1;
}

/* p: at the first byte of a value. */
static const char *skip_value(const char *p)
{
	size_t depth = 0;

	if (*p != '{' && *p != '[' && *p != '"')
		return p + strcspn(p, ",]} \t\r\n");
	do {
		if (*p == '"') {
			p = skip_string(p);
			continue;
		}
		depth += *p == '{' || *p == '[';
		depth -= *p == '}' || *p == ']';
		p++;
	} while (depth > 0);
	return p;
}

static const char *value_at(const struct json_reader *reader, const struct json_place *place)
{
	const char *p;

	if (!place->parent)
		return skip_space(reader->text);
	p = skip_space(value_at(reader, place->parent) + 1);
	for (size_t i = 0;; i++) {
		if (place->name)
			p = skip_space(skip_space(skip_string(p)) + 1); /* the name, the colon */
		if (i == place->ordinal)
			return p;
		p = skip_space(skip_space(skip_value(p)) + 1); /* the comma */
	}
}

void place_slice(const struct json_reader *reader, const struct json_place *place,
		 const char **ret_text, size_t *ret_len)
{
	const char *at = value_at(reader, place);

	ensure(at < reader->text + reader->len);
	*ret_text = at;
	*ret_len = (size_t)(skip_value(at) - at);
}
