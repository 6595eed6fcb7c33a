/* proto3 JSON (protobuf.dev/programming-guides/json) to and from protobuf-c messages, by their
 * descriptors and the rules of rules.h. Both spellings of a name are read, lowerCamelCase is
 * written; int64 is written as text and read as both.
 *
 * Errors of reading are INVALID_ARGUMENT json_invalid | text_invalid | field_unknown |
 * field_invalid | field_required | field_too_long, with the field's path as the client wrote its
 * parents ("parameters.temperature", "attachments[2]"), or RESOURCE_EXHAUSTED call_too_large when
 * the arena is full. Any thread; nothing is shared. */
#ifndef RUNTIME_JSON_JSON_H
#define RUNTIME_JSON_JSON_H

#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/status.h"
#include "runtime/json/rules.h"

#define JSON_DEPTH_MAX 32       /* nested objects and arrays of a text that is read */
#define JSON_ELEMENTS_MAX 20000 /* its members and elements, unless the options say otherwise */

struct json_read_options {
	bool ignore_unknown; /* names that the message does not have are passed over */
	bool update_mask;    /* fill the message's update_mask from the object's members (PATCH) */
	size_t elements_max; /* 0: JSON_ELEMENTS_MAX */
	int32_t skip_field; /* index of a field that JSON may not set, as the path does; -1: none */
};

/* An empty message in arena. NULL: the arena is full. */
ProtobufCMessage *json_message_new(const struct json_message_rule *rule, struct arena *arena);

/* Reads an object into message, which must be empty but for what was bound before. Its members
 * live in arena. An empty text is an empty object. A NUL stands behind the text. */
_must_check_ enum status json_read(const struct json_message_rule *rule, ProtobufCMessage *message,
				   const void *text, size_t len,
				   const struct json_read_options *options, struct arena *arena,
				   struct error *reterr);

/* As json_read, into one message field of message, which the whole text is the value of. */
_must_check_ enum status json_read_field(const struct json_message_rule *rule,
					 ProtobufCMessage *message, int32_t field, const void *text,
					 size_t len, const struct json_read_options *options,
					 struct arena *arena, struct error *reterr);

/* Sets the field named by path ("page_size", "pageSize", "filter.model") from a text of a query. A
 * repeated field takes one more element; any other one may be set once. */
_must_check_ enum status json_bind(const struct json_message_rule *rule, ProtobufCMessage *message,
				   const char *path, const char *value, struct arena *arena,
				   struct error *reterr);

/* As json_bind for a field known by its index, whatever its rule: variables of a path, cookies,
 * cursors. */
_must_check_ enum status json_bind_field(const struct json_message_rule *rule,
					 ProtobufCMessage *message, int32_t field,
					 const char *value, struct arena *arena,
					 struct error *reterr);

/* Once everything is read and bound: is every required field there? Looks into messages that are
 * present. */
_must_check_ enum status json_check_required(const struct json_message_rule *rule,
					     const ProtobufCMessage *message, struct error *reterr);

enum json_dialect {
	JSON_PROTO3, /* lowerCamelCase names, int64 as text */
	JSON_PLAIN,  /* the proto's names, int64 as number (OpenAI's API) */
};

/* A path in either spelling as clients of the dialect spell it: "page_size" → "pageSize". Parts
 * that are not fields stay. out: out_size bytes; a longer path is cut. */
void json_path_spell(const struct json_message_rule *rule, const char *path,
		     enum json_dialect dialect, char *out, size_t out_size);

/* Appends message. Scalars and lists are always written; absent messages and members of oneofs,
 * enums that are UNSPECIFIED, and fields that travel otherwise (cookie, location, cursor) are left
 * out. False: out is full. */
bool json_write(const struct json_message_rule *rule, const ProtobufCMessage *message,
		enum json_dialect dialect, struct buf *out);

/* Appends a JSON text, quotes included. Bytes that are not UTF-8 become U+FFFD. */
bool json_write_text(struct buf *out, const char *text, size_t len);

/* Value of a field that was set, without its type: text of a string field, seconds of a Timestamp
 * field (0: absent), the message of a message field (NULL: absent, or not the active case of its
 * oneof). */
const char *json_get_text(const struct json_message_rule *rule, const ProtobufCMessage *message,
			  int32_t field);
int64_t json_get_seconds(const struct json_message_rule *rule, const ProtobufCMessage *message,
			 int32_t field);
const ProtobufCMessage *json_get_message(const struct json_message_rule *rule,
					 const ProtobufCMessage *message, int32_t field);
bool json_get_bool(const struct json_message_rule *rule, const ProtobufCMessage *message,
		   int32_t field);

#endif
