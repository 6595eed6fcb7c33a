#include "chat/template/fill.h"

#include "runtime/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OPENING "{{"
#define CLOSING "}}"

/* The text between the braces, taken apart. Texts are in the template's. */
struct tag {
	const char *name, *spec, *value; /* spec, value: NULL when there is none */
	size_t name_len, spec_len, value_len;
};

static void trim(const char **text, size_t *len)
{
	while (*len && (**text == ' ' || **text == '\t')) {
		(*text)++;
		(*len)--;
	}
	while (*len && ((*text)[*len - 1] == ' ' || (*text)[*len - 1] == '\t'))
		(*len)--;
}

static enum status refuse(struct error *reterr, const char *why, const char *tag, size_t len)
{
	return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "text",
			   "%s: '{{%.*s'. Write \\{{ for braces themselves", why,
			   (int)(len < 60 ? len : 60), tag);
}

static void take_apart(const char *text, size_t len, struct tag *ret)
{
	const char *equals = memchr(text, '=', len);
	size_t head = equals ? (size_t)(equals - text) : len;
	const char *colon = memchr(text, ':', head);

	*ret = (struct tag){.name = text, .name_len = colon ? (size_t)(colon - text) : head};
	trim(&ret->name, &ret->name_len);
	if (colon) {
		ret->spec = colon + 1;
		ret->spec_len = (size_t)(text + head - ret->spec);
		trim(&ret->spec, &ret->spec_len);
	}
	if (equals) {
		ret->value = equals + 1;
		ret->value_len = (size_t)(text + len - ret->value);
		trim(&ret->value, &ret->value_len);
	}
}

static bool name_is_good(const struct tag *tag)
{
	if (tag->name_len == 0 || tag->name_len > FILL_NAME_BYTES_MAX)
		return false;
	for (size_t i = 0; i < tag->name_len; i++) {
		if ((unsigned char)tag->name[i] < ' ' || strchr("{}|\\\"'<>", tag->name[i]))
			return false;
	}
	return true;
}

/* ---------------------------------------------------------------- types */

static bool is_number(const char *text)
{
	size_t whole, part;

	if (strlen(text) > 40)
		return false;
	text += *text == '-';
	whole = strspn(text, "0123456789");
	text += whole;
	if (whole == 0 || *text != '.')
		return whole > 0 && !*text;
	part = strspn(++text, "0123456789");
	return part > 0 && !text[part];
}

static bool is_date(const char *text)
{
	static const int8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t year, month, day;

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' ||
	    !text_parse_i64(text, 4, 0, 9999, &year) ||
	    !text_parse_i64(text + 5, 2, 1, 12, &month) ||
	    !text_parse_i64(text + 8, 2, 1, days[month - 1], &day))
		return false;
	return month != 2 || day < 29 || (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

static bool is_choice(const Chat__V1__TemplateField *field, const char *text)
{
	for (size_t i = 0; i < field->n_choices; i++) {
		if (strcmp(field->choices[i], text) == 0)
			return true;
	}
	return false;
}

static bool value_fits(const Chat__V1__TemplateField *field, const char *value)
{
	switch (field->type) {
	case CHAT__V1__TEMPLATE_FIELD__TYPE__NUMBER:
		return is_number(value);
	case CHAT__V1__TEMPLATE_FIELD__TYPE__DATE:
		return is_date(value);
	case CHAT__V1__TEMPLATE_FIELD__TYPE__CHOICE:
		return is_choice(field, value);
	default:
		return true;
	}
}

/* "one | two | three". False: one is empty, or there are too many. */
static bool read_choices(struct arena *arena, const char *spec, size_t len,
			 Chat__V1__TemplateField *field)
{
	char **choices = arena_array(arena, FILL_CHOICES_MAX, sizeof *choices);
	const char *end = spec + len;

	if (!choices)
		return true; /* the arena tells */
	field->type = CHAT__V1__TEMPLATE_FIELD__TYPE__CHOICE;
	field->choices = choices;
	for (;;) {
		const char *bar = memchr(spec, '|', (size_t)(end - spec)), *one = spec;
		size_t one_len = (size_t)((bar ? bar : end) - spec);

		trim(&one, &one_len);
		if (one_len == 0 || field->n_choices == FILL_CHOICES_MAX)
			return false;
		choices[field->n_choices++] = arena_strndup(arena, one, one_len);
		if (!bar)
			return true;
		spec = bar + 1;
	}
}

static bool read_type(const struct tag *tag, Chat__V1__TemplateField *field)
{
	static const struct {
		const char *word;
		Chat__V1__TemplateField__Type type;
	} types[] = {
		{"text", CHAT__V1__TEMPLATE_FIELD__TYPE__TEXT},
		{"paragraph", CHAT__V1__TEMPLATE_FIELD__TYPE__PARAGRAPH},
		{"number", CHAT__V1__TEMPLATE_FIELD__TYPE__NUMBER},
		{"date", CHAT__V1__TEMPLATE_FIELD__TYPE__DATE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strlen(types[i].word) == tag->spec_len &&
		    memcmp(types[i].word, tag->spec, tag->spec_len) == 0) {
			field->type = types[i].type;
			return true;
		}
	}
	return false;
}

/* ---------------------------------------------------------------- reading */

struct reading {
	struct arena *arena;
	struct fill *fill;
	size_t fields_max;
	bool *described; /* by the place of the field */
};

static size_t find_field(const struct fill *fill, const struct tag *tag)
{
	size_t i = 0;

	while (i < fill->n_fields && (strlen(fill->fields[i]->name) != tag->name_len ||
				      memcmp(fill->fields[i]->name, tag->name, tag->name_len) != 0))
		i++;
	return i;
}

static enum status describe(struct reading *reading, const struct tag *tag,
			    Chat__V1__TemplateField *field, struct error *reterr)
{
	struct arena *arena = reading->arena;

	if (tag->spec && memchr(tag->spec, '|', tag->spec_len)) {
		if (!read_choices(arena, tag->spec, tag->spec_len, field))
			return refuse(reterr, "a choice has 1 to 50 words between |", tag->name,
				      tag->name_len);
	} else if (tag->spec && !read_type(tag, field)) {
		return refuse(reterr, "a type is text, paragraph, number, date, or a list with |",
			      tag->name, tag->name_len);
	}
	if (!tag->value)
		return OK;
	field->required = false;
	field->default_value = arena_strndup(arena, tag->value, tag->value_len);
	if (field->default_value && !value_fits(field, field->default_value))
		return refuse(reterr, "the default is none of the type", tag->name, tag->name_len);
	return OK;
}

/* A variable with these braces. */
static enum status read_tag(struct reading *reading, const char *text, size_t len,
			    const Chat__V1__TemplateField **ret, struct error *reterr)
{
	struct fill *fill = reading->fill;
	Chat__V1__TemplateField *field;
	struct tag tag;
	size_t i;

	take_apart(text, len, &tag);
	if (!name_is_good(&tag) || memchr(text, '\n', len))
		return refuse(reterr, "this is no name of a variable", text, len);
	i = find_field(fill, &tag);
	if (i == fill->n_fields) {
		if (i == reading->fields_max)
			return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "text",
					   "a template has at most %zu variables", i);
		field = arena_zalloc(reading->arena, sizeof *field);
		if (!field)
			return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "variables");
		chat__v1__template_field__init(field);
		field->name = arena_strndup(reading->arena, tag.name, tag.name_len);
		if (!field->name)
			return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "variables");
		field->type = CHAT__V1__TEMPLATE_FIELD__TYPE__TEXT;
		field->required = true;
		fill->fields[fill->n_fields++] = field;
	}
	field = fill->fields[i];
	*ret = field;
	if (!tag.spec && !tag.value)
		return OK;
	if (reading->described[i])
		return refuse(reterr, "a variable is described once, and stands alone elsewhere",
			      text, len);
	reading->described[i] = true;
	return describe(reading, &tag, field, reterr);
}

static void add_text(struct fill *fill, const char *text, size_t len)
{
	if (len)
		fill->pieces[fill->n_pieces++] = (struct fill_piece){.text = text, .len = len};
}

static enum status read_pieces(struct reading *reading, const char *text, struct error *reterr)
{
	struct fill *fill = reading->fill;
	const char *at = text, *open, *close;
	enum status s = OK;

	while ((open = strstr(at, OPENING))) {
		if (open > at && open[-1] == '\\') { /* the backslash goes, the braces stay */
			add_text(fill, at, (size_t)(open - 1 - at));
			add_text(fill, open, strlen(OPENING));
			at = open + strlen(OPENING);
			continue;
		}
		add_text(fill, at, (size_t)(open - at));
		open += strlen(OPENING);
		close = memmem(open, strnlen(open, FILL_TAG_BYTES_MAX), CLOSING, strlen(CLOSING));
		if (!close)
			return refuse(reterr, "the braces do not close", open,
				      strnlen(open, FILL_NAME_BYTES_MAX));
		fill->pieces[fill->n_pieces].text = open;
		fill->pieces[fill->n_pieces].len = (size_t)(close - open);
		s = read_tag(reading, open, (size_t)(close - open),
			     &fill->pieces[fill->n_pieces++].field, reterr);
		if (s != OK)
			return s;
		at = close + strlen(CLOSING);
	}
	add_text(fill, at, strlen(at));
	return OK;
}

enum status fill_read(struct arena *arena, const char *text, size_t fields_max, struct fill *ret,
		      struct error *reterr)
{
	struct reading reading = {.arena = arena, .fill = ret, .fields_max = fields_max};
	size_t n = 1;
	enum status s;

	for (const char *p = text; (p = strstr(p, OPENING)); p += strlen(OPENING))
		n += 2;
	*ret = (struct fill){
		.pieces = arena_array(arena, n, sizeof *ret->pieces),
		.fields = arena_array(arena, fields_max, sizeof(Chat__V1__TemplateField *)),
	};
	reading.described = arena_array(arena, fields_max, sizeof *reading.described);
	if (!ret->pieces || !ret->fields || !reading.described)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "a template");
	memset(reading.described, 0, fields_max * sizeof *reading.described);
	memset(ret->pieces, 0, n * sizeof *ret->pieces);
	s = read_pieces(&reading, text, reterr);
	if (s == OK && arena->exhausted)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "a template");
	return s;
}

/* ---------------------------------------------------------------- filling in */

static enum status about(struct error *reterr, const char *reason, const char *name,
			 const char *what)
{
	char field[80];

	snprintf(field, sizeof field, "variables.%.60s", name);
	return error_field(reterr, INVALID_ARGUMENT, reason, field, "%s", what);
}

static enum status check_values(const struct fill *fill, const struct fill_value *values, size_t n,
				struct error *reterr)
{
	if (n > fill->n_fields)
		return error_field(reterr, INVALID_ARGUMENT, "field_unknown", "variables",
				   "the template has %zu variables", fill->n_fields);
	for (size_t i = 0; i < n; i++) {
		struct tag tag = {.name = values[i].name, .name_len = strlen(values[i].name)};
		size_t at = find_field(fill, &tag);

		if (at == fill->n_fields)
			return about(reterr, "field_unknown", values[i].name,
				     "the template has no such variable");
		if (!value_fits(fill->fields[at], values[i].value))
			return about(reterr, "field_invalid", values[i].name,
				     "the value does not fit the variable's type: a number such as "
				     "2.5, a date as YYYY-MM-DD, or one of the choices");
	}
	return OK;
}

/* The value of a variable, or its default. NULL: it has neither. */
static const char *value_of(const Chat__V1__TemplateField *field, const struct fill_value *values,
			    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(values[i].name, field->name) == 0)
			return values[i].value;
	}
	return field->required ? NULL : field->default_value;
}

/* Pieces become their texts. *ret_bytes: of all, or more than bytes_max. */
static enum status replace(struct arena *arena, struct fill_piece *pieces, const struct fill *fill,
			   const struct fill_value *values, size_t n, bool partial,
			   size_t bytes_max, size_t *ret_bytes, struct error *reterr)
{
	*ret_bytes = 0;
	for (size_t i = 0; i < fill->n_pieces && *ret_bytes <= bytes_max; i++) {
		const Chat__V1__TemplateField *field = fill->pieces[i].field;
		const char *value = field ? value_of(field, values, n) : NULL;

		pieces[i] = fill->pieces[i];
		if (field && !value && !partial)
			return about(reterr, "field_required", field->name,
				     "the variable has no default");
		if (field && !value)
			value = arena_printf(arena, OPENING "%s" CLOSING, field->name);
		if (field)
			pieces[i] = (struct fill_piece){.text = value, .len = strlen(value)};
		*ret_bytes += pieces[i].len;
	}
	return OK;
}

enum status fill_in(struct arena *arena, const struct fill *fill, const struct fill_value *values,
		    size_t n, bool partial, size_t bytes_max, char **ret, struct error *reterr)
{
	struct fill_piece *pieces = arena_array(arena, fill->n_pieces + 1, sizeof *pieces);
	enum status s = partial ? OK : check_values(fill, values, n, reterr);
	size_t bytes = 0;
	char *at;

	if (s != OK)
		return s;
	if (!pieces)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "a template");
	s = replace(arena, pieces, fill, values, n, partial, bytes_max, &bytes, reterr);
	if (s != OK)
		return s;
	if (bytes > bytes_max)
		return error_field(reterr, INVALID_ARGUMENT, "field_too_long", "variables",
				   "with these values the text has more than %zu bytes", bytes_max);
	at = arena_alloc(arena, bytes + 1);
	if (!at)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "a template");
	*ret = at;
	for (size_t i = 0; i < fill->n_pieces; i++) {
		memcpy(at, pieces[i].text, pieces[i].len);
		at += pieces[i].len;
	}
	*at = '\0';
	return OK;
}
