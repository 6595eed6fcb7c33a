/* grpc.reflection over a socket: what a tool such as grpcurl asks. */
#include "runtime/rpc/rpc.h"

#include "google/protobuf/descriptor.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "runtime/base/ensure.h"
#include "tests/lib/rpc_pair.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef Grpc__Reflection__V1__ServerReflectionRequest request_message;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_message;
#define REQUEST_INIT GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT
#define ASKS(what) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##what

/* The last answer. */
static struct {
	_Atomic int answers;
	_Atomic bool over;
	enum status status;
	char services[2048]; /* names, a space after each */
	char file[128];
	int error;
	size_t n_extensions;
} got;

static void take_file(ProtobufCBinaryData bytes)
{
	Google__Protobuf__FileDescriptorProto *file =
		google__protobuf__file_descriptor_proto__unpack(NULL, bytes.len, bytes.data);

	ensure(file);
	snprintf(got.file, sizeof(got.file), "%s", file->name);
	google__protobuf__file_descriptor_proto__free_unpacked(file, NULL);
}

static void take_services(const Grpc__Reflection__V1__ListServiceResponse *list)
{
	size_t at = 0;

	for (size_t i = 0; i < list->n_service; i++)
		at += (size_t)snprintf(got.services + at, sizeof(got.services) - at, "%s ",
				       list->service[i]->name);
}

#define ANSWER(what) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##what

static bool on_message(struct rpc_client_call *call, const ProtobufCMessage *message, void *ctx)
{
	const response_message *resp = (const response_message *)message;

	got.file[0] = got.services[0] = '\0';
	got.error = 0;
	got.n_extensions = 0;
	switch (resp->message_response_case) {
	case ANSWER(LIST_SERVICES_RESPONSE):
		take_services(resp->list_services_response);
		break;
	case ANSWER(FILE_DESCRIPTOR_RESPONSE):
		take_file(resp->file_descriptor_response->file_descriptor_proto[0]);
		break;
	case ANSWER(ALL_EXTENSION_NUMBERS_RESPONSE):
		got.n_extensions = resp->all_extension_numbers_response->n_extension_number;
		break;
	default:
		got.error = resp->error_response->error_code;
		break;
	}
	got.answers++;
	return true;
}

static void on_end(struct rpc_client_call *call, enum status status, const struct error *err,
		   void *ctx)
{
	got.status = status;
	got.over = true;
}

static void ask(struct rpc_client_call *call, const request_message *req)
{
	int before = got.answers;

	assert_int_equal(rpc_client_send(call, &req->base), OK);
	wait_for(got.answers == before + 1);
}

static void ask_symbol(struct rpc_client_call *call, const char *symbol, const char *file)
{
	request_message req = REQUEST_INIT;

	req.message_request_case = ASKS(FILE_CONTAINING_SYMBOL);
	req.file_containing_symbol = (char *)symbol;
	ask(call, &req);
	assert_string_equal(got.file, file);
	assert_int_equal(got.error, file[0] ? 0 : NOT_FOUND);
}

static void ask_names(struct rpc_client_call *call)
{
	request_message req = REQUEST_INIT;

	req.message_request_case = ASKS(LIST_SERVICES);
	req.list_services = (char *)"";
	ask(call, &req);
	assert_non_null(strstr(got.services, "test.v1.Test "));
	assert_non_null(strstr(got.services, "grpc.health.v1.Health "));
	req.message_request_case = ASKS(FILE_BY_FILENAME);
	req.file_by_filename = (char *)"credits/v1/credits.proto";
	ask(call, &req);
	assert_string_equal(got.file, "credits/v1/credits.proto");
	req.file_by_filename = (char *)"no/such.proto";
	ask(call, &req);
	assert_int_equal(got.error, NOT_FOUND);
}

static void ask_symbols(struct rpc_client_call *call)
{
	static const char credits[] = "credits/v1/credits.proto";

	ask_symbol(call, "credits.v1.CreditsService", credits);
	ask_symbol(call, "credits.v1.CreditsService.Hold", credits);
	ask_symbol(call, "credits.v1.HoldRequest", credits);
	ask_symbol(call, "credits.v1.HoldRequest.hold_id", credits);
	ask_symbol(call, "limitless.MethodRule.Access.USER", "");
	ask_symbol(call, "limitless.MethodRule.USER", "limitless/options.proto");
	ask_symbol(call, "credits.v1.HoldReques", "");
	ask_symbol(call, "credits.v1", "");
	ask_symbol(call, "", "");
}

static void ask_extensions(struct rpc_client_call *call)
{
	Grpc__Reflection__V1__ExtensionRequest extension =
		GRPC__REFLECTION__V1__EXTENSION_REQUEST__INIT;
	request_message req = REQUEST_INIT;

	req.message_request_case = ASKS(ALL_EXTENSION_NUMBERS_OF_TYPE);
	req.all_extension_numbers_of_type = (char *)"google.protobuf.MethodOptions";
	ask(call, &req);
	assert_true(got.n_extensions >= 2);
	req.message_request_case = ASKS(FILE_CONTAINING_EXTENSION);
	req.file_containing_extension = &extension;
	extension.containing_type = (char *)"google.protobuf.MethodOptions";
	extension.extension_number = 72295728;
	ask(call, &req);
	assert_string_equal(got.file, "google/api/annotations.proto");
	req = (request_message)REQUEST_INIT;
	ask(call, &req);
	assert_int_equal(got.error, INVALID_ARGUMENT);
}

static void reflection_tells_services_and_files(void **state)
{
	static const char *const paths[] = {
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
		"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
	};
	static const struct rpc_client_hooks hooks = {.on_message = on_message, .on_end = on_end};
	struct pair pair;

	pair_open(&pair, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const struct rpc_method method = {
			.path = paths[i],
			.kind = RPC_BIDI_STREAM,
			.req = &grpc__reflection__v1__server_reflection_request__descriptor,
			.resp = &grpc__reflection__v1__server_reflection_response__descriptor,
		};
		struct rpc_client_call *call;

		got.over = false;
		call = rpc_stream_open(pair.channel, &method, NULL, NULL, &hooks, NULL);
		ask_names(call);
		ask_symbols(call);
		ask_extensions(call);
		rpc_client_close_send(call);
		wait_for(got.over);
		assert_int_equal(got.status, OK);
	}
	pair_close(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reflection_tells_services_and_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
