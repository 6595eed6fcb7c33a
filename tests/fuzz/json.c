/* The body of a request as the message of a route. An accepted message can be written as JSON. That
 * JSON is accepted again and means the same, also after protobuf's encoding. */
#include "tests/fuzz/fuzz.h"

#include "gateway/route_table.h"
#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/ensure.h"
#include "runtime/json/json.h"

#include <string.h>

#define ARENA_BYTES_MAX (4 * 1024 * 1024)
#define TEXT_BYTES_MAX (16 * 1024 * 1024)

static ProtobufCMessage *over_the_wire(const ProtobufCMessage *message, struct arena *arena)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	uint8_t *packed = arena_alloc(arena, len + 1);

	return packed && protobuf_c_message_pack(message, packed) == len
		       ? protobuf_c_message_unpack(message->descriptor, &arena->allocator, len,
						   packed)
		       : NULL;
}

static void check(const struct json_message_rule *rule, const ProtobufCMessage *message,
		  struct arena *arena)
{
	/* Fields of a header are written to JSON and not read from it. */
	const struct json_read_options options = {.ignore_unknown = true, .skip_field = -1};
	const ProtobufCMessage *other = over_the_wire(message, arena);
	ProtobufCMessage *again = json_message_new(rule, arena);
	struct buf text, text_again;
	struct error err;
	enum status s = OK;

	buf_init(&text, TEXT_BYTES_MAX);
	buf_init(&text_again, TEXT_BYTES_MAX);
	ensure(json_write(rule, message, JSON_PROTO3, &text));
	if (other) {
		ensure(json_write(rule, other, JSON_PROTO3, &text_again));
		ensure(strcmp(buf_text(&text), buf_text(&text_again)) == 0);
		buf_clear(&text_again);
	}
	if (again)
		s = json_read(rule, again, text.data, text.len, &options, arena, &err);
	if (again && s == INVALID_ARGUMENT) {
		/* An absent field is written as 0, which may be out of its range. */
		ensure(strcmp(err.reason, "field_invalid") == 0);
	} else if (again && s != RESOURCE_EXHAUSTED) {
		ensure(s == OK);
		ensure(json_write(rule, again, JSON_PROTO3, &text_again));
		ensure(strcmp(buf_text(&text), buf_text(&text_again)) == 0);
	}
	buf_done(&text);
	buf_done(&text_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct json_message_rule *rule;
	struct json_read_options options = {.skip_field = -1};
	struct arena *arena = arena_new(4096, ARENA_BYTES_MAX);
	ProtobufCMessage *message;
	struct error err;
	char *text;

	if (len >= 2) {
		rule = routes[data[0] % routes_n].req;
		options.ignore_unknown = data[1] & 1;
		options.update_mask = data[1] & 2;
		text = arena_zalloc(arena, len - 1); /* the last byte stays NUL */
		message = json_message_new(rule, arena);
		if (text)
			memcpy(text, data + 2, len - 2);
		if (text && message && rule->form == JSON_FORM_OBJECT &&
		    json_read(rule, message, text, len - 2, &options, arena, &err) == OK) {
			(void)!json_check_required(rule, message, &err);
			check(rule, message, arena);
		}
	}
	arena_free(arena);
	return 0;
}
