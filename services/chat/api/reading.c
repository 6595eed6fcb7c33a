#include "chat/api/reading.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- faults */

/* Writes the parents first. Returns how much of out is used. */
static size_t write_path(const struct node *node, char *out, size_t size)
{
	size_t used;
	int n;

	if (!node->up)
		return 0;
	used = write_path(node->up, out, size);
	if (used >= size - 1)
		return used;
	if (node->name)
		n = snprintf(out + used, size - used, "%s%s", used > 0 ? "." : "", node->name);
	else
		n = snprintf(out + used, size - used, "[%zu]", node->index);
	return used + (size_t)n < size ? used + (size_t)n : size - 1;
}

void reading_fail(struct reading *reading, const struct node *node, const char *reason,
		  const char *format, ...)
{
	char path[sizeof(reading->err->field)] = "", message[sizeof(reading->err->message)];
	va_list args;

	if (reading->status != OK)
		return;
	write_path(node, path, sizeof path);
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	reading->status = error_field(reading->err, INVALID_ARGUMENT, reason, path, "%s", message);
}

void reading_refuse(struct reading *reading, const struct node *node, const char *help)
{
	reading_fail(reading, node, "parameter_unsupported", "is not supported: %s", help);
}

static void fail_type(struct reading *reading, const struct node *node, const char *type)
{
	reading_fail(reading, node, "field_invalid", "must be %s", type);
}

/* ---------------------------------------------------------------- parsing */

static enum status too_much(struct reading *reading, const char *what, int64_t most)
{
	return error_set(reading->err, INVALID_ARGUMENT, "json_invalid",
			 "the body has more than %" PRId64 " %s, as many as may be: send less at "
			 "once",
			 most, what);
}

/* What jansson would recurse into and allocate. Brackets and commas in strings do not count. */
static enum status check_shape(struct reading *reading, const char *text, size_t len)
{
	const struct api_limits *limits = reading->limits;
	int64_t depth = 0, objects = 0, elements = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (in_string) {
			i += c == '\\';
			in_string = c != '"';
			continue;
		}
		in_string = c == '"';
		depth += c == '{' || c == '[';
		depth -= (c == '}' || c == ']') && depth > 0;
		objects += c == '{';
		elements += c == ',' || c == '{' || c == '[';
		if (depth > limits->levels)
			return too_much(reading, "levels", limits->levels);
		if (objects > limits->objects)
			return too_much(reading, "objects", limits->objects);
		if (elements > limits->elements)
			return too_much(reading, "members and elements", limits->elements);
	}
	return OK;
}

static enum status parse(struct reading *reading, const char *body, size_t len)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
	enum status s = check_shape(reading, body, len);
	json_error_t error;

	if (s != OK)
		return s;
	if (memchr(body, '\0', len)) /* jansson passes over one behind a number */
		return error_set(reading->err, INVALID_ARGUMENT, "json_invalid",
				 "the body has a NUL in it");
	reading->root = json_loadb(body, len, flags, &error);
	if (!reading->root && json_error_code(&error) == json_error_numeric_overflow)
		/* Its field says that the number is out of range. */
		reading->root = json_loadb(body, len, flags | JSON_DECODE_INT_AS_REAL, &error);
	if (!reading->root)
		return error_set(reading->err, INVALID_ARGUMENT, "json_invalid",
				 "line %d, column %d: %s", error.line, error.column, error.text);
	if (json_is_object(reading->root))
		return OK;
	json_decref(reading->root);
	reading->root = NULL;
	return error_set(reading->err, INVALID_ARGUMENT, "json_invalid",
			 "the body must be a JSON object");
}

enum status reading_begin(struct reading *reading, const struct api_body *body, struct arena *arena,
			  struct error *reterr, struct node *ret)
{
	*reading = (struct reading){.limits = body->limits, .arena = arena, .err = reterr};
	reading->status = parse(reading, body->text, body->len);
	*ret = (struct node){.json = reading->root};
	return reading->status;
}

enum status reading_end(struct reading *reading)
{
	json_decref(reading->root);
	reading->root = NULL;
	if (reading->status == OK && reading->arena->exhausted)
		return error_set(reading->err, RESOURCE_EXHAUSTED, "call_too_large",
				 "the request is longer than this server can take");
	return reading->status;
}

/* ---------------------------------------------------------------- places */

static json_t *unless_null(json_t *json)
{
	return json_is_null(json) ? NULL : json;
}

struct node node_member(const struct node *object, const char *name)
{
	return (struct node){.up = object,
			     .name = name,
			     .json = unless_null(json_object_get(object->json, name))};
}

struct node node_need(struct reading *reading, const struct node *object, const char *name)
{
	struct node member = node_member(object, name);

	if (!member.json)
		reading_fail(reading, &member, "field_required", "must be given");
	return member;
}

struct node node_element(const struct node *array, size_t index)
{
	return (struct node){.up = array,
			     .index = index,
			     .json = unless_null(json_array_get(array->json, index))};
}

size_t node_size(struct reading *reading, const struct node *array)
{
	if (array->json && !json_is_array(array->json))
		fail_type(reading, array, "a list");
	return json_array_size(array->json);
}

bool node_is_object(struct reading *reading, const struct node *node)
{
	if (node->json && !json_is_object(node->json))
		fail_type(reading, node, "an object");
	return json_is_object(node->json);
}

bool node_is_text(const struct node *node)
{
	return json_is_string(node->json);
}

bool node_is(const struct node *node, const char *word)
{
	const char *text = json_string_value(node->json);

	return text && strcmp(text, word) == 0;
}

/* ---------------------------------------------------------------- values */

static bool has_nul(const json_t *string)
{
	return strlen(json_string_value(string)) != json_string_length(string);
}

const char *node_text(struct reading *reading, const struct node *node)
{
	if (!node->json)
		return NULL;
	if (!json_is_string(node->json)) {
		fail_type(reading, node, "a text");
		return NULL;
	}
	if (has_nul(node->json)) {
		reading_fail(reading, node, "text_invalid", "has a NUL in it");
		return NULL;
	}
	return arena_strndup(reading->arena, json_string_value(node->json),
			     json_string_length(node->json));
}

const char *node_need_text(struct reading *reading, const struct node *object, const char *name)
{
	struct node member = node_need(reading, object, name);
	const char *text = node_text(reading, &member);

	return text ? text : "";
}

const char *node_word(struct reading *reading, const struct node *node, const char *const *words)
{
	char list[160] = "";
	size_t used = 0;

	if (!node->json)
		return NULL;
	for (size_t i = 0; words[i]; i++) {
		if (node_is(node, words[i]))
			return words[i];
		if (used < sizeof list)
			used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
						 i > 0 ? ", " : "", words[i]);
	}
	reading_fail(reading, node, "field_invalid", "must be one of: %s", list);
	return NULL;
}

bool node_bool(struct reading *reading, const struct node *node)
{
	if (node->json && !json_is_boolean(node->json))
		fail_type(reading, node, "true or false");
	return json_is_true(node->json);
}

int64_t node_int(struct reading *reading, const struct node *node, int64_t min, int64_t max)
{
	double real = json_number_value(node->json);
	int64_t n = json_is_integer(node->json) ? json_integer_value(node->json) : 0;

	if (!node->json)
		return 0;
	/* 1e3 and 1000.0 are whole numbers, too. */
	if (json_is_real(node->json) && real >= -9e15 && real <= 9e15 &&
	    (double)(int64_t)real == real)
		n = (int64_t)real;
	else if (!json_is_integer(node->json))
		n = min - 1;
	if (n >= min && n <= max)
		return n;
	reading_fail(reading, node, "field_invalid",
		     "must be a whole number from %" PRId64 " to %" PRId64, min, max);
	return 0;
}

double node_number(struct reading *reading, const struct node *node, double min, double max)
{
	double n = json_number_value(node->json);

	if (node->json && (!json_is_number(node->json) || n < min || n > max))
		reading_fail(reading, node, "field_invalid", "must be a number from %g to %g", min,
			     max);
	return n;
}

/* limits->levels bounds the depth. */
static bool any_nul(json_t *json)
{
	const char *name;
	json_t *value;
	size_t i;

	if (json_is_string(json))
		return has_nul(json);
	json_array_foreach(json, i, value)
	{
		if (any_nul(value))
			return true;
	}
	json_object_foreach(json, name, value)
	{
		if (any_nul(value))
			return true;
	}
	return false;
}

const char *node_json(struct reading *reading, const struct node *node)
{
	const char *ret;
	char *text;

	if (!node->json)
		return NULL;
	if (any_nul(node->json)) {
		reading_fail(reading, node, "text_invalid", "has a NUL in it");
		return NULL;
	}
	text = json_dumps(node->json, JSON_COMPACT | JSON_ENCODE_ANY);
	ret = arena_strdup(reading->arena, text ? text : "null");
	free(text);
	return ret;
}
