#include "runtime/rpc/message.h"

#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include <string.h>
#include <zlib.h>

enum {
	WIRE_VARINT = 0,
	WIRE_64 = 1,
	WIRE_BYTES = 2,
	WIRE_32 = 5,
};

struct reader {
	const uint8_t *p, *end;
};

static bool read_varint(struct reader *r, uint64_t *ret)
{
	uint64_t value = 0;

	for (int shift = 0; shift < 64 && r->p < r->end; shift += 7) {
		uint8_t byte = *r->p++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

static bool skip(struct reader *r, uint64_t n)
{
	if (n > (uint64_t)(r->end - r->p))
		return false;
	r->p += n;
	return true;
}

static enum status broken(struct error *reterr)
{
	return error_set(reterr, INTERNAL, "protocol_error", "the message is not protobuf");
}

/* Puts the field's name before the path of what is inside it. */
static void name_field(struct error *reterr, const char *name)
{
	size_t len = strlen(name), max = sizeof(reterr->field) - 1;

	if (!reterr || len + 1 >= max)
		return;
	memmove(reterr->field + len + 1, reterr->field, max - len - 1);
	memcpy(reterr->field, name, len);
	reterr->field[len] = '.';
	reterr->field[max] = '\0';
}

static enum status check(const ProtobufCMessageDescriptor *descriptor, struct reader r, int depth,
			 struct error *reterr);

static enum status check_bytes(const ProtobufCFieldDescriptor *field, struct reader r, int depth,
			       struct error *reterr)
{
	enum status s;

	if (field->type == PROTOBUF_C_TYPE_STRING) {
		if (text_is_utf8((const char *)r.p, (size_t)(r.end - r.p)))
			return OK;
		return error_field(reterr, INVALID_ARGUMENT, "text_invalid", field->name,
				   "%s: not UTF-8, or with NUL", field->name);
	}
	if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		return OK;
	s = check(field->descriptor, r, depth + 1, reterr);
	if (s == INVALID_ARGUMENT)
		name_field(reterr, field->name);
	return s;
}

static enum status check(const ProtobufCMessageDescriptor *descriptor, struct reader r, int depth,
			 struct error *reterr)
{
	uint64_t tag, value;
	enum status s;

	if (depth > MESSAGE_DEPTH_MAX)
		return error_set(reterr, INVALID_ARGUMENT, "field_invalid",
				 "messages are nested more than %d deep", MESSAGE_DEPTH_MAX);
	while (r.p < r.end) {
		const ProtobufCFieldDescriptor *field;
		bool good = read_varint(&r, &tag);

		if (good && (tag & 7) == WIRE_VARINT)
			good = read_varint(&r, &value);
		else if (good && (tag & 7) == WIRE_64)
			good = skip(&r, 8);
		else if (good && (tag & 7) == WIRE_32)
			good = skip(&r, 4);
		else
			good = good && (tag & 7) == WIRE_BYTES && read_varint(&r, &value) &&
			       skip(&r, value);
		if (!good)
			return broken(reterr);
		if ((tag & 7) != WIRE_BYTES || tag >> 3 > UINT32_MAX)
			continue;
		field = protobuf_c_message_descriptor_get_field(descriptor, (unsigned)(tag >> 3));
		if (!field)
			continue;
		s = check_bytes(field, (struct reader){r.p - value, r.p}, depth, reterr);
		if (s != OK)
			return s;
	}
	return OK;
}

enum status message_unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data,
			   size_t len, struct arena *arena, ProtobufCMessage **ret,
			   struct error *reterr)
{
	enum status s = check(descriptor, (struct reader){data, data + len}, 0, reterr);

	if (s != OK)
		return s;
	*ret = protobuf_c_message_unpack(descriptor, &arena->allocator, len, data);
	if (*ret)
		return OK;
	if (arena->exhausted)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large",
				 "the message needs more than %zu bytes of memory",
				 arena->max_bytes);
	return broken(reterr);
}

enum status message_gunzip(const uint8_t *data, size_t len, size_t max, uint8_t **ret,
			   size_t *ret_len, struct error *reterr)
{
	z_stream stream = {.next_in = (uint8_t *)data, .avail_in = (uInt)len};
	size_t room = len * 4 < max ? len * 4 + 64 : max + 1;
	uint8_t *out = malloc(room);
	int rv;

	ensure(out && inflateInit2(&stream, 15 + 16) == Z_OK); /* 16: gzip alone */
	for (;;) {
		stream.next_out = out + stream.total_out;
		stream.avail_out = (uInt)(room - stream.total_out);
		rv = inflate(&stream, Z_NO_FLUSH);
		if (rv != Z_OK || stream.avail_out > 0 || room > max)
			break;
		room = room * 2 < max ? room * 2 : max + 1;
		out = realloc(out, room);
		ensure(out);
	}
	*ret_len = stream.total_out;
	inflateEnd(&stream);
	if (rv == Z_STREAM_END && *ret_len <= max) {
		*ret = out;
		return OK;
	}
	free(out);
	if (*ret_len > max)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large",
				 "the message is larger than %zu bytes when unpacked", max);
	return error_set(reterr, INTERNAL, "protocol_error", "the message is not gzip");
}
