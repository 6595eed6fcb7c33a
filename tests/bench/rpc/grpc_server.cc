// Echo server on gRPC C++, callback API.
#include "bench/echo.grpc.pb.h"
#include <grpcpp/grpcpp.h>

class Pour : public grpc::ServerWriteReactor<bench::Echo> {
public:
	explicit Pour(const bench::StreamRequest *req) : left_(req->messages())
	{
		message_.set_payload(std::string(req->payload_bytes(), 'x'));
		Next();
	}
	void OnWriteDone(bool ok) override
	{
		ok ? Next() : Finish(grpc::Status::CANCELLED);
	}
	void OnDone() override
	{
		delete this;
	}

private:
	void Next()
	{
		if (left_-- > 0)
			StartWrite(&message_);
		else
			Finish(grpc::Status::OK);
	}
	int64_t left_;
	bench::Echo message_;
};

class Service : public bench::EchoService::CallbackService {
	grpc::ServerUnaryReactor *Call(grpc::CallbackServerContext *ctx, const bench::Echo *req,
				       bench::Echo *resp) override
	{
		auto *reactor = ctx->DefaultReactor();
		*resp = *req;
		reactor->Finish(grpc::Status::OK);
		return reactor;
	}
	grpc::ServerWriteReactor<bench::Echo> *Stream(grpc::CallbackServerContext *,
						      const bench::StreamRequest *req) override
	{
		return new Pour(req);
	}
};

int main(int argc, char **argv)
{
	Service service;
	grpc::ServerBuilder builder;

	builder.AddListeningPort(argv[1], grpc::InsecureServerCredentials());
	builder.RegisterService(&service);
	auto server = builder.BuildAndStart();
	server->Wait();
}
