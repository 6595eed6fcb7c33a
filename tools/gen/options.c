#include "tools/gen/gen.h"

#include <string.h>

/* Numbers of the extensions: protos/limitless/options.proto and google/api/annotations.proto. */
enum {
	OPTION_METHOD = 50101,
	OPTION_UUID = 50201,
	OPTION_MAX_BYTES = 50202,
	OPTION_RAW_JSON = 50203,
	OPTION_REQUIRED = 50204,
	OPTION_CURSOR = 50205,
	OPTION_COOKIE = 50206,
	OPTION_RANGE = 50207,
	OPTION_LOCATION = 50208,
	OPTION_HEADER = 50209,
	OPTION_SECRET = 50210,
	OPTION_REASON = 50301,
	OPTION_COOKIE_KIND = 50302,
	OPTION_ID_NAMESPACE = 50303,
	OPTION_HTTP = 72295728,
};

enum {
	WIRE_VARINT = 0,
	WIRE_BYTES = 2,
};

static size_t read_varint(const uint8_t *data, size_t len, uint64_t *ret)
{
	uint64_t value = 0;
	size_t n = 0;

	while (n < len && n < 10) {
		value |= (uint64_t)(data[n] & 0x7f) << (7 * n);
		if (!(data[n++] & 0x80))
			break;
	}
	*ret = value;
	return n;
}

/* The value of a varint extension, 0 when it is not there. */
static uint64_t option_number(const ProtobufCMessage *options, uint32_t tag)
{
	uint64_t value = 0;

	for (unsigned i = 0; options && i < options->n_unknown_fields; i++) {
		const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];

		if (field->tag == tag && (int)field->wire_type == WIRE_VARINT)
			read_varint(field->data, field->len, &value);
	}
	return value;
}

/* A message extension, or NULL when it is not there. protobuf-c keeps the length in front of the
 * bytes. An extension that is set piece by piece comes as several fields, and joined they are one
 * message. */
static const void *option_message(struct gen *gen, const ProtobufCMessage *options, uint32_t tag,
				  const ProtobufCMessageDescriptor *descriptor)
{
	_cleanup_(buf_done) struct buf bytes;
	bool found = false;

	buf_init(&bytes, 1 << 20);
	for (unsigned i = 0; options && i < options->n_unknown_fields; i++) {
		const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
		uint64_t length;
		size_t prefix;

		if (field->tag != tag || (int)field->wire_type != WIRE_BYTES)
			continue;
		prefix = read_varint(field->data, field->len, &length);
		buf_add(&bytes, field->data + prefix, field->len - prefix);
		found = true;
	}
	if (!found)
		return NULL;
	return protobuf_c_message_unpack(descriptor, &gen->arena->allocator, bytes.len,
					 bytes.data ? bytes.data : (const uint8_t *)"");
}

/* A text extension, or NULL when it is not there. */
static const char *option_text(struct gen *gen, const ProtobufCMessage *options, uint32_t tag)
{
	const char *text = NULL;

	for (unsigned i = 0; options && i < options->n_unknown_fields; i++) {
		const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
		uint64_t length;
		size_t prefix;

		if (field->tag != tag || (int)field->wire_type != WIRE_BYTES)
			continue;
		prefix = read_varint(field->data, field->len, &length);
		text = arena_strndup(gen->arena, (const char *)field->data + prefix,
				     field->len - prefix);
	}
	return text;
}

void gen_field_options(struct gen *gen, struct gen_field *field)
{
	const ProtobufCMessage *options =
		field->proto->options ? &field->proto->options->base : NULL;

	field->uuid = option_number(options, OPTION_UUID);
	field->max_bytes = (uint32_t)option_number(options, OPTION_MAX_BYTES);
	field->raw_json = option_number(options, OPTION_RAW_JSON);
	field->required = option_number(options, OPTION_REQUIRED);
	field->cursor = option_number(options, OPTION_CURSOR);
	field->location = option_number(options, OPTION_LOCATION);
	field->secret = option_number(options, OPTION_SECRET);
	field->header = option_text(gen, options, OPTION_HEADER);
	field->cookie =
		option_message(gen, options, OPTION_COOKIE, &limitless__cookie_rule__descriptor);
	field->range =
		option_message(gen, options, OPTION_RANGE, &limitless__number_range__descriptor);
}

const Limitless__MethodRule *gen_method_rule(struct gen *gen,
					     const Google__Protobuf__MethodOptions *options)
{
	return option_message(gen, options ? &options->base : NULL, OPTION_METHOD,
			      &limitless__method_rule__descriptor);
}

const Limitless__ReasonRule *gen_reason_rule(struct gen *gen,
					     const Google__Protobuf__EnumValueOptions *options)
{
	return option_message(gen, options ? &options->base : NULL, OPTION_REASON,
			      &limitless__reason_rule__descriptor);
}

const Limitless__CookieKind *gen_cookie_kind(struct gen *gen,
					     const Google__Protobuf__EnumValueOptions *options)
{
	return option_message(gen, options ? &options->base : NULL, OPTION_COOKIE_KIND,
			      &limitless__cookie_kind__descriptor);
}

const char *gen_id_namespace(struct gen *gen, const Google__Protobuf__EnumValueOptions *options)
{
	return option_text(gen, options ? &options->base : NULL, OPTION_ID_NAMESPACE);
}

const Google__Api__HttpRule *gen_http_rule(struct gen *gen,
					   const Google__Protobuf__MethodOptions *options)
{
	return option_message(gen, options ? &options->base : NULL, OPTION_HTTP,
			      &google__api__http_rule__descriptor);
}
