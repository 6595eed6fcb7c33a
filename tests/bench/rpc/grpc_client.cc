// Client of the benchmark on gRPC C++, callback API.
#include "bench/echo.grpc.pb.h"
#include "measure.h"
#include <atomic>
#include <grpcpp/grpcpp.h>
#include <memory>
#include <thread>
#include <vector>

static std::atomic<bool> stop{false};
static std::atomic<int> running{0};

struct Caller {
	bench::EchoService::Stub *stub;
	std::unique_ptr<grpc::ClientContext> ctx;
	bench::Echo req, resp;
	int64_t start;
	struct latencies latencies {};

	void Go()
	{
		ctx = std::make_unique<grpc::ClientContext>();
		ctx->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
		start = now_ns();
		stub->async()->Call(ctx.get(), &req, &resp, [this](grpc::Status status) {
			if (!status.ok()) {
				fprintf(stderr, "%s\n", status.error_message().c_str());
				exit(1);
			}
			latencies_add(&latencies, now_ns() - start);
			if (stop)
				running--;
			else
				Go();
		});
	}
};

struct Reader : grpc::ClientReadReactor<bench::Echo> {
	bench::Echo message;
	int64_t messages = 0, bytes = 0;
	std::atomic<bool> done{false};

	void OnReadDone(bool ok) override
	{
		if (!ok)
			return;
		messages++;
		bytes += (int64_t)message.payload().size();
		StartRead(&message);
	}
	void OnDone(const grpc::Status &) override
	{
		done = true;
	}
};

static void Wait(int ms)
{
	std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

static void MeasureStream(const plan &plan, bench::EchoService::Stub *stub)
{
	grpc::ClientContext ctx;
	bench::StreamRequest req;
	Reader reader;
	int64_t start = now_ns();

	req.set_messages(plan.messages);
	req.set_payload_bytes(plan.payload_bytes);
	stub->async()->Stream(&ctx, &req, &reader);
	reader.StartRead(&reader.message);
	reader.StartCall();
	while (!reader.done)
		Wait(1);
	print_stream(reader.messages, reader.bytes, now_ns() - start);
}

int main(int argc, char **argv)
{
	std::vector<std::unique_ptr<bench::EchoService::Stub>> stubs;
	auto sum = std::make_unique<latencies>();
	plan plan;

	if (plan_read(&plan, argc, argv) != 0)
		return 2;
	for (int i = 0; i < (plan.stream ? 1 : plan.connections); i++) {
		grpc::ChannelArguments args;

		args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1); // a connection of its own
		stubs.push_back(bench::EchoService::NewStub(grpc::CreateCustomChannel(
			plan.url, grpc::InsecureChannelCredentials(), args)));
	}
	if (plan.stream) {
		MeasureStream(plan, stubs[0].get());
		return 0;
	}
	std::vector<Caller> callers(plan.callers);
	int64_t start = now_ns();
	running = plan.callers;
	for (int i = 0; i < plan.callers; i++) {
		callers[i].stub = stubs[i % plan.connections].get();
		callers[i].req.set_id(ECHO_ID);
		callers[i].req.set_note(ECHO_NOTE);
		callers[i].req.set_amount(ECHO_AMOUNT);
		for (int x = 1; x < 5; x++)
			callers[i].req.add_xs(x);
		callers[i].Go();
	}
	Wait(plan.seconds * 1000);
	stop = true;
	int64_t ns = now_ns() - start;
	while (running > 0)
		Wait(1);
	for (auto &caller : callers)
		latencies_sum(sum.get(), &caller.latencies);
	print_calls(sum.get(), ns);
}
