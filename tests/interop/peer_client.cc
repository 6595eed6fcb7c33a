// The cases of gRPC's interoperability tests on gRPC C++: the peer of our server. Flags as gRPC's own clients.
// Beyond them: gzip (compressed requests), health, health_watch, reflection (v1alpha, as Debian's gRPC has it).
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "interop/testing.grpc.pb.h"
#include <cstdio>
#include <cstring>
#include <functional>
#include <grpcpp/grpcpp.h>
#include <map>

using namespace grpc::testing;
using grpc::ClientContext;
using grpc::Status;

static std::shared_ptr<grpc::Channel> channel;
static std::unique_ptr<TestService::Stub> stub;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static SimpleRequest LargeRequest()
{
	SimpleRequest req;

	req.set_response_size(314159);
	req.mutable_payload()->set_body(std::string(271828, '\0'));
	return req;
}

static void LargeUnary(ClientContext *ctx)
{
	SimpleResponse resp;
	Status status = stub->UnaryCall(ctx, LargeRequest(), &resp);

	CHECK(status.ok());
	CHECK(resp.payload().body() == std::string(314159, '\0'));
}

static void EmptyUnary()
{
	ClientContext ctx;
	Empty req, resp;

	CHECK(stub->EmptyCall(&ctx, req, &resp).ok());
}

static const int request_sizes[] = {27182, 8, 1828, 45904};
static const int answer_sizes[] = {31415, 9, 2653, 58979};

static void ClientStreaming()
{
	ClientContext ctx;
	StreamingInputCallResponse resp;
	auto writer = stub->StreamingInputCall(&ctx, &resp);

	for (int size : request_sizes) {
		StreamingInputCallRequest req;

		req.mutable_payload()->set_body(std::string(size, '\0'));
		CHECK(writer->Write(req));
	}
	writer->WritesDone();
	CHECK(writer->Finish().ok());
	CHECK(resp.aggregated_payload_size() == 74922);
}

static void ServerStreaming()
{
	ClientContext ctx;
	StreamingOutputCallRequest req;
	StreamingOutputCallResponse resp;
	size_t n = 0;

	for (int size : answer_sizes)
		req.add_response_parameters()->set_size(size);
	auto reader = stub->StreamingOutputCall(&ctx, req);
	while (reader->Read(&resp)) {
		CHECK(n < 4 && resp.payload().body().size() == (size_t)answer_sizes[n]);
		n++;
	}
	CHECK(n == 4 && reader->Finish().ok());
}

static StreamingOutputCallRequest Ask(int answer, int size)
{
	StreamingOutputCallRequest req;

	if (answer >= 0)
		req.add_response_parameters()->set_size(answer);
	req.mutable_payload()->set_body(std::string(size, '\0'));
	return req;
}

static void PingPong()
{
	ClientContext ctx;
	StreamingOutputCallResponse resp;
	auto stream = stub->FullDuplexCall(&ctx);

	for (int i = 0; i < 4; i++) {
		CHECK(stream->Write(Ask(answer_sizes[i], request_sizes[i])));
		CHECK(stream->Read(&resp));
		CHECK(resp.payload().body().size() == (size_t)answer_sizes[i]);
	}
	stream->WritesDone();
	CHECK(!stream->Read(&resp));
	CHECK(stream->Finish().ok());
}

static void EmptyStream()
{
	ClientContext ctx;
	StreamingOutputCallResponse resp;
	auto stream = stub->FullDuplexCall(&ctx);

	stream->WritesDone();
	CHECK(!stream->Read(&resp));
	CHECK(stream->Finish().ok());
}

static void CancelAfterBegin()
{
	ClientContext ctx;
	StreamingInputCallResponse resp;
	auto writer = stub->StreamingInputCall(&ctx, &resp);

	ctx.TryCancel();
	CHECK(writer->Finish().error_code() == grpc::StatusCode::CANCELLED);
}

static void CancelAfterFirstResponse()
{
	ClientContext ctx;
	StreamingOutputCallResponse resp;
	auto stream = stub->FullDuplexCall(&ctx);

	CHECK(stream->Write(Ask(31415, 27182)) && stream->Read(&resp));
	ctx.TryCancel();
	CHECK(stream->Finish().error_code() == grpc::StatusCode::CANCELLED);
}

static void TimeoutOnSleepingServer()
{
	ClientContext ctx;
	StreamingOutputCallRequest req = Ask(-1, 27182);

	ctx.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(1));
	auto stream = stub->FullDuplexCall(&ctx);
	stream->Write(req);
	CHECK(stream->Finish().error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
}

static void AddMetadata(ClientContext *ctx)
{
	ctx->AddMetadata("x-grpc-test-echo-initial", "test_initial_metadata_value");
	ctx->AddMetadata("x-grpc-test-echo-trailing-bin", "\xab\xab\xab");
}

static void CheckMetadata(const ClientContext &ctx)
{
	const auto &initial = ctx.GetServerInitialMetadata();
	const auto &trailing = ctx.GetServerTrailingMetadata();
	auto text = initial.find("x-grpc-test-echo-initial");
	auto bytes = trailing.find("x-grpc-test-echo-trailing-bin");

	CHECK(text != initial.end() && text->second == "test_initial_metadata_value");
	CHECK(bytes != trailing.end() && bytes->second == "\xab\xab\xab");
}

static void CustomMetadata()
{
	ClientContext unary, duplex;
	StreamingOutputCallResponse resp;

	AddMetadata(&unary);
	LargeUnary(&unary);
	CheckMetadata(unary);
	AddMetadata(&duplex);
	auto stream = stub->FullDuplexCall(&duplex);
	CHECK(stream->Write(Ask(314159, 271828)) && stream->WritesDone());
	CHECK(stream->Read(&resp) && !stream->Read(&resp));
	CHECK(stream->Finish().ok());
	CheckMetadata(duplex);
}

static void StatusIsEchoed(const std::string &text)
{
	ClientContext ctx;
	SimpleRequest req;
	SimpleResponse resp;

	req.mutable_response_status()->set_code(2);
	req.mutable_response_status()->set_message(text);
	Status status = stub->UnaryCall(&ctx, req, &resp);
	CHECK(status.error_code() == grpc::StatusCode::UNKNOWN && status.error_message() == text);
}

static void StatusCodeAndMessage()
{
	ClientContext ctx;
	StreamingOutputCallRequest req;
	StreamingOutputCallResponse resp;

	StatusIsEchoed("test status message");
	auto stream = stub->FullDuplexCall(&ctx);
	req.mutable_response_status()->set_code(2);
	req.mutable_response_status()->set_message("test status message");
	CHECK(stream->Write(req));
	stream->WritesDone();
	CHECK(!stream->Read(&resp));
	Status status = stream->Finish();
	CHECK(status.error_code() == 2 && status.error_message() == "test status message");
}

static void SpecialStatusMessage()
{
	StatusIsEchoed("\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP "
		       "\U0001f608\t\n");
}

static void UnimplementedMethod()
{
	ClientContext ctx;
	Empty req, resp;

	CHECK(stub->UnimplementedCall(&ctx, req, &resp).error_code() ==
	      grpc::StatusCode::UNIMPLEMENTED);
}

static void UnimplementedServiceCase()
{
	ClientContext ctx;
	Empty req, resp;

	CHECK(UnimplementedService::NewStub(channel)
		      ->UnimplementedCall(&ctx, req, &resp)
		      .error_code() == grpc::StatusCode::UNIMPLEMENTED);
}

static void Gzip()
{
	ClientContext ctx;

	ctx.set_compression_algorithm(GRPC_COMPRESS_GZIP);
	LargeUnary(&ctx);
}

static void Health()
{
	using namespace grpc::health::v1;
	auto health = grpc::health::v1::Health::NewStub(channel);
	HealthCheckRequest req;
	HealthCheckResponse resp;
	ClientContext all, one, none, watched;

	CHECK(health->Check(&all, req, &resp).ok());
	CHECK(resp.status() == HealthCheckResponse::SERVING);
	req.set_service("grpc.testing.TestService");
	CHECK(health->Check(&one, req, &resp).ok());
	req.set_service("no.such.Service");
	CHECK(health->Check(&none, req, &resp).error_code() == grpc::StatusCode::NOT_FOUND);
	auto reader = health->Watch(&watched, req);
	CHECK(reader->Read(&resp) && resp.status() == HealthCheckResponse::SERVICE_UNKNOWN);
	watched.TryCancel();
	reader->Finish();
}

static void Reflection()
{
	using namespace grpc::reflection::v1alpha;
	auto reflection = ServerReflection::NewStub(channel);
	ClientContext ctx;
	ServerReflectionRequest req;
	ServerReflectionResponse resp;
	bool found = false;
	auto stream = reflection->ServerReflectionInfo(&ctx);

	req.set_list_services("");
	CHECK(stream->Write(req) && stream->Read(&resp));
	for (const auto &service : resp.list_services_response().service())
		found |= service.name() == "grpc.testing.TestService";
	CHECK(found);
	req.set_file_containing_symbol("credits.v1.HoldRequest.user_id");
	CHECK(stream->Write(req) && stream->Read(&resp));
	CHECK(resp.file_descriptor_response().file_descriptor_proto_size() == 1);
	req.set_file_containing_symbol("credits.v1.CreditsService.Hold");
	CHECK(stream->Write(req) && stream->Read(&resp));
	CHECK(resp.file_descriptor_response().file_descriptor_proto_size() == 1);
	req.set_file_by_filename("credits/v1/credits.proto");
	CHECK(stream->Write(req) && stream->Read(&resp));
	CHECK(resp.file_descriptor_response().file_descriptor_proto_size() == 1);
	req.set_file_by_filename("no/such.proto");
	CHECK(stream->Write(req) && stream->Read(&resp));
	CHECK(resp.error_response().error_code() == grpc::StatusCode::NOT_FOUND);
	req.set_all_extension_numbers_of_type("google.protobuf.MethodOptions");
	CHECK(stream->Write(req) && stream->Read(&resp));
	CHECK(resp.all_extension_numbers_response().extension_number_size() >= 2);
	stream->WritesDone();
	CHECK(!stream->Read(&resp) && stream->Finish().ok());
}

int main(int argc, char **argv)
{
	const std::map<std::string, std::function<void()>> cases = {
		{"empty_unary", EmptyUnary},
		{"large_unary",
		 [] {
			 ClientContext ctx;
			 LargeUnary(&ctx);
		 }},
		{"client_streaming", ClientStreaming},
		{"server_streaming", ServerStreaming},
		{"ping_pong", PingPong},
		{"empty_stream", EmptyStream},
		{"cancel_after_begin", CancelAfterBegin},
		{"cancel_after_first_response", CancelAfterFirstResponse},
		{"timeout_on_sleeping_server", TimeoutOnSleepingServer},
		{"custom_metadata", CustomMetadata},
		{"status_code_and_message", StatusCodeAndMessage},
		{"special_status_message", SpecialStatusMessage},
		{"unimplemented_method", UnimplementedMethod},
		{"unimplemented_service", UnimplementedServiceCase},
		{"gzip", Gzip},
		{"health", Health},
		{"reflection", Reflection},
	};
	char host[128] = "127.0.0.1", name[64] = "large_unary";
	int port = 0;

	for (int i = 1; i < argc; i++)
		if (sscanf(argv[i], "--server_host=%127s", host) != 1 &&
		    sscanf(argv[i], "--server_port=%d", &port) != 1)
			sscanf(argv[i], "--test_case=%63s", name);
	channel = grpc::CreateChannel(std::string(host) + ":" + std::to_string(port),
				      grpc::InsecureChannelCredentials());
	stub = TestService::NewStub(channel);
	auto found = cases.find(name);
	if (found == cases.end()) {
		fprintf(stderr, "unknown test case %s\n", name);
		return 2;
	}
	found->second();
	printf("%s passed\n", name);
}
