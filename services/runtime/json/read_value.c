/* Single values: numbers, text, bytes, enums, and the well-known types that look like text. */
#include "runtime/base/clock.h"
#include "runtime/base/text.h"
#include "runtime/base/uuid.h"
#include "runtime/json/reader.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define DURATION_SECONDS_MAX 315576000000LL    /* 10,000 years, as duration.proto says */
#define TIMESTAMP_SECONDS_MIN (-62135596800LL) /* year 1 */
#define TIMESTAMP_SECONDS_MAX 253402300799LL   /* year 9999 */

#define TWO_TO_63 9223372036854775808.0

size_t json_value_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return 4;
	}
}

static enum status invalid(struct json_reader *reader, const struct json_place *place,
			   const char *wanted)
{
	return place_fail(reader, place, "field_invalid", "must be %s", wanted);
}

/* ------------------------------------------------------------------ numbers */

static bool integer_of(const json_t *value, int64_t min, int64_t max, int64_t *ret)
{
	double real;

	if (json_is_string(value))
		return text_parse_i64(json_string_value(value), json_string_length(value), min, max,
				      ret);
	if (json_is_integer(value)) {
		*ret = json_integer_value(value);
		return *ret >= min && *ret <= max;
	}
	if (!json_is_real(value)) /* 1.0 and 1e3 are integers too */
		return false;
	real = json_real_value(value);
	if (real != trunc(real) || real < -TWO_TO_63 || real >= TWO_TO_63)
		return false;
	*ret = (int64_t)real;
	return *ret >= min && *ret <= max;
}

static bool unsigned_of(const json_t *value, uint64_t *ret)
{
	const char *text = json_string_value(value);
	int64_t number;
	char *end;

	if (!text) {
		if (!integer_of(value, 0, INT64_MAX, &number))
			return false;
		*ret = (uint64_t)number;
		return true;
	}
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return isdigit((unsigned char)*text) && !*end && errno == 0;
}

static bool real_of(const json_t *value, double *ret)
{
	const char *text = json_string_value(value);
	char *end;

	if (json_is_number(value)) {
		*ret = json_number_value(value);
		return true;
	}
	if (!text || !*text || isspace((unsigned char)*text))
		return false;
	if (strspn(text, "0123456789+-.eE") != strlen(text) && strcmp(text, "NaN") != 0 &&
	    strcmp(text, "Infinity") != 0 && strcmp(text, "-Infinity") != 0)
		return false;
	*ret = strtod(text, &end);
	return !*end;
}

static enum status check_range(struct json_reader *reader, const struct json_place *place,
			       const struct json_field_rule *rule, double number)
{
	if (!rule->ranged || (number >= (double)rule->min && number <= (double)rule->max))
		return OK;
	return place_fail(reader, place, "field_invalid",
			  "must be between %" PRId64 " and %" PRId64, rule->min, rule->max);
}

static enum status read_integer(struct json_reader *reader, const struct json_place *place,
				const struct json_field_rule *rule, const json_t *value,
				size_t size, bool is_unsigned, void *to)
{
	int64_t min = size == 8 ? INT64_MIN : is_unsigned ? 0 : INT32_MIN;
	int64_t max = size == 8 ? INT64_MAX : is_unsigned ? UINT32_MAX : INT32_MAX;
	uint64_t unsigned_number;
	int64_t number = 0;
	enum status s;

	if (size == 8 && is_unsigned) {
		if (!unsigned_of(value, &unsigned_number))
			return invalid(reader, place, "a whole number of 64 bits, 0 or more");
		memcpy(to, &unsigned_number, 8);
		return check_range(reader, place, rule, (double)unsigned_number);
	}
	if (!integer_of(value, min, max, &number))
		return invalid(reader, place,
			       size == 8     ? "a whole number of 64 bits"
			       : is_unsigned ? "a whole number of 32 bits, 0 or more"
					     : "a whole number of 32 bits");
	if (rule->ranged && (number < rule->min || number > rule->max)) {
		s = check_range(reader, place, rule, (double)number);
		return s != OK ? s : invalid(reader, place, "in range");
	}
	if (size == 8)
		memcpy(to, &number, 8);
	else
		memcpy(to, &(int32_t){(int32_t)number}, 4);
	return OK;
}

static enum status read_real(struct json_reader *reader, const struct json_place *place,
			     const struct json_field_rule *rule, const json_t *value, bool single,
			     void *to)
{
	double number;

	if (!real_of(value, &number))
		return invalid(reader, place, "a number");
	if (single && isfinite(number) && fabs(number) > (double)__FLT_MAX__)
		return invalid(reader, place, "a number of 32 bits");
	if (number == 0)
		number = 0; /* protobuf-c takes -0 for the default and does not send it */
	if (single)
		*(float *)to = (float)number;
	else
		*(double *)to = number;
	return check_range(reader, place, rule, number);
}

static enum status read_bool(struct json_reader *reader, const struct json_place *place,
			     const json_t *value, protobuf_c_boolean *to)
{
	const char *text = reader->text ? NULL : json_string_value(value);

	if (json_is_boolean(value))
		*to = json_is_true(value);
	else if (text && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
		*to = *text == 't';
	else
		return invalid(reader, place, "true or false");
	return OK;
}

static enum status read_enum(struct json_reader *reader, const struct json_place *place,
			     const ProtobufCEnumDescriptor *descriptor, const json_t *value,
			     int *to)
{
	const ProtobufCEnumValue *found = NULL;
	int64_t number;

	if (json_is_string(value))
		found = protobuf_c_enum_descriptor_get_value_by_name(descriptor,
								     json_string_value(value));
	if (!found && (!json_is_string(value) || !reader->text) &&
	    integer_of(value, INT32_MIN, INT32_MAX, &number))
		found = protobuf_c_enum_descriptor_get_value(descriptor, (int)number);
	if (!found)
		return place_fail(reader, place, "field_invalid", "is not a value of %s",
				  descriptor->short_name);
	*to = found->value;
	return OK;
}

/* ------------------------------------------------------------------ text and bytes */

static enum status check_length(struct json_reader *reader, const struct json_place *place,
				const struct json_field_rule *rule, size_t len)
{
	if (rule->max_bytes == 0 || len <= rule->max_bytes)
		return OK;
	return place_fail(reader, place, "field_too_long", "may have %" PRIu32 " bytes, has %zu",
			  rule->max_bytes, len);
}

static enum status read_text(struct json_reader *reader, const struct json_place *place,
			     const struct json_field_rule *rule, const json_t *value, char **to)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);
	enum status s;

	if (!text)
		return invalid(reader, place, "text");
	if (memchr(text, 0, len) || !text_is_utf8(text, len))
		return place_fail(reader, place, "text_invalid",
				  "must be UTF-8 without NUL and lone surrogates");
	s = check_length(reader, place, rule, len);
	if (s != OK)
		return s;
	if (rule->flags & JSON_UUID && len && !uuid_valid(text))
		return invalid(reader, place, "a UUID");
	*to = arena_strndup(reader->arena, text, len);
	for (char *p = *to; rule->flags & JSON_UUID && *p; p++)
		*p = (char)tolower((unsigned char)*p); /* one spelling of an id */
	return OK;
}

/* Does foreign JSON hold a NUL, which no service takes? */
static bool holds_nul(const json_t *value)
{
	const char *key;
	const json_t *member;
	size_t i;

	if (json_is_string(value))
		return strlen(json_string_value(value)) != json_string_length(value);
	json_object_foreach((json_t *)value, key, member)
	{
		if (holds_nul(member))
			return true;
	}
	json_array_foreach((json_t *)value, i, member)
	{
		if (holds_nul(member))
			return true;
	}
	return false;
}

static enum status read_bytes(struct json_reader *reader, const struct json_place *place,
			      const struct json_field_rule *rule, const json_t *value,
			      ProtobufCBinaryData *to)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (rule->flags & JSON_RAW && reader->text) {
		place_slice(reader, place, &text, &len);
		if (holds_nul(value))
			return place_fail(reader, place, "text_invalid",
					  "must be UTF-8 without NUL and lone surrogates");
		to->data = (uint8_t *)arena_strndup(reader->arena, text, len);
		to->len = len;
	} else {
		if (!text)
			return invalid(reader, place, "base64");
		to->data = base64_decode(reader->arena, text, len, &to->len);
		if (!to->data)
			return reader->arena->exhausted ? place_full(reader)
							: invalid(reader, place, "base64");
	}
	return check_length(reader, place, rule, to->len);
}

enum status json_read_scalar(struct json_reader *reader, const struct json_place *place,
			     const ProtobufCFieldDescriptor *field,
			     const struct json_field_rule *rule, const json_t *value, void *to)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return read_text(reader, place, rule, value, to);
	case PROTOBUF_C_TYPE_BYTES:
		return read_bytes(reader, place, rule, value, to);
	case PROTOBUF_C_TYPE_BOOL:
		return read_bool(reader, place, value, to);
	case PROTOBUF_C_TYPE_ENUM:
		return read_enum(reader, place, field->descriptor, value, to);
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		return read_real(reader, place, rule, value, field->type == PROTOBUF_C_TYPE_FLOAT,
				 to);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return read_integer(reader, place, rule, value, json_value_size(field->type), true,
				    to);
	default:
		return read_integer(reader, place, rule, value, json_value_size(field->type), false,
				    to);
	}
}

/* --------------------------------------------------------------- Timestamp, Duration, FieldMask */

/* Timestamp and Duration have the same two fields. */
static void set_time(ProtobufCMessage *message, int64_t seconds, int32_t nanos)
{
	const ProtobufCFieldDescriptor *fields = message->descriptor->fields;

	*(int64_t *)field_at(message, &fields[0]) = seconds;
	*(int32_t *)field_at(message, &fields[1]) = nanos;
}

static bool read_timestamp(const char *text, size_t len, ProtobufCMessage *message)
{
	int64_t us, seconds, rest;

	if (clock_parse_rfc3339(text, len, &us) != 0)
		return false;
	seconds = us / US_PER_S;
	rest = us % US_PER_S;
	if (rest < 0) { /* nanos count forward, before 1970 too */
		seconds--;
		rest += US_PER_S;
	}
	if (seconds < TIMESTAMP_SECONDS_MIN || seconds > TIMESTAMP_SECONDS_MAX)
		return false;
	set_time(message, seconds, (int32_t)rest * 1000);
	return true;
}

/* "-1.5s": digits, maybe up to nine behind a point, and an s. */
static bool read_duration(const char *text, size_t len, ProtobufCMessage *message)
{
	bool negative = len && *text == '-';
	const char *point = memchr(text, '.', len);
	size_t digits = point ? (size_t)(point - text) : len - 1;
	int32_t nanos = 0;
	int64_t seconds;

	if (len < 2 || text[len - 1] != 's')
		return false;
	if (digits <= negative ||
	    !text_parse_i64(text + negative, digits - negative, 0, DURATION_SECONDS_MAX, &seconds))
		return false;
	if (point) {
		size_t n = len - digits - 2;

		if (n < 1 || n > 9)
			return false;
		for (size_t i = 1; i <= 9; i++) {
			if (i <= n && !isdigit((unsigned char)point[i]))
				return false;
			nanos = nanos * 10 + (i <= n ? point[i] - '0' : 0);
		}
	}
	set_time(message, negative ? -seconds : seconds, negative ? -nanos : nanos);
	return true;
}

/* "title,defaultModel" → {"title", "default_model"}. */
static bool read_field_mask(struct json_reader *reader, const char *text, ProtobufCMessage *message)
{
	const ProtobufCFieldDescriptor *field = &message->descriptor->fields[0];
	size_t n = *text ? 1 : 0, len = strlen(text), k = 0;
	char **paths, *to;

	for (const char *p = text; *p; p++)
		n += *p == ',';
	paths = arena_array(reader->arena, n, sizeof *paths);
	to = arena_alloc(reader->arena, 2 * len + 1);
	if (!paths || !to)
		return false;
	for (const char *p = text; *p; p++) {
		if (p == text || p[-1] == ',')
			paths[k++] = to;
		if (isupper((unsigned char)*p))
			*to++ = '_';
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '.' && *p != ',')
			return false;
		*to++ = *p == ',' ? '\0' : (char)tolower((unsigned char)*p);
	}
	*to = '\0';
	if (len && text[len - 1] == ',')
		return false;
	*count_of(message, field) = n;
	*(char ***)field_at(message, field) = paths;
	return true;
}

enum status json_read_special(struct json_reader *reader, const struct json_place *place,
			      const struct json_message_rule *rule, const json_t *value,
			      ProtobufCMessage *message)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);
	bool plain = text && !memchr(text, 0, len);

	switch (rule->form) {
	case JSON_FORM_TIMESTAMP:
		if (plain && read_timestamp(text, len, message))
			return OK;
		return invalid(reader, place, "a time such as \"2026-11-21T10:58:00Z\"");
	case JSON_FORM_DURATION:
		if (plain && read_duration(text, len, message))
			return OK;
		return invalid(reader, place, "a duration such as \"1.5s\"");
	case JSON_FORM_FIELD_MASK:
		if (plain && read_field_mask(reader, text, message))
			return OK;
		if (reader->arena->exhausted)
			return place_full(reader);
		return invalid(reader, place, "field names with commas between them");
	default:
		return invalid(reader, place, "absent: it cannot be written as JSON");
	}
}
