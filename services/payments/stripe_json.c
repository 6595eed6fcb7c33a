/* Stripe's JSON as a tree. Parts that no tree can hold become null or U+FFFD. */
#include "payments/stripe.h"
#include "runtime/json/mend.h"

#include <string.h>

#define DEPTH_MAX 32 /* deeper values are null */
#define TEXT_BYTES_MAX (8 << 20)

static json_t *value_of(struct peek value, int32_t depth);

/* In *out, emptied before. */
static const char *text_of(struct peek string, struct buf *out)
{
	struct mend mend = {0};

	buf_clear(out);
	mend_add(&mend, string, out);
	mend_end(&mend, out);
	return buf_text(out);
}

static json_t *object_of(struct peek object, int32_t depth)
{
	_cleanup_(buf_done) struct buf text;
	json_t *made = json_object();
	struct peek key, value;

	buf_init(&text, TEXT_BYTES_MAX);
	while (peek_next_member(&object, &key, &value)) {
		json_t *member = value_of(value, depth); /* before text is needed again */

		json_object_set_new(made, text_of(key, &text), member);
	}
	return made;
}

static json_t *array_of(struct peek array, int32_t depth)
{
	json_t *made = json_array();
	struct peek element;

	while (peek_next(&array, &element))
		json_array_append_new(made, value_of(element, depth));
	return made;
}

static json_t *string_of(struct peek string)
{
	_cleanup_(buf_done) struct buf text;

	buf_init(&text, TEXT_BYTES_MAX);
	return json_string(text_of(string, &text));
}

static json_t *value_of(struct peek value, int32_t depth)
{
	int64_t number;

	if (depth == 0)
		return json_null();
	if (peek_is_object(value))
		return object_of(value, depth - 1);
	if (peek_is_array(value))
		return array_of(value, depth - 1);
	if (peek_is_string(value))
		return string_of(value);
	if (peek_number(value, &number))
		return json_integer(number);
	if (*value.at == 't' || *value.at == 'f')
		return json_boolean(*value.at == 't');
	return json_null();
}

json_t *stripe_read(const void *text, size_t len)
{
	struct peek object;

	return peek_object(text, len, &object) ? object_of(object, DEPTH_MAX) : NULL;
}
