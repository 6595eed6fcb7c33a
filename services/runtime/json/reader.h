/* Shared by the reading files of json. */
#ifndef RUNTIME_JSON_READER_H
#define RUNTIME_JSON_READER_H

#include "runtime/json/json.h"

#include <jansson.h>

/* A value's place in the text that is read, for paths in errors and for slices of the text. */
struct json_place {
	const struct json_place *parent; /* NULL: the whole text */
	const char *name;                /* member of an object; NULL: element of an array */
	size_t ordinal;                  /* which member or element, from 0 */
};

struct json_reader {
	const struct json_read_options *options;
	const char *text; /* valid JSON; NULL: values come from a query */
	size_t len;
	struct arena *arena;
	struct error *err;
};

/* Address of a field in a message. */
static inline void *field_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	return (uint8_t *)message + field->offset;
}

/* n_ of a repeated field, or the case of a oneof. */
static inline size_t *count_of(const ProtobufCMessage *message,
			       const ProtobufCFieldDescriptor *field)
{
	return (size_t *)((uint8_t *)message + field->quantifier_offset);
}

static inline uint32_t *case_of(const ProtobufCMessage *message,
				const ProtobufCFieldDescriptor *field)
{
	return (uint32_t *)((uint8_t *)message + field->quantifier_offset);
}

static inline bool in_oneof(const ProtobufCFieldDescriptor *field)
{
	return field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
}

/* Bytes of one value of a type, as protobuf-c keeps it. */
size_t json_value_size(ProtobufCType type);

/* ------------------------------------------------------------------ place.c */

_must_check_ _printf_(4, 5) enum status
	place_fail(struct json_reader *reader, const struct json_place *place, const char *reason,
		   const char *format, ...);
_must_check_ enum status place_full(struct json_reader *reader);

/* The text of the value at place, as it was written. */
void place_slice(const struct json_reader *reader, const struct json_place *place,
		 const char **ret_text, size_t *ret_len);

/* ------------------------------------------------------------------ text.c */

/* Parses with jansson under our limits. *ret_text is what was parsed: text, or a copy in which
 * ill-formed characters have become NUL so that their field can be named. */
_must_check_ enum status text_parse(struct json_reader *reader, json_t **ret);

/* ------------------------------------------------------------------ read_value.c */

/* One value that is not a message of form OBJECT, at `to`. */
_must_check_ enum status json_read_scalar(struct json_reader *reader,
					  const struct json_place *place,
					  const ProtobufCFieldDescriptor *field,
					  const struct json_field_rule *rule, const json_t *value,
					  void *to);

/* A Timestamp, Duration or FieldMask out of its text. */
_must_check_ enum status json_read_special(struct json_reader *reader,
					   const struct json_place *place,
					   const struct json_message_rule *rule,
					   const json_t *value, ProtobufCMessage *message);

static inline void json_decrefp_(json_t **json)
{
	json_decref(*json);
}

#endif
