/* grpc.reflection.v1 and v1alpha from the descriptor set that is compiled in. The two differ in
 * their names alone, so one handler serves both.
 *
 * Files are never unpacked as a whole: descriptor.proto nests messages in messages, and protobuf-c
 * has no limit of depth. A small walk over the wire finds what is asked for: names are field 1, and
 * symbols are built from the names on the way down. */
#include "runtime/rpc/server.h"

#include "grpc/reflection/v1/reflection.pb-c.h"
#include "limitless/descriptors.h"
#include "runtime/base/ensure.h"
#include <string.h>

typedef Grpc__Reflection__V1__ServerReflectionRequest request_message;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_message;

struct span {
	const uint8_t *p, *end;
};

/* ------------------------------------------------------------------ the wire of descriptors */

static uint64_t varint(struct span *in)
{
	uint64_t value = 0;

	for (int shift = 0; in->p < in->end && shift < 64; shift += 7) {
		uint8_t byte = *in->p++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return value;
}

/* The next field. Length-delimited ones give their bytes, numbers their value. The set was made by
 * protoc: it is whole. */
static bool next_field(struct span *in, uint32_t *number, struct span *bytes, uint64_t *value)
{
	uint64_t tag;

	if (in->p >= in->end)
		return false;
	tag = varint(in);
	*number = (uint32_t)(tag >> 3);
	*bytes = (struct span){0};
	*value = 0;
	switch (tag & 7) {
	case 0:
		*value = varint(in);
		break;
	case 1:
		in->p += 8;
		break;
	case 2:
		*value = varint(in);
		*bytes = (struct span){in->p, in->p + *value};
		in->p += *value;
		break;
	default:
		in->p += 4;
		break;
	}
	return in->p <= in->end;
}

/* The first field of that number; empty: none. */
static struct span field(struct span in, uint32_t wanted)
{
	struct span bytes;
	uint64_t value;
	uint32_t number;

	while (next_field(&in, &number, &bytes, &value))
		if (number == wanted)
			return bytes;
	return (struct span){0};
}

static uint64_t number_field(struct span in, uint32_t wanted)
{
	struct span bytes;
	uint64_t value;
	uint32_t number;

	while (next_field(&in, &number, &bytes, &value))
		if (number == wanted)
			return value;
	return 0;
}

static bool equals(struct span span, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(span.end - span.p) == len && memcmp(span.p, text, len) == 0;
}

/* The rest of symbol after "name." or name itself; NULL: another name. */
static const char *after(const char *symbol, struct span name)
{
	size_t len = (size_t)(name.end - name.p);

	if (len == 0 || strncmp(symbol, (const char *)name.p, len) != 0)
		return NULL;
	if (symbol[len] == '\0')
		return symbol + len;
	return symbol[len] == '.' ? symbol + len + 1 : NULL;
}

/* ----------------------------------------- symbols: fields of descriptor.proto by their numbers */

/* A member by its simple name in the repeated field `in_field`. */
static bool has_member(struct span in, uint32_t in_field, const char *name)
{
	struct span bytes;
	uint64_t value;
	uint32_t number;

	while (next_field(&in, &number, &bytes, &value))
		if (number == in_field && equals(field(bytes, 1), name))
			return true;
	return false;
}

/* EnumDescriptorProto: value 2, whose names stand beside the enum's. */
static bool enum_has(struct span enumeration, const char *symbol)
{
	return equals(field(enumeration, 1), symbol) || has_member(enumeration, 2, symbol);
}

/* DescriptorProto: field 2, nested_type 3, enum_type 4, extension 6, oneof_decl 8. */
static bool message_has(struct span message, const char *symbol)
{
	for (;;) {
		const char *rest = after(symbol, field(message, 1));
		struct span in = message, bytes, inner = {0};
		uint64_t value;
		uint32_t number;

		if (!rest)
			return false;
		if (*rest == '\0' || has_member(message, 2, rest) || has_member(message, 6, rest) ||
		    has_member(message, 8, rest))
			return true;
		while (next_field(&in, &number, &bytes, &value)) {
			if (number == 3 && after(rest, field(bytes, 1)))
				inner = bytes;
			if (number == 4 && enum_has(bytes, rest))
				return true;
		}
		if (!inner.p)
			return false;
		message = inner;
		symbol = rest;
	}
}

/* ServiceDescriptorProto: method 2. */
static bool service_has(struct span service, const char *symbol)
{
	const char *rest = after(symbol, field(service, 1));

	return rest && (*rest == '\0' || has_member(service, 2, rest));
}

/* FileDescriptorProto: package 2, message_type 4, enum_type 5, service 6, extension 7. */
static bool file_has(struct span file, const char *symbol)
{
	struct span package = field(file, 2), bytes;
	uint64_t value;
	uint32_t number;

	if (package.p != package.end)
		symbol = after(symbol, package);
	if (!symbol)
		return false;
	while (next_field(&file, &number, &bytes, &value))
		if ((number == 4 && message_has(bytes, symbol)) ||
		    (number == 5 && enum_has(bytes, symbol)) ||
		    (number == 6 && service_has(bytes, symbol)) ||
		    (number == 7 && equals(field(bytes, 1), symbol)))
			return true;
	return false;
}

/* FieldDescriptorProto of an extension: extendee 2 (".full.name"), number 3. Those of this project
 * are at the top of their files. */
static bool extends(struct span extension, const char *type)
{
	struct span extendee = field(extension, 2);

	return extendee.p && *extendee.p == '.' &&
	       equals((struct span){extendee.p + 1, extendee.end}, type);
}

static bool file_extends(struct span file, const char *type, int32_t wanted)
{
	struct span bytes;
	uint64_t value;
	uint32_t number;

	while (next_field(&file, &number, &bytes, &value))
		if (number == 7 && extends(bytes, type) &&
		    (int32_t)number_field(bytes, 3) == wanted)
			return true;
	return false;
}

/* ------------------------------------------------------------------ answers */

static bool next_file(struct span *set, struct span *file)
{
	uint64_t value;
	uint32_t number;

	return next_field(set, &number, file, &value); /* FileDescriptorSet: file 1 */
}

static struct span whole_set(void)
{
	return (struct span){limitless_descriptors,
			     limitless_descriptors + limitless_descriptors_len};
}

static void answer_error(struct arena *arena, response_message *resp, enum status code,
			 const char *text)
{
	Grpc__Reflection__V1__ErrorResponse *error = arena_alloc(arena, sizeof(*error));

	if (!error)
		return;
	*error = (Grpc__Reflection__V1__ErrorResponse)GRPC__REFLECTION__V1__ERROR_RESPONSE__INIT;
	error->error_code = code;
	error->error_message = (char *)text;
	resp->message_response_case =
		GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
	resp->error_response = error;
}

static bool wanted(struct span file, const request_message *req)
{
	switch (req->message_request_case) {
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
		return equals(field(file, 1), req->file_by_filename);
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
		return file_has(file, req->file_containing_symbol);
	default:
		return file_extends(file, req->file_containing_extension->containing_type,
				    req->file_containing_extension->extension_number);
	}
}

static void answer_file(struct arena *arena, const request_message *req, response_message *resp)
{
	Grpc__Reflection__V1__FileDescriptorResponse *files = arena_alloc(arena, sizeof(*files));
	struct span set = whole_set(), file;

	while (next_file(&set, &file)) {
		if (!wanted(file, req) || !files)
			continue;
		*files = (Grpc__Reflection__V1__FileDescriptorResponse)
			GRPC__REFLECTION__V1__FILE_DESCRIPTOR_RESPONSE__INIT;
		files->file_descriptor_proto =
			arena_array(arena, 1, sizeof(files->file_descriptor_proto[0]));
		if (!files->file_descriptor_proto)
			return;
		files->n_file_descriptor_proto = 1;
		files->file_descriptor_proto[0].data = (uint8_t *)file.p;
		files->file_descriptor_proto[0].len = (size_t)(file.end - file.p);
		resp->message_response_case =
			GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
		resp->file_descriptor_response = files;
		return;
	}
	answer_error(arena, resp, NOT_FOUND, "no file of this server has it");
}

static void answer_extensions(struct arena *arena, const char *type, response_message *resp)
{
	Grpc__Reflection__V1__ExtensionNumberResponse *all = arena_alloc(arena, sizeof(*all));
	struct span set = whole_set(), file, bytes;
	uint64_t value;
	uint32_t number;

	if (!all)
		return;
	*all = (Grpc__Reflection__V1__ExtensionNumberResponse)
		GRPC__REFLECTION__V1__EXTENSION_NUMBER_RESPONSE__INIT;
	all->base_type_name = (char *)type;
	all->extension_number = arena_array(arena, 256, sizeof(all->extension_number[0]));
	while (all->extension_number && next_file(&set, &file))
		while (next_field(&file, &number, &bytes, &value))
			if (number == 7 && extends(bytes, type) && all->n_extension_number < 256)
				all->extension_number[all->n_extension_number++] =
					(int32_t)number_field(bytes, 3);
	resp->message_response_case =
		GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE;
	resp->all_extension_numbers_response = all;
}

static bool add_service(struct arena *arena, Grpc__Reflection__V1__ListServiceResponse *list,
			const char *path)
{
	size_t len = (size_t)(strrchr(path, '/') - path) - 1;
	Grpc__Reflection__V1__ServiceResponse *service;

	for (size_t i = 0; i < list->n_service; i++)
		if (strlen(list->service[i]->name) == len &&
		    memcmp(list->service[i]->name, path + 1, len) == 0)
			return true;
	service = arena_alloc(arena, sizeof(*service));
	if (!service)
		return false;
	*service =
		(Grpc__Reflection__V1__ServiceResponse)GRPC__REFLECTION__V1__SERVICE_RESPONSE__INIT;
	service->name = arena_strndup(arena, path + 1, len);
	list->service[list->n_service++] = service;
	return true;
}

static void answer_services(struct arena *arena, const struct rpc_server *server,
			    response_message *resp)
{
	Grpc__Reflection__V1__ListServiceResponse *list = arena_alloc(arena, sizeof(*list));

	if (!list)
		return;
	*list = (Grpc__Reflection__V1__ListServiceResponse)
		GRPC__REFLECTION__V1__LIST_SERVICE_RESPONSE__INIT;
	list->service = arena_array(arena, server->n_methods, sizeof(list->service[0]));
	for (size_t i = 0; list->service && i < server->n_methods; i++)
		if (!add_service(arena, list, server->methods[i].handler.method->path))
			return;
	resp->message_response_case =
		GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
	resp->list_services_response = list;
}

static void answer(struct arena *arena, const struct rpc_server *server, const request_message *req,
		   response_message *resp)
{
	resp->valid_host = req->host;
	resp->original_request = (request_message *)req;
	switch (req->message_request_case) {
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
		answer_services(arena, server, resp);
		break;
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
		answer_extensions(arena, req->all_extension_numbers_of_type, resp);
		break;
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__NOT_SET:
		answer_error(arena, resp, INVALID_ARGUMENT, "the request asks for nothing");
		break;
	default:
		answer_file(arena, req, resp);
		break;
	}
}

/* ------------------------------------------------------------------ the stream */

/* One question at a time: an answer that finds no room waits, and so do the questions behind it. */
struct talk {
	const ProtobufCMessage *waiting;
};

static bool tell(struct rpc_call *call, const request_message *req)
{
	response_message resp = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
	struct arena *arena = rpc_arena_take(1024 * 1024);
	enum status s;

	answer(arena, call_of_pub(call)->server, req, &resp);
	s = rpc_stream_send(call, &resp.base);
	rpc_arena_give(arena);
	return s != RESOURCE_EXHAUSTED;
}

static bool on_message(struct rpc_call *call, const ProtobufCMessage *message, void *ctx)
{
	struct talk *talk = ctx;

	if (tell(call, (const request_message *)message))
		return true;
	talk->waiting = message;
	return false;
}

static void on_writable(struct rpc_call *call, void *ctx)
{
	struct talk *talk = ctx;

	if (!talk->waiting || !tell(call, (const request_message *)talk->waiting))
		return;
	talk->waiting = NULL;
	rpc_stream_resume(call);
}

static void on_half_close(struct rpc_call *call, void *ctx)
{
	rpc_finish(call, OK, NULL);
}

static void on_cancel(struct rpc_call *call, void *ctx)
{
	rpc_finish(call, CANCELLED, NULL);
}

static void on_drain(struct rpc_call *call, void *ctx)
{
	rpc_finish(call, rpc_fail(call, UNAVAILABLE, "service_unavailable", "draining"), NULL);
}

static enum status reflect(struct rpc_call *call, const ProtobufCMessage *req,
			   ProtobufCMessage *resp)
{
	static const struct rpc_stream_hooks hooks = {
		.on_message = on_message,
		.on_half_close = on_half_close,
		.on_writable = on_writable,
		.on_cancel = on_cancel,
		.on_drain = on_drain,
		.on_done = free,
	};
	struct talk *talk = calloc(1, sizeof(*talk));

	ensure(talk);
	rpc_stream_hooks_set(call, &hooks, talk);
	return RPC_LATER;
}

#define REFLECTION(path)                                                               \
	{                                                                              \
		path, RPC_BIDI_STREAM,                                                 \
			&grpc__reflection__v1__server_reflection_request__descriptor,  \
			&grpc__reflection__v1__server_reflection_response__descriptor, \
			RPC_ACCESS_PUBLIC, NULL, 0, true, false, false, RPC_LANE_MAIN  \
	}

static const struct rpc_method methods[] = {
	REFLECTION("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"),
	REFLECTION("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"),
};

static const struct rpc_handler handlers[] = {{&methods[0], reflect}, {&methods[1], reflect}};

void rpc_reflection_register(struct rpc_server *server)
{
	rpc_server_register(server, handlers, ARRAY_SIZE(handlers));
}
