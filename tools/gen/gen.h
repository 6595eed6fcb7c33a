/* tools/gen: the descriptor set of protos/ to C tables, routes, JSON rules and OpenAPI.
 *
 * Runs once per build on the build machine and exits: everything it allocates lives in one arena
 * until then. Errors of the protos are printed as "protos/x.proto:LINE: what"; any error and
 * nothing is written. */
#ifndef TOOLS_GEN_GEN_H
#define TOOLS_GEN_GEN_H

#include "google/api/http.pb-c.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "limitless/options.pb-c.h"
#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GEN_SEGMENTS_MAX = 8,
};

/* Place of a thing in its file, and its comment. */
struct gen_place {
	const Google__Protobuf__FileDescriptorProto *file;
	int32_t line;        /* 1-based; 0: unknown */
	const char *comment; /* leading comment, trimmed; "" when there is none */
};

struct gen_enum_value {
	const Google__Protobuf__EnumValueDescriptorProto *proto;
	struct gen_place place;
	const Limitless__ReasonRule *reason; /* NULL: none */
	const Limitless__CookieKind *cookie; /* NULL: none */
	const char *id_namespace;            /* NULL: none */
};

struct gen_enum {
	const char *name; /* "credits.v1.BillingType" */
	const Google__Protobuf__EnumDescriptorProto *proto;
	struct gen_place place;
	struct gen_enum_value *values;
	size_t n_values;
};

struct gen_field {
	const Google__Protobuf__FieldDescriptorProto *proto;
	struct gen_place place;
	const char *json_name;
	const struct gen_message *message;  /* of a message field */
	const struct gen_enum *enumeration; /* of an enum field */
	bool repeated;                      /* maps too */
	bool uuid, required, raw_json, cursor, location, secret;
	uint32_t max_bytes;
	const char *header; /* name of the request header that it takes; NULL: none */
	const Limitless__CookieRule *cookie; /* NULL: none */
	const Limitless__NumberRange *range; /* NULL: none */
	bool event;                          /* case of a oneof named `event` */
};

struct gen_message {
	const char *name; /* "credits.v1.HoldRequest" */
	const Google__Protobuf__DescriptorProto *proto;
	struct gen_place place;
	struct gen_field *fields; /* by number, as in protobuf-c's descriptor */
	size_t n_fields;
	bool map_entry;
	bool reachable; /* some RPC carries it, or it is always in the tables */
	int visit;      /* 0 new, 1 on the path, 2 done: of the search for recursion */
};

/* A method's google.api.http. Parsed only when has_route. */
struct gen_route {
	const char *http_method; /* "GET" */
	const char *path;
	const char *segments[GEN_SEGMENTS_MAX]; /* NULL: the variable */
	size_t n_segments;
	const char *verb;                       /* NULL: none */
	int variable, body_field, stream_field; /* indexes of the request's fields; -1 */
	bool body_all;
};

struct gen_method {
	const Google__Protobuf__MethodDescriptorProto *proto;
	struct gen_place place;
	const char *package; /* "credits.v1" */
	const char *service; /* "CreditsService" */
	const char *c_name;  /* "credits_v1_hold" */
	const struct gen_message *req, *resp;
	const Limitless__MethodRule *rule;
	bool has_route;
	struct gen_route route;
};

struct gen {
	struct arena *arena;
	const Google__Protobuf__FileDescriptorSet *set;
	struct gen_message *messages; /* by name */
	size_t n_messages;
	struct gen_enum *enums; /* by name */
	size_t n_enums;
	struct gen_method *methods; /* of our packages, in the order of the files */
	size_t n_methods;
	const char **packages; /* that have methods, by name */
	size_t n_packages;
	int errors;
	const char *out; /* folder */
};

/* model.c: fills gen from gen->set. */
void gen_model(struct gen *gen);
const struct gen_message *gen_message_find(const struct gen *gen, const char *name);
const struct gen_enum *gen_enum_find(const struct gen *gen, const char *name);
bool gen_is(const struct gen_message *message, const char *name);
/* Whether it is StringValue or one of its kin. */
bool gen_wrapper(const struct gen_message *message);
bool gen_planned(const struct gen_method *method);

/* place.c: looks up a descriptor path in the file's source info. */
struct gen_place gen_place(struct gen *gen, const Google__Protobuf__FileDescriptorProto *file,
			   const int32_t *path, size_t n_path);
/* Reports an error of the protos and counts it. */
_printf_(3, 4) void gen_error(struct gen *gen, const struct gen_place *place, const char *format,
			      ...);

/* options.c: values of our extensions, which protobuf-c keeps as unknown fields. */
void gen_field_options(struct gen *gen, struct gen_field *field);
const Limitless__MethodRule *gen_method_rule(struct gen *gen,
					     const Google__Protobuf__MethodOptions *options);
const Limitless__ReasonRule *gen_reason_rule(struct gen *gen,
					     const Google__Protobuf__EnumValueOptions *options);
const Limitless__CookieKind *gen_cookie_kind(struct gen *gen,
					     const Google__Protobuf__EnumValueOptions *options);
/* Text of a UUID, or NULL. */
const char *gen_id_namespace(struct gen *gen, const Google__Protobuf__EnumValueOptions *options);
const Google__Api__HttpRule *gen_http_rule(struct gen *gen,
					   const Google__Protobuf__MethodOptions *options);

/* route.c: parses the method's HTTP rule into method->route, and reports what it does not
 * support. */
void gen_route(struct gen *gen, struct gen_method *method, const Google__Api__HttpRule *http);
/* Largest body of a route, in bytes; 0: there is no bound. */
uint32_t gen_body_bytes_max(const struct gen_method *method);
/* Order of the route table (gateway/route_table.h); 0: the same method and path shape. */
int gen_route_compare(const struct gen_method *a, const struct gen_method *b);
/* Methods that have a route, in that order. */
const struct gen_method **gen_routes(const struct gen *gen, size_t *ret_n);

/* check.c: rules of the contract that protoc does not know. Marks what is reachable. */
void gen_check(struct gen *gen);

/* names.c: a cookie's name over https, with the prefix whose rules browsers enforce. */
const char *gen_cookie_name(const struct gen *gen, const Limitless__CookieKind *kind);
/* names.c: the proto's name of an enum's value. Constants in C are named after it. */
const char *gen_value_name(const ProtobufCEnumDescriptor *descriptor, int value);

/* names.c: as protobuf-c makes them. In gen's arena. */
const char *gen_snake(const struct gen *gen, const char *camel); /* ListChats → list_chats */
const char *gen_lower(const struct gen *gen, const char *text);  /* NOT_FOUND → not_found */
const char *gen_upper(const struct gen *gen, const char *text);
const char *gen_underscores(const struct gen *gen, const char *dots); /* credits.v1 → credits_v1 */
const char *gen_slashes(const struct gen *gen, const char *dots);  /* credits.v1 → credits/v1 */
const char *gen_c_type(const struct gen *gen, const char *full);   /* Credits__V1__HoldRequest */
const char *gen_c_prefix(const struct gen *gen, const char *full); /* credits__v1__hold_request */

/* out.c: one file of the output. */
struct gen_file {
	const char *name; /* below gen->out */
	struct buf text;
};
void gen_file_begin(struct gen_file *file, const char *name);
_printf_(2, 3) void gen_put(struct gen_file *file, const char *format, ...);
/* A comment block, each line behind `indent`; nothing when text is "". */
void gen_put_comment(struct gen_file *file, const char *indent, const char *text);
/* Writes the file unless it has this text already. Exits on failure. */
void gen_file_end(struct gen *gen, struct gen_file *file);

/* reasons.c: HTTP status of a value of google.rpc.Code; 0: its comment names none. */
unsigned gen_http_of_code(const struct gen_enum_value *code);

/* The writers, one per kind of output. */
void gen_write_rpc(struct gen *gen);
void gen_write_reasons(struct gen *gen);
void gen_write_json_rules(struct gen *gen);
void gen_write_routes(struct gen *gen);
void gen_write_descriptors(struct gen *gen);
void gen_write_openapi(struct gen *gen);

#endif
