/* Checks that need the whole message, and reading single fields back. */
#include "runtime/json/reader.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The field's value, or NULL when it is absent, empty or not the active case. */
static const void *present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const void *at = field_at(message, field);
	static const uint8_t zero[sizeof(ProtobufCBinaryData)];

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *count_of(message, field) ? at : NULL;
	if (in_oneof(field))
		return *case_of(message, field) == field->id ? at : NULL;
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return *(const char *const *)at && **(const char *const *)at ? at : NULL;
	if (field->type == PROTOBUF_C_TYPE_BYTES)
		return ((const ProtobufCBinaryData *)at)->len ? at : NULL;
	return memcmp(at, zero, json_value_size(field->type)) ? at : NULL;
}

static enum status check_message(struct json_reader *reader, const struct json_place *place,
				 const struct json_message_rule *rule,
				 const ProtobufCMessage *message);

/* A field that is there. */
static enum status check_field(struct json_reader *reader, const struct json_place *place,
			       const ProtobufCMessage *message,
			       const ProtobufCFieldDescriptor *field,
			       const struct json_message_rule *rule)
{
	const void *at = field_at(message, field);
	ProtobufCMessage *const *elements;
	enum status s = OK;

	if (!rule || rule->form != JSON_FORM_OBJECT)
		return OK;
	if (field->label != PROTOBUF_C_LABEL_REPEATED)
		return check_message(reader, place, rule, *(ProtobufCMessage *const *)at);
	elements = *(void *const *)at;
	for (size_t i = 0; i < *count_of(message, field) && s == OK; i++) {
		struct json_place element = {place, NULL, i};

		s = check_message(reader, &element, rule, elements[i]);
	}
	return s;
}

static enum status check_message(struct json_reader *reader, const struct json_place *place,
				 const struct json_message_rule *rule,
				 const ProtobufCMessage *message)
{
	for (unsigned i = 0; i < rule->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &rule->descriptor->fields[i];
		struct json_place member = {place, rule->fields[i].json_name, i};
		enum status s = OK;

		if (present(message, field))
			s = check_field(reader, &member, message, field, rule->fields[i].message);
		else if (rule->fields[i].flags & JSON_REQUIRED)
			s = place_fail(reader, &member, "field_required", "must be given");
		if (s != OK)
			return s;
	}
	return OK;
}

enum status json_check_required(const struct json_message_rule *rule,
				const ProtobufCMessage *message, struct error *reterr)
{
	struct json_reader reader = {.err = reterr};
	struct json_place whole = {0};

	return check_message(&reader, &whole, rule, message);
}

static bool is_name(const char *name, const char *text, size_t len)
{
	return strncmp(name, text, len) == 0 && !name[len];
}

void json_path_spell(const struct json_message_rule *rule, const char *path,
		     enum json_dialect dialect, char *out, size_t out_size)
{
	size_t n = 0;

	if (out_size == 0)
		return;
	while (*path && n + 1 < out_size) {
		size_t len = strcspn(path, ".["), take;
		const struct json_message_rule *next = NULL;
		const char *name = path;

		take = len;
		for (unsigned i = 0; rule && i < rule->descriptor->n_fields; i++) {
			const char *proto_name = rule->descriptor->fields[i].name;
			const char *json_name = rule->fields[i].json_name;

			if (!is_name(proto_name, path, len) && !is_name(json_name, path, len))
				continue;
			name = dialect == JSON_PLAIN ? proto_name : json_name;
			take = strlen(name);
			next = rule->fields[i].message;
		}
		n += (size_t)snprintf(out + n, out_size - n, "%.*s", (int)take, name);
		path += len;
		len = strcspn(path, ".");
		len += path[len] == '.';
		if (n + 1 < out_size)
			n += (size_t)snprintf(out + n, out_size - n, "%.*s", (int)len, path);
		path += len;
		rule = next;
	}
	out[n < out_size ? n : out_size - 1] = '\0';
}

const char *json_get_text(const struct json_message_rule *rule, const ProtobufCMessage *message,
			  int32_t field)
{
	const void *value = present(message, &rule->descriptor->fields[field]);

	return value ? *(const char *const *)value : "";
}

const ProtobufCMessage *json_get_message(const struct json_message_rule *rule,
					 const ProtobufCMessage *message, int32_t field)
{
	const void *value = present(message, &rule->descriptor->fields[field]);

	return value ? *(ProtobufCMessage *const *)value : NULL;
}

int64_t json_get_seconds(const struct json_message_rule *rule, const ProtobufCMessage *message,
			 int32_t field)
{
	const ProtobufCMessage *time = json_get_message(rule, message, field);

	return time ? *(const int64_t *)field_at(time, &time->descriptor->fields[0]) : 0;
}

bool json_get_bool(const struct json_message_rule *rule, const ProtobufCMessage *message,
		   int32_t field)
{
	return present(message, &rule->descriptor->fields[field]) != NULL;
}
