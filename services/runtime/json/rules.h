/* JSON needs more than protobuf-c's descriptors carry: names, limits and meaning of
 * fields, from the options of the protos. The tables are made by tools/gen
 * (build/gen/limitless/json_rules.c); everything here is constant and may be read from any
 * thread. */
#ifndef RUNTIME_JSON_RULES_H
#define RUNTIME_JSON_RULES_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a message looks in JSON (protobuf.dev/programming-guides/json). */
enum json_form {
	JSON_FORM_OBJECT,     /* one member per field */
	JSON_FORM_TIMESTAMP,  /* RFC 3339 text */
	JSON_FORM_DURATION,   /* "1.5s" */
	JSON_FORM_FIELD_MASK, /* "a,b.c" */
	JSON_FORM_WRAPPER,    /* the value of its only field, or null */
	JSON_FORM_ANY,        /* object with "@type"; only in error details */
	JSON_FORM_HTTP_BODY,  /* google.api.HttpBody: raw bytes with a content type, never JSON */
};

/* Bits of json_field_rule.flags. */
enum {
	JSON_UUID = 1 << 0,     /* text is a UUID when not empty */
	JSON_REQUIRED = 1 << 1, /* absent or empty: field_required */
	JSON_RAW = 1 << 2,      /* bytes that are JSON themselves, written as they are */
	JSON_CURSOR = 1 << 3,   /* `id:` of an SSE event, `Last-Event-ID` of a request; not in the
				   JSON   of an event */
	JSON_COOKIE = 1 << 4,   /* travels as a cookie, never in JSON */
	JSON_LOCATION = 1 << 5, /* becomes the Location header of a 303, never in JSON */
	JSON_MAP = 1 << 6,      /* repeated entries {1: key, 2: value}, in JSON one object */
	JSON_EVENT = 1 << 7,  /* case of the oneof named `event`: its name is the SSE event's name,
				 its message the data */
	JSON_HEADER = 1 << 8, /* of a request: the value of a header, never in JSON */
	JSON_SECRET = 1 << 9, /* of a request: a path that has it is not in the logs */
};

/* limitless.CookieRule.Name. */
enum json_cookie {
	JSON_COOKIE_NONE = 0,
	JSON_COOKIE_ACCESS = 1,
	JSON_COOKIE_REFRESH = 2,
};

struct json_message_rule;

struct json_field_rule {
	const char *json_name; /* lowerCamelCase, or json_name of the proto */
	uint32_t flags;
	uint32_t max_bytes; /* of text or bytes; for a repeated field of each element; 0: no limit
			       of its own */
	bool ranged;        /* min and max hold */
	int64_t min, max;
	const char *header; /* its name in lower case; NULL: none */
	enum json_cookie cookie;
	int32_t expire_field; /* index of the Timestamp that says when the cookie ends; -1: none */
	const struct json_message_rule *message; /* of a message field; NULL for the others */
};

/* Indexes count in descriptor->fields, as protobuf-c sorts them (by number); -1: there is none. */
struct json_message_rule {
	const ProtobufCMessageDescriptor *descriptor;
	enum json_form form;
	const struct json_field_rule
		*fields; /* parallel to descriptor->fields; NULL when it has none */
	int32_t cursor_field;
	int32_t location_field;
	int32_t update_mask_field; /* the FieldMask named update_mask, filled from the keys of a
				      body */
	bool has_event;            /* has a oneof named `event` */
};

/* Every message that an RPC can carry, the well-known types and the details of errors, by name. */
extern const struct json_message_rule *const json_rules[];
extern const size_t json_rules_n;

/* The rule of a message, or NULL for one that no RPC carries. Rules of the messages within it hang
 * from its fields, so a transcoder looks up once. */
const struct json_message_rule *json_rule_find(const ProtobufCMessageDescriptor *descriptor);

#endif
