/* Messages into JSON text, straight into a buffer. */
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/json/reader.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct writer {
	struct buf *out;
	enum json_dialect dialect;
};

static void write_message(struct writer *writer, const struct json_message_rule *rule,
			  const ProtobufCMessage *message);

/* ------------------------------------------------------------------ text */

static size_t utf8_length(const char *p, size_t len)
{
	size_t n = (uint8_t)*p < 0xe0 ? 2 : (uint8_t)*p < 0xf0 ? 3 : 4;

	return n <= len && text_is_utf8(p, n) ? n : 0;
}

static void write_escaped(struct buf *out, uint8_t c)
{
	static const char names[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
	const char *name = c ? strchr(names, c) : NULL;

	if (name) {
		buf_addc(out, '\\');
		buf_addc(out, letters[name - names]);
	} else {
		buf_addf(out, "\\u%04x", c);
	}
}

bool json_write_text(struct buf *out, const char *text, size_t len)
{
	size_t done = 0, i = 0;

	buf_addc(out, '"');
	while (i < len) {
		uint8_t c = (uint8_t)text[i];
		size_t n = c < 0x80 ? 1 : utf8_length(text + i, len - i);

		if (n && c >= ' ' && c != '"' && c != '\\' && c != 0x7f) {
			i += n;
			continue;
		}
		buf_add(out, text + done, i - done);
		if (n)
			write_escaped(out, c);
		else
			buf_adds(out, "\xef\xbf\xbd");
		done = ++i;
	}
	buf_add(out, text + done, len - done);
	return buf_addc(out, '"');
}

static void write_text(struct buf *out, const char *text)
{
	json_write_text(out, text ? text : "", text ? strlen(text) : 0);
}

/* ------------------------------------------------------------------ numbers */

static void write_u64(struct writer *writer, uint64_t value, bool negative, bool wide)
{
	char digits[24];
	char *p = digits + sizeof digits;
	bool quoted = wide && writer->dialect == JSON_PROTO3;

	if (quoted)
		*--p = '"';
	do {
		*--p = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	if (negative)
		*--p = '-';
	if (quoted)
		*--p = '"';
	buf_add(writer->out, p, (size_t)(digits + sizeof digits - p));
}

static void write_i64(struct writer *writer, int64_t value, bool wide)
{
	write_u64(writer, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0, wide);
}

/* The shortest text that reads back as the same number. */
static void write_real(struct buf *out, double value, bool single)
{
	char text[40];

	if (isnan(value) || isinf(value)) {
		buf_adds(out, isnan(value) ? "\"NaN\""
			      : value > 0  ? "\"Infinity\""
					   : "\"-Infinity\"");
		return;
	}
	for (int precision = single ? 6 : 15; precision <= 17; precision++) {
		double back;

		snprintf(text, sizeof text, "%.*g", precision, value);
		back = strtod(text, NULL);
		if (single ? (float)back == (float)value : back == value)
			break;
	}
	buf_adds(out, text);
}

/* ------------------------------------------------------------------ single values */

/* The name; a number that the enum does not know (a newer peer's) as such. */
static void write_enum(struct writer *writer, const ProtobufCEnumDescriptor *descriptor, int value)
{
	const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(descriptor, value);

	if (!found) {
		write_i64(writer, value, false);
		return;
	}
	buf_addc(writer->out, '"');
	buf_adds(writer->out, found->name);
	buf_addc(writer->out, '"');
}

static void write_bytes(struct writer *writer, const struct json_field_rule *rule,
			const ProtobufCBinaryData *bytes)
{
	size_t size = (bytes->len + 2) / 3 * 4;
	struct arena *arena;

	if (rule && rule->flags & JSON_RAW) {
		buf_add(writer->out, bytes->data, bytes->len);
		return;
	}
	arena = arena_new(size + 64, size + 64);
	buf_addc(writer->out, '"');
	buf_adds(writer->out, base64_encode(arena, bytes->data, bytes->len));
	buf_addc(writer->out, '"');
	arena_free(arena);
}

static void write_value(struct writer *writer, const ProtobufCFieldDescriptor *field,
			const struct json_field_rule *rule, const void *at)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		write_text(writer->out, *(char *const *)at);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		write_bytes(writer, rule, at);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		write_message(writer, rule->message, *(ProtobufCMessage *const *)at);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		buf_adds(writer->out, *(const protobuf_c_boolean *)at ? "true" : "false");
		break;
	case PROTOBUF_C_TYPE_ENUM:
		write_enum(writer, field->descriptor, *(const int *)at);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		write_real(writer->out, (double)*(const float *)at, true);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		write_real(writer->out, *(const double *)at, false);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		write_u64(writer, *(const uint32_t *)at, false, false);
		break;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		write_u64(writer, *(const uint64_t *)at, false, true);
		break;
	default:
		if (json_value_size(field->type) == 8)
			write_i64(writer, *(const int64_t *)at, true);
		else
			write_i64(writer, *(const int32_t *)at, false);
	}
}

/* ------------------------------------------------------------------ lists and maps */

static void write_array(struct writer *writer, const ProtobufCFieldDescriptor *field,
			const struct json_field_rule *rule, const uint8_t *values, size_t n)
{
	size_t size = json_value_size(field->type);

	buf_addc(writer->out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(writer->out, ',');
		write_value(writer, field, rule, values + i * size);
	}
	buf_addc(writer->out, ']');
}

static void write_map(struct writer *writer, const struct json_message_rule *entry_rule,
		      ProtobufCMessage *const *entries, size_t n)
{
	const ProtobufCFieldDescriptor *fields = entry_rule->descriptor->fields;
	struct writer plain = {writer->out, JSON_PLAIN};

	buf_addc(writer->out, '{');
	for (size_t i = 0; i < n; i++) {
		bool is_text = fields[0].type == PROTOBUF_C_TYPE_STRING;

		if (i)
			buf_addc(writer->out, ',');
		if (!is_text)
			buf_addc(writer->out, '"');
		write_value(&plain, &fields[0], NULL, field_at(entries[i], &fields[0]));
		buf_adds(writer->out, is_text ? ":" : "\":");
		write_value(writer, &fields[1], &entry_rule->fields[1],
			    field_at(entries[i], &fields[1]));
	}
	buf_addc(writer->out, '}');
}

/* ------------------------------------------------------------------ messages */

static bool is_unspecified(const ProtobufCFieldDescriptor *field, int value)
{
	const ProtobufCEnumValue *found;
	size_t len;

	if (value != 0)
		return false;
	found = protobuf_c_enum_descriptor_get_value(field->descriptor, 0);
	len = found ? strlen(found->name) : 0;
	return len >= 11 && strcmp(found->name + len - 11, "UNSPECIFIED") == 0;
}

/* Is the field part of the object? */
static bool is_written(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
		       const struct json_field_rule *rule)
{
	const void *at = field_at(message, field);

	if (rule->flags & (JSON_COOKIE | JSON_LOCATION | JSON_CURSOR))
		return false;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return true;
	if (in_oneof(field))
		return *case_of(message, field) == field->id;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(ProtobufCMessage *const *)at;
	if (field->type == PROTOBUF_C_TYPE_ENUM)
		return !is_unspecified(field, *(const int *)at);
	if (rule->flags & JSON_RAW)
		return ((const ProtobufCBinaryData *)at)->len > 0;
	return true;
}

static void write_object(struct writer *writer, const struct json_message_rule *rule,
			 const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *descriptor = rule->descriptor;
	char separator = '{';

	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		const struct json_field_rule *field_rule = &rule->fields[i];
		const void *at = field_at(message, field);

		if (!is_written(message, field, field_rule))
			continue;
		buf_addc(writer->out, separator);
		separator = ',';
		buf_addc(writer->out, '"');
		buf_adds(writer->out,
			 writer->dialect == JSON_PLAIN ? field->name : field_rule->json_name);
		buf_add(writer->out, "\":", 2);
		if (field_rule->flags & JSON_MAP)
			write_map(writer, field_rule->message, *(ProtobufCMessage * *const *)at,
				  *count_of(message, field));
		else if (field->label == PROTOBUF_C_LABEL_REPEATED)
			write_array(writer, field, field_rule, *(const uint8_t *const *)at,
				    *count_of(message, field));
		else
			write_value(writer, field, field_rule, at);
	}
	if (separator == '{')
		buf_addc(writer->out, '{');
	buf_addc(writer->out, '}');
}

/* Seconds and nanos of a Timestamp or Duration. */
static void read_time(const ProtobufCMessage *message, int64_t *ret_seconds, int32_t *ret_nanos)
{
	*ret_seconds = *(const int64_t *)field_at(message, &message->descriptor->fields[0]);
	*ret_nanos = *(const int32_t *)field_at(message, &message->descriptor->fields[1]);
}

static void write_timestamp(struct buf *out, const ProtobufCMessage *message)
{
	char text[CLOCK_RFC3339_SIZE];
	int64_t seconds;
	int32_t nanos;

	read_time(message, &seconds, &nanos);
	clock_rfc3339(seconds * US_PER_S + nanos / 1000, text);
	buf_addf(out, "\"%s\"", text);
}

static void write_duration(struct buf *out, const ProtobufCMessage *message)
{
	int64_t seconds;
	int32_t nanos;

	read_time(message, &seconds, &nanos);
	buf_addf(out, "\"%s%" PRIu64, seconds < 0 || nanos < 0 ? "-" : "",
		 seconds < 0 ? -(uint64_t)seconds : (uint64_t)seconds);
	if (nanos)
		buf_addf(out, ".%09d", abs(nanos));
	buf_adds(out, "s\"");
}

static void write_field_mask(struct buf *out, const ProtobufCMessage *message)
{
	const ProtobufCFieldDescriptor *field = &message->descriptor->fields[0];
	char *const *paths = *(char **const *)field_at(message, field);

	buf_addc(out, '"');
	for (size_t i = 0; i < *count_of(message, field); i++) {
		if (i)
			buf_addc(out, ',');
		for (const char *p = paths[i]; *p; p++) {
			bool upper = p[0] == '_' && islower((unsigned char)p[1]);

			buf_addc(out, upper ? (char)toupper((unsigned char)*++p) : *p);
		}
	}
	buf_addc(out, '"');
}

static void write_message(struct writer *writer, const struct json_message_rule *rule,
			  const ProtobufCMessage *message)
{
	const ProtobufCFieldDescriptor *fields = rule->descriptor->fields;

	switch (rule->form) {
	case JSON_FORM_TIMESTAMP:
		write_timestamp(writer->out, message);
		break;
	case JSON_FORM_DURATION:
		write_duration(writer->out, message);
		break;
	case JSON_FORM_FIELD_MASK:
		write_field_mask(writer->out, message);
		break;
	case JSON_FORM_WRAPPER:
		write_value(writer, &fields[0], NULL, field_at(message, &fields[0]));
		break;
	default:
		write_object(writer, rule, message);
	}
}

bool json_write(const struct json_message_rule *rule, const ProtobufCMessage *message,
		enum json_dialect dialect, struct buf *out)
{
	struct writer writer = {out, dialect};

	ensure(message->descriptor == rule->descriptor);
	write_message(&writer, rule, message);
	return !out->overflow;
}
