/* Objects into messages. The tree of jansson is walked by the message's descriptor; every step
 * knows its place, so an error names it. */
#include "runtime/json/reader.h"

#include <stdio.h>
#include <string.h>

static enum status read_object(struct json_reader *reader, const struct json_place *place,
			       const struct json_message_rule *rule, const json_t *object,
			       ProtobufCMessage *message, const struct json_read_options *options);

ProtobufCMessage *json_message_new(const struct json_message_rule *rule, struct arena *arena)
{
	ProtobufCMessage *message = arena_alloc(arena, rule->descriptor->sizeof_message);

	if (message)
		protobuf_c_message_init(rule->descriptor, message);
	return message;
}

/* Fields that never travel in a JSON text. */
static bool is_hidden(const struct json_field_rule *rule)
{
	return rule->flags & (JSON_COOKIE | JSON_HEADER | JSON_LOCATION);
}

static int32_t field_find(const struct json_message_rule *rule, const char *name, size_t len)
{
	const ProtobufCMessageDescriptor *descriptor = rule->descriptor;

	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const char *json_name = rule->fields[i].json_name;
		const char *proto_name = descriptor->fields[i].name;

		if ((strncmp(json_name, name, len) == 0 && !json_name[len]) ||
		    (strncmp(proto_name, name, len) == 0 && !proto_name[len]))
			return is_hidden(&rule->fields[i]) ? -1 : (int32_t)i;
	}
	return -1;
}

/* ------------------------------------------------------------------ one field */

/* A message of any form. A wrapper's value obeys the rule of the field that holds the wrapper. */
static enum status read_message(struct json_reader *reader, const struct json_place *place,
				const struct json_field_rule *field_rule, const json_t *value,
				ProtobufCMessage **to)
{
	const struct json_message_rule *rule = field_rule->message;
	ProtobufCMessage *message = json_message_new(rule, reader->arena);

	if (!message)
		return place_full(reader);
	*to = message;
	if (rule->form == JSON_FORM_WRAPPER)
		return json_read_scalar(reader, place, &rule->descriptor->fields[0], field_rule,
					value, field_at(message, &rule->descriptor->fields[0]));
	if (rule->form == JSON_FORM_OBJECT)
		return read_object(reader, place, rule, value, message, NULL);
	return json_read_special(reader, place, rule, value, message);
}

static enum status read_value(struct json_reader *reader, const struct json_place *place,
			      const ProtobufCFieldDescriptor *field,
			      const struct json_field_rule *rule, const json_t *value, void *to)
{
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return read_message(reader, place, rule, value, to);
	return json_read_scalar(reader, place, field, rule, value, to);
}

static enum status read_array(struct json_reader *reader, const struct json_place *place,
			      const ProtobufCFieldDescriptor *field,
			      const struct json_field_rule *rule, const json_t *array,
			      ProtobufCMessage *message)
{
	size_t n = json_array_size(array), size = json_value_size(field->type);
	uint8_t *values;

	if (!json_is_array(array))
		return place_fail(reader, place, "field_invalid", "must be an array");
	if (n == 0)
		return OK;
	values = arena_array(reader->arena, n, size);
	if (!values)
		return place_full(reader);
	for (size_t i = 0; i < n; i++) {
		struct json_place element = {place, NULL, i};
		enum status s = read_value(reader, &element, field, rule, json_array_get(array, i),
					   values + i * size);

		if (s != OK)
			return s;
	}
	*count_of(message, field) = n;
	*(void **)field_at(message, field) = values;
	return OK;
}

/* {"a": 1} → entries {key: "a", value: 1}. A key is always text, whatever its type. */
static enum status read_map(struct json_reader *reader, const struct json_place *place,
			    const ProtobufCFieldDescriptor *field,
			    const struct json_message_rule *entry_rule, const json_t *object,
			    ProtobufCMessage *message)
{
	const ProtobufCFieldDescriptor *entry_fields = entry_rule->descriptor->fields;
	struct json_reader key_reader = *reader;
	ProtobufCMessage **entries;
	const char *key;
	json_t *value;
	size_t i = 0;

	if (!json_is_object(object))
		return place_fail(reader, place, "field_invalid", "must be an object");
	entries = arena_array(reader->arena, json_object_size(object), sizeof *entries);
	if (!entries)
		return place_full(reader);
	key_reader.text = NULL; /* booleans and numbers come as text here */
	json_object_foreach((json_t *)object, key, value)
	{
		struct json_place member = {place, key, i};
		json_t *key_value = json_string(key);
		enum status s;

		entries[i] = json_message_new(entry_rule, reader->arena);
		if (!entries[i] || !key_value) {
			json_decref(key_value);
			return place_full(reader);
		}
		s = json_read_scalar(&key_reader, &member, &entry_fields[0], &entry_rule->fields[0],
				     key_value, field_at(entries[i], &entry_fields[0]));
		json_decref(key_value);
		if (s == OK)
			s = read_value(reader, &member, &entry_fields[1], &entry_rule->fields[1],
				       value, field_at(entries[i], &entry_fields[1]));
		if (s != OK)
			return s;
		i++;
	}
	*count_of(message, field) = i;
	*(void **)field_at(message, field) = entries;
	return OK;
}

static enum status read_field(struct json_reader *reader, const struct json_place *place,
			      const ProtobufCFieldDescriptor *field,
			      const struct json_field_rule *rule, const json_t *value,
			      ProtobufCMessage *message)
{
	if (json_is_null(value) && !(rule->flags & JSON_RAW))
		return OK; /* null is absence */
	if (rule->flags & JSON_MAP)
		return read_map(reader, place, field, rule->message, value, message);
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return read_array(reader, place, field, rule, value, message);
	if (in_oneof(field)) {
		if (*case_of(message, field) != 0)
			return place_fail(reader, place, "field_invalid",
					  "excludes another field that is set");
		*case_of(message, field) = field->id;
	}
	return read_value(reader, place, field, rule, value, field_at(message, field));
}

/* ------------------------------------------------------------------ objects */

static enum status fill_update_mask(struct json_reader *reader,
				    const struct json_message_rule *rule, const bool *seen,
				    ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *descriptor = rule->descriptor;
	const ProtobufCFieldDescriptor *field = &descriptor->fields[rule->update_mask_field];
	const struct json_message_rule *mask_rule = rule->fields[rule->update_mask_field].message;
	ProtobufCMessage *mask = json_message_new(mask_rule, reader->arena);
	const char **paths = arena_array(reader->arena, descriptor->n_fields, sizeof *paths);
	size_t n = 0;

	if (!mask || !paths)
		return place_full(reader);
	for (unsigned i = 0; i < descriptor->n_fields; i++)
		if (seen[i])
			paths[n++] = descriptor->fields[i].name;
	*count_of(mask, &mask_rule->descriptor->fields[0]) = n;
	*(const char ***)field_at(mask, &mask_rule->descriptor->fields[0]) = paths;
	*(ProtobufCMessage **)field_at(message, field) = mask;
	return OK;
}

static enum status read_member(struct json_reader *reader, const struct json_place *place,
			       const struct json_message_rule *rule, const json_t *value,
			       ProtobufCMessage *message, const struct json_read_options *top,
			       bool *seen)
{
	int32_t i = field_find(rule, place->name, strlen(place->name));

	if (i >= 0 && top &&
	    (i == top->skip_field || (top->update_mask && i == rule->update_mask_field)))
		i = -1;
	if (i < 0 && reader->options->ignore_unknown)
		return OK;
	if (i < 0)
		return place_fail(reader, place, "field_unknown", "there is no such field");
	if (seen[i])
		return place_fail(reader, place, "field_invalid", "is given twice");
	seen[i] = true;
	return read_field(reader, place, &rule->descriptor->fields[i], &rule->fields[i], value,
			  message);
}

/* options: of the outermost object, else NULL. */
static enum status read_object(struct json_reader *reader, const struct json_place *place,
			       const struct json_message_rule *rule, const json_t *object,
			       ProtobufCMessage *message, const struct json_read_options *options)
{
	bool *seen = arena_array(reader->arena, rule->descriptor->n_fields, sizeof *seen);
	struct json_place member = {.parent = place};
	json_t *value;

	if (!seen)
		return place_full(reader);
	if (!json_is_object(object))
		return place_fail(reader, place, "field_invalid", "must be an object");
	json_object_foreach((json_t *)object, member.name, value)
	{
		enum status s = read_member(reader, &member, rule, value, message, options, seen);

		if (s != OK)
			return s;
		member.ordinal++;
	}
	if (options && options->update_mask && rule->update_mask_field >= 0)
		return fill_update_mask(reader, rule, seen, message);
	return OK;
}

static enum status finish(struct json_reader *reader, enum status s)
{
	return s == OK && reader->arena->exhausted ? place_full(reader) : s;
}

enum status json_read(const struct json_message_rule *rule, ProtobufCMessage *message,
		      const void *text, size_t len, const struct json_read_options *options,
		      struct arena *arena, struct error *reterr)
{
	static const char empty_object[] = "{}";
	_cleanup_(json_decrefp_) json_t *root = NULL;
	struct json_place whole = {0};
	struct json_reader reader = {
		.options = options,
		.text = len ? text : empty_object,
		.len = len ? len : strlen(empty_object),
		.arena = arena,
		.err = reterr,
	};
	enum status s;

	if (len == 0 && !options->update_mask)
		return OK; /* most requests: nothing to read */
	s = text_parse(&reader, &root);
	if (s == OK)
		s = read_object(&reader, &whole, rule, root, message, options);
	return finish(&reader, s);
}

enum status json_read_field(const struct json_message_rule *rule, ProtobufCMessage *message,
			    int32_t field, const void *text, size_t len,
			    const struct json_read_options *options, struct arena *arena,
			    struct error *reterr)
{
	_cleanup_(json_decrefp_) json_t *root = NULL;
	struct json_place whole = {0};
	struct json_reader reader = {
		.options = options, .text = text, .len = len, .arena = arena, .err = reterr};
	enum status s = text_parse(&reader, &root);

	if (s == OK)
		s = read_field(&reader, &whole, &rule->descriptor->fields[field],
			       &rule->fields[field], root, message);
	return finish(&reader, s);
}

/* ------------------------------------------------------------------ binding of single texts */

/* Puts one more element behind a repeated field. Its array doubles at powers of two. */
static enum status append_element(struct json_reader *reader, const struct json_place *place,
				  const ProtobufCFieldDescriptor *field,
				  const struct json_field_rule *rule, const json_t *value,
				  ProtobufCMessage *message)
{
	size_t n = *count_of(message, field), size = json_value_size(field->type);
	uint8_t **values = field_at(message, field);
	enum status s;

	if ((n & (n - 1)) == 0) {
		uint8_t *grown = arena_array(reader->arena, n ? 2 * n : 1, size);

		if (!grown)
			return place_full(reader);
		if (n)
			memcpy(grown, *values, n * size);
		*values = grown;
	}
	s = read_value(reader, place, field, rule, value, *values + n * size);
	if (s == OK)
		*count_of(message, field) = n + 1;
	return s;
}

/* Was a single field set already? Zero values do not tell, so a repeated zero is let pass. */
static bool is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	static const uint8_t zero[sizeof(ProtobufCBinaryData)];

	if (in_oneof(field))
		return *case_of(message, field) != 0;
	if (field->type == PROTOBUF_C_TYPE_STRING) {
		const char *text = *(char **)field_at(message, field);

		return text && *text;
	}
	return memcmp(field_at(message, field), zero, json_value_size(field->type)) != 0;
}

static enum status bind_text(struct json_reader *reader, const struct json_place *place,
			     const struct json_message_rule *rule, int32_t field_index,
			     const char *text, ProtobufCMessage *message)
{
	const ProtobufCFieldDescriptor *field = &rule->descriptor->fields[field_index];
	const struct json_field_rule *field_rule = &rule->fields[field_index];
	_cleanup_(json_decrefp_) json_t *value = json_string_nocheck(text);

	if (!value)
		return place_full(reader);
	if (field_rule->message && field_rule->message->form == JSON_FORM_OBJECT)
		return place_fail(reader, place, "field_unknown", "has parts of its own");
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return append_element(reader, place, field, field_rule, value, message);
	if (is_set(message, field))
		return place_fail(reader, place, "field_invalid", "is given twice");
	return read_field(reader, place, field, field_rule, value, message);
}

enum status json_bind(const struct json_message_rule *rule, ProtobufCMessage *message,
		      const char *path, const char *value, struct arena *arena,
		      struct error *reterr)
{
	static const struct json_read_options options = {.skip_field = -1};
	struct json_reader reader = {.options = &options, .arena = arena, .err = reterr};
	struct json_place whole = {0}, place = {&whole, path, 0};

	for (;;) {
		size_t len = strcspn(path, ".");
		int32_t i = field_find(rule, path, len);
		const ProtobufCFieldDescriptor *field;
		ProtobufCMessage **inner;

		if (i < 0)
			return place_fail(&reader, &place, "field_unknown",
					  "there is no such field");
		if (!path[len])
			return finish(&reader, bind_text(&reader, &place, rule, i, value, message));
		field = &rule->descriptor->fields[i];
		rule = rule->fields[i].message;
		if (!rule || field->label == PROTOBUF_C_LABEL_REPEATED || in_oneof(field))
			return place_fail(&reader, &place, "field_unknown",
					  "there is no such field");
		inner = field_at(message, field);
		if (!*inner)
			*inner = json_message_new(rule, arena);
		if (!*inner)
			return place_full(&reader);
		message = *inner;
		path += len + 1;
	}
}

enum status json_bind_field(const struct json_message_rule *rule, ProtobufCMessage *message,
			    int32_t field, const char *value, struct arena *arena,
			    struct error *reterr)
{
	static const struct json_read_options options = {.skip_field = -1};
	struct json_reader reader = {.options = &options, .arena = arena, .err = reterr};
	struct json_place whole = {0}, place = {&whole, rule->fields[field].json_name, 0};

	return finish(&reader, bind_text(&reader, &place, rule, field, value, message));
}
