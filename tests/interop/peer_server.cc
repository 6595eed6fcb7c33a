// grpc.testing.TestService on gRPC C++: the peer of our client. Flags as gRPC's own: --port=N.
#include "interop/testing.grpc.pb.h"
#include <cstdio>
#include <grpcpp/grpcpp.h>
#include <thread>

using namespace grpc::testing;
using grpc::ServerContext;
using grpc::Status;

static void EchoMetadata(ServerContext *ctx)
{
	const auto &metadata = ctx->client_metadata();
	auto initial = metadata.find("x-grpc-test-echo-initial");
	auto trailing = metadata.find("x-grpc-test-echo-trailing-bin");

	if (initial != metadata.end())
		ctx->AddInitialMetadata("x-grpc-test-echo-initial",
					{initial->second.data(), initial->second.size()});
	if (trailing != metadata.end())
		ctx->AddTrailingMetadata("x-grpc-test-echo-trailing-bin",
					 {trailing->second.data(), trailing->second.size()});
}

static bool HasStatus(const EchoStatus &status)
{
	return status.code() != 0;
}

static Status ToStatus(const EchoStatus &status)
{
	return Status((grpc::StatusCode)status.code(), status.message());
}

class Service : public TestService::Service {
	Status EmptyCall(ServerContext *, const Empty *, Empty *) override
	{
		return Status::OK;
	}
	Status UnaryCall(ServerContext *ctx, const SimpleRequest *req,
			 SimpleResponse *resp) override
	{
		EchoMetadata(ctx);
		if (HasStatus(req->response_status()))
			return ToStatus(req->response_status());
		if (req->response_compressed().value())
			ctx->set_compression_algorithm(GRPC_COMPRESS_GZIP);
		resp->mutable_payload()->set_body(std::string(req->response_size(), '\0'));
		return Status::OK;
	}
	static bool Answer(const StreamingOutputCallRequest &req,
			   grpc::internal::WriterInterface<StreamingOutputCallResponse> *writer)
	{
		for (const auto &parameters : req.response_parameters()) {
			StreamingOutputCallResponse resp;

			std::this_thread::sleep_for(
				std::chrono::microseconds(parameters.interval_us()));
			resp.mutable_payload()->set_body(std::string(parameters.size(), '\0'));
			if (!writer->Write(resp))
				return false;
		}
		return true;
	}
	Status StreamingOutputCall(ServerContext *ctx, const StreamingOutputCallRequest *req,
				   grpc::ServerWriter<StreamingOutputCallResponse> *w) override
	{
		EchoMetadata(ctx);
		Answer(*req, w);
		return Status::OK;
	}
	Status StreamingInputCall(ServerContext *, grpc::ServerReader<StreamingInputCallRequest> *r,
				  StreamingInputCallResponse *resp) override
	{
		StreamingInputCallRequest req;
		int sum = 0;

		while (r->Read(&req))
			sum += (int)req.payload().body().size();
		resp->set_aggregated_payload_size(sum);
		return Status::OK;
	}
	Status FullDuplexCall(ServerContext *ctx,
			      grpc::ServerReaderWriter<StreamingOutputCallResponse,
						       StreamingOutputCallRequest> *stream) override
	{
		StreamingOutputCallRequest req;

		EchoMetadata(ctx);
		while (stream->Read(&req)) {
			if (HasStatus(req.response_status()))
				return ToStatus(req.response_status());
			if (!Answer(req, stream))
				break;
		}
		return Status::OK;
	}
};

int main(int argc, char **argv)
{
	Service service;
	grpc::ServerBuilder builder;
	int port = 0;

	for (int i = 1; i < argc; i++)
		sscanf(argv[i], "--port=%d", &port);
	builder.AddListeningPort("127.0.0.1:" + std::to_string(port),
				 grpc::InsecureServerCredentials());
	builder.RegisterService(&service);
	auto server = builder.BuildAndStart();
	if (!server)
		return 1;
	server->Wait();
}
