/* Schemas of messages by proto3's JSON mapping. */
#include "tools/gen/openapi.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* The name without package: MessageRole of chat.v1.Message.Role. */
static const char *short_name(const struct openapi *api, const char *full)
{
	const char *name = full;
	char *out, *to;

	while (islower((unsigned char)*name))
		name += strcspn(name, ".") + 1;
	out = to = arena_strdup(api->gen->arena, name);
	for (const char *c = name; *c; c++)
		if (*c != '.')
			*to++ = *c;
	*to = '\0';
	return out;
}

/* Two packages may have messages of one name. Then both names begin with their package. */
static const char *component_name(const struct openapi *api, const char *full)
{
	const struct gen *gen = api->gen;
	const char *name = short_name(api, full);
	char *package = arena_strndup(gen->arena, full, strcspn(full, "."));
	size_t same = 0;

	for (size_t i = 0; i < gen->n_messages; i++)
		same += gen->messages[i].reachable &&
			strcmp(short_name(api, gen->messages[i].name), name) == 0;
	for (size_t i = 0; i < gen->n_enums; i++)
		same += strcmp(short_name(api, gen->enums[i].name), name) == 0;
	if (same < 2)
		return name;
	package[0] = (char)toupper((unsigned char)package[0]);
	return arena_printf(gen->arena, "%s%s", package, name);
}

static json_t *reference(const struct openapi *api, const char *component)
{
	return json_pack("{s:s}", "$ref",
			 arena_printf(api->gen->arena, "#/components/schemas/%s", component));
}

bool openapi_is_member(const struct gen_field *field)
{
	return !field->cookie && !field->header && !field->location && !field->cursor &&
	       strcmp(field->proto->name, "update_mask") != 0;
}

void openapi_mark_response(struct openapi *api, const struct gen_message *message)
{
	size_t index = (size_t)(message - api->gen->messages);

	api->in_response[index] = true;
	for (size_t i = 0; i < message->n_fields; i++)
		if (message->fields[i].message)
			openapi_mark_response(api, message->fields[i].message);
}

static json_t *enum_schema(struct openapi *api, const struct gen_enum *e)
{
	const char *name = component_name(api, e->name);

	if (!json_object_get(api->schemas, name)) {
		json_t *values = json_array();
		json_t *schema = json_pack("{s:s, s:o}", "type", "string", "enum", values);

		for (size_t i = 0; i < e->n_values; i++)
			if (e->values[i].proto->number != 0)
				json_array_append_new(values,
						      json_string(e->values[i].proto->name));
		if (*e->place.comment)
			json_object_set_new(schema, "description", json_string(e->place.comment));
		json_object_set_new(api->schemas, name, schema);
	}
	return reference(api, name);
}

static json_t *range_schema(const struct gen_field *field, const char *format)
{
	json_t *schema = json_pack("{s:s}", "type", format ? "integer" : "number");

	if (format)
		json_object_set_new(schema, "format", json_string(format));
	if (field->range) {
		json_object_set_new(schema, "minimum", json_integer(field->range->min));
		json_object_set_new(schema, "maximum", json_integer(field->range->max));
	}
	return schema;
}

static json_t *text_schema(const struct gen_field *field, enum openapi_use use)
{
	json_t *schema = json_pack("{s:s}", "type", "string");

	if (field->uuid)
		json_object_set_new(schema, "format", json_string("uuid"));
	if (field->required && use == OPENAPI_REQUEST)
		json_object_set_new(schema, "minLength", json_integer(1));
	return schema;
}

static json_t *scalar_schema(const struct gen_field *field, enum openapi_use use, bool openai)
{
	switch (field->proto->type) {
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING:
		return text_schema(field, use);
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES:
		if (field->raw_json)
			return json_object();
		return json_pack("{s:s, s:s}", "type", "string", "contentEncoding", "base64");
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_DOUBLE:
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FLOAT:
		return range_schema(field, NULL);
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT32:
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SINT32:
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SFIXED32:
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_UINT32:
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FIXED32:
		return range_schema(field, "int32");
	default: /* 64 bits are more than every JSON number holds, so they are text */
		if (openai)
			return range_schema(field, "int64");
		return json_pack("{s:s, s:s}", "type", "string", "format", "int64");
	}
}

/* The messages that JSON writes in a way of their own; NULL for the others. */
static json_t *well_known_schema(const struct gen_message *message, enum openapi_use use)
{
	if (gen_is(message, "google.protobuf.Timestamp"))
		return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
	if (gen_is(message, "google.protobuf.Duration"))
		return json_pack("{s:s, s:s}", "type", "string", "pattern",
				 "^-?[0-9]+(\\.[0-9]{1,9})?s$");
	if (gen_is(message, "google.protobuf.FieldMask"))
		return json_pack("{s:s}", "type", "string");
	if (gen_wrapper(message)) {
		json_t *schema = scalar_schema(&message->fields[0], use, false);
		json_t *type = json_incref(json_object_get(schema, "type"));

		json_object_set_new(schema, "type", json_pack("[o, s]", type, "null"));
		return schema;
	}
	return NULL;
}

static json_t *value_schema(struct openapi *api, const struct gen_field *field,
			    enum openapi_use use, bool openai)
{
	json_t *schema;

	if (field->enumeration)
		return enum_schema(api, field->enumeration);
	if (!field->message)
		return scalar_schema(field, use, openai);
	schema = well_known_schema(field->message, use);
	return schema ? schema : openapi_message(api, field->message, use, openai, -1);
}

/* Limits for readers. JSON Schema cannot say them: it counts characters, and knows no numbers in
 * texts. */
static const char *limits_text(const struct openapi *api, const struct gen_field *field)
{
	const char *text = "";

	if (field->max_bytes)
		text = arena_printf(api->gen->arena, "At most %" PRIu32 " bytes%s.",
				    field->max_bytes, field->raw_json ? " of JSON" : " of UTF-8");
	if (field->raw_json)
		text = arena_printf(api->gen->arena, "Any JSON. %s", text);
	if (field->range && strstr(field->proto->name, "microcredits"))
		text = arena_printf(api->gen->arena, "%s%" PRId64 " to %" PRId64 ".", text,
				    field->range->min, field->range->max);
	return text;
}

json_t *openapi_field(struct openapi *api, const struct gen_field *field, enum openapi_use use,
		      bool openai)
{
	const char *comment = field->place.comment;
	const char *limits = limits_text(api, field);
	json_t *schema;

	if (field->message && field->message->map_entry)
		schema = json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
				   value_schema(api, &field->message->fields[1], use, openai));
	else if (field->repeated)
		schema = json_pack("{s:s, s:o}", "type", "array", "items",
				   value_schema(api, field, use, openai));
	else
		schema = value_schema(api, field, use, openai);
	if (*comment || *limits)
		json_object_set_new(
			schema, "description",
			json_string(arena_printf(api->gen->arena, "%s%s%s", comment,
						 *comment && *limits ? " " : "", limits)));
	return schema;
}

/* Answers show every scalar and list, also empty ones. They leave out messages, cases of a oneof,
 * and enums without a value. */
static bool is_required(const struct gen_field *field, enum openapi_use use)
{
	if (use == OPENAPI_REQUEST)
		return field->required;
	return field->repeated ||
	       (!field->message && !field->enumeration && !field->proto->has_oneof_index);
}

json_t *openapi_message(struct openapi *api, const struct gen_message *message,
			enum openapi_use use, bool openai, int leave_out)
{
	const char *name = component_name(api, message->name);
	json_t *properties, *required, *schema;

	if (use == OPENAPI_REQUEST && api->in_response[message - api->gen->messages])
		name = arena_printf(api->gen->arena, "%sInput", name);
	if (json_object_get(api->schemas, name))
		return reference(api, name);
	properties = json_object();
	required = json_array();
	schema = json_pack("{s:s, s:o}", "type", "object", "properties", properties);
	json_object_set_new(api->schemas, name, schema);
	if (*message->place.comment)
		json_object_set_new(schema, "description", json_string(message->place.comment));
	for (size_t i = 0; i < message->n_fields; i++) {
		const struct gen_field *field = &message->fields[i];
		const char *key = openai ? field->proto->name : field->json_name;

		if (!openapi_is_member(field) || (int)i == leave_out)
			continue;
		json_object_set_new(properties, key, openapi_field(api, field, use, openai));
		if (is_required(field, use))
			json_array_append_new(required, json_string(key));
	}
	if (json_array_size(required) > 0)
		json_object_set(schema, "required", required);
	json_decref(required);
	if (use == OPENAPI_REQUEST && !openai)
		json_object_set_new(schema, "additionalProperties", json_false());
	return reference(api, name);
}

json_t *openapi_event(struct openapi *api, const struct gen_message *message, bool openai)
{
	const char *name = component_name(api, message->name);
	json_t *cases, *schema;

	if (json_object_get(api->schemas, name))
		return reference(api, name);
	cases = json_array();
	schema = json_pack("{s:o}", "oneOf", cases);
	if (*message->place.comment)
		json_object_set_new(schema, "description", json_string(message->place.comment));
	json_object_set_new(api->schemas, name, schema);
	for (size_t i = 0; i < message->n_fields; i++) {
		const struct gen_field *field = &message->fields[i];

		if (!field->event)
			continue;
		json_array_append_new(cases,
				      json_pack("{s:s, s:[s, s], s:{s:{s:s}, s:{s:s}, s:o}}",
						"type", "object", "required", "event", "data",
						"properties", "event", "const", field->json_name,
						"id", "type", "string", "data",
						openapi_message(api, field->message,
								OPENAPI_RESPONSE, openai, -1)));
	}
	return reference(api, name);
}
