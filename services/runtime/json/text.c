/* JSON text into jansson's tree. jansson names no field when a text is ill-formed; then, and only
 * then, a copy is read in which each ill-formed character is a NUL. The reader of the values finds
 * it and can say where. */
#include "runtime/json/reader.h"

#include "runtime/base/text.h"

#include <string.h>

#define PARSE_FLAGS (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL)

/* Nesting and number of members and elements, before jansson recurses and allocates. Brackets
 * and commas in strings do not count. */
struct shape {
	size_t depth, elements;
};

static struct shape shape_of(const char *text, size_t len, size_t elements_max)
{
	struct shape most = {0};
	bool in_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < len && most.depth <= JSON_DEPTH_MAX; i++) {
		char c = text[i];

		if (in_string) {
			i += c == '\\';
			in_string = c != '"';
			continue;
		}
		in_string = c == '"';
		depth += c == '{' || c == '[';
		depth -= (c == '}' || c == ']') && depth > 0;
		most.depth = depth > most.depth ? depth : most.depth;
		/* The first one stands behind a bracket, each other one behind a comma. */
		most.elements += c == ',' || c == '{' || c == '[';
		if (most.elements > elements_max)
			break;
	}
	return most;
}

/* Value of the \uXXXX at p, or -1. */
static int32_t escape_value(const char *p, const char *end)
{
	int32_t value = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		const char *digit = memchr("0123456789abcdefABCDEF", p[i], 22);
		int32_t v;

		if (!digit)
			return -1;
		v = p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10;
		value = value << 4 | v;
	}
	return value;
}

/* How many bytes the well-formed character or escape at p takes; 0 and *ret_bad when it is not
 * well-formed. */
static size_t character(const char *p, const char *end, size_t *ret_bad)
{
	int32_t escape = escape_value(p, end);
	size_t n = (uint8_t)*p < 0x80 ? 1 : (uint8_t)*p < 0xe0 ? 2 : (uint8_t)*p < 0xf0 ? 3 : 4;

	*ret_bad = 1;
	if (escape >= 0xd800 && escape <= 0xdbff) {
		int32_t low = escape_value(p + 6, end);

		*ret_bad = 6;
		return low >= 0xdc00 && low <= 0xdfff ? 12 : 0;
	}
	*ret_bad = 6;
	if (escape >= 0xdc00 && escape <= 0xdfff)
		return 0;
	*ret_bad = 1;
	if (*p == '\\' && end - p > 1)
		return 2;
	if (n > (size_t)(end - p) || !text_is_utf8(p, n))
		return 0;
	return n;
}

static bool mark_ill_formed(const char *text, size_t len, struct buf *out)
{
	const char *end = text + len;
	bool marked = false;
	size_t n, bad;

	for (const char *p = text; p < end; p += n ? n : bad) {
		n = character(p, end, &bad);
		if (n)
			buf_add(out, p, n);
		else
			buf_adds(out, "\\u0000");
		marked |= !n;
	}
	return marked;
}

static enum status parse_marked(struct json_reader *reader, const json_error_t *first, json_t **ret)
{
	struct buf out;
	bool marked;

	buf_init(&out, reader->len * 6 + 1);
	marked = mark_ill_formed(reader->text, reader->len, &out);
	if (marked)
		*ret = json_loadb(buf_text(&out), out.len, PARSE_FLAGS | JSON_DECODE_INT_AS_REAL,
				  NULL);
	if (*ret) {
		reader->text = arena_strndup(reader->arena, buf_text(&out), out.len);
		reader->len = out.len;
	}
	buf_done(&out);
	if (reader->arena->exhausted)
		return place_full(reader);
	if (*ret)
		return OK;
	if (marked)
		return place_fail(reader, NULL, "text_invalid", "the body is not UTF-8");
	return place_fail(reader, NULL, "json_invalid", "line %d, column %d: %s", first->line,
			  first->column, first->text);
}

enum status text_parse(struct json_reader *reader, json_t **ret)
{
	const char *nul = memchr(reader->text, '\0', reader->len);
	size_t elements_max = reader->options->elements_max;
	struct shape shape;
	json_error_t error;

	*ret = NULL;
	if (nul) /* jansson passes over one behind a number */
		return place_fail(reader, NULL, "json_invalid", "a NUL at byte %td",
				  nul - reader->text);
	if (!elements_max)
		elements_max = JSON_ELEMENTS_MAX;
	shape = shape_of(reader->text, reader->len, elements_max);
	if (shape.depth > JSON_DEPTH_MAX)
		return place_fail(reader, NULL, "json_invalid", "nested deeper than %d",
				  JSON_DEPTH_MAX);
	if (shape.elements > elements_max)
		return place_fail(reader, NULL, "json_invalid",
				  "more than %zu members and elements (json_elements_max)",
				  elements_max);
	*ret = json_loadb(reader->text, reader->len, PARSE_FLAGS | JSON_DECODE_ANY, &error);
	if (!*ret && json_error_code(&error) == json_error_numeric_overflow)
		/* Its field says that the number is out of range. */
		*ret = json_loadb(reader->text, reader->len,
				  PARSE_FLAGS | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &error);
	if (*ret)
		return OK;
	return parse_marked(reader, &error, ret);
}
