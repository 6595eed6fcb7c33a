/* The largest JSON of a request. A larger body is refused before it is read. */
#include "tools/gen/gen.h"

#include <string.h>

#define BODY_BYTES_MIN 4096
#define SPACE_BYTES 1024 /* white space of bodies that people write by hand */
#define DEPTH_MAX 8
#define SCALAR_BYTES 64  /* a number, a time, a word of an enum */
#define MEMBER_BYTES 16  /* quotes, colon, comma, and some space */
#define ESCAPED_FACTOR 6 /* \u0041 for each byte */

static uint64_t message_bytes(const struct gen_message *message, int depth);

/* Bytes of a value; UINT64_MAX: no bound. */
static uint64_t value_bytes(const struct gen_field *field, int depth)
{
	uint64_t max = field->max_bytes;
	bool text =
		field->proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING;
	bool bytes =
		field->proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES;

	if (field->cookie || field->header || field->location)
		return 0;
	if (field->repeated)
		return UINT64_MAX;
	if (field->uuid)
		return SCALAR_BYTES;
	if (field->message && gen_wrapper(field->message)) {
		const struct gen_field *value = &field->message->fields[0];

		text = value->proto->type ==
		       GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING;
		bytes = value->proto->type ==
			GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES;
	} else if (field->message) {
		return message_bytes(field->message, depth + 1);
	}
	if (!text && !bytes)
		return SCALAR_BYTES;
	return max ? max * ESCAPED_FACTOR : UINT64_MAX;
}

static uint64_t message_bytes(const struct gen_message *message, int depth)
{
	uint64_t total = 2;

	if (gen_is(message, "google.protobuf.Timestamp") ||
	    gen_is(message, "google.protobuf.Duration"))
		return SCALAR_BYTES;
	if (gen_is(message, "google.protobuf.FieldMask"))
		return SPACE_BYTES;
	if (gen_is(message, "google.protobuf.Any") || gen_is(message, "google.api.HttpBody") ||
	    depth > DEPTH_MAX)
		return UINT64_MAX;
	for (size_t i = 0; i < message->n_fields; i++) {
		uint64_t value = value_bytes(&message->fields[i], depth);

		if (value == UINT64_MAX)
			return UINT64_MAX;
		total += value + strlen(message->fields[i].json_name) + MEMBER_BYTES;
	}
	return total;
}

uint32_t gen_body_bytes_max(const struct gen_method *method)
{
	const struct gen_route *route = &method->route;
	uint64_t bytes = 0;

	if (method->rule->body_bytes_max)
		return method->rule->body_bytes_max;
	if (route->body_all)
		bytes = message_bytes(method->req, 0);
	else if (route->body_field >= 0)
		bytes = value_bytes(&method->req->fields[route->body_field], 0);
	if (bytes > UINT32_MAX - SPACE_BYTES)
		return 0;
	bytes += SPACE_BYTES;
	return bytes < BODY_BYTES_MIN ? BODY_BYTES_MIN : (uint32_t)bytes;
}
