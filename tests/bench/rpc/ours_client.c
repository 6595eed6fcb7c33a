/* Client of the benchmark on runtime/rpc: asynchronous callers, each starts its next call when the
 * answer came. */
#include "measure.h"

#include "bench/echo.pb-c.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include "runtime/rpc/rpc.h"
#include <stdbool.h>
#include <unistd.h>

static struct rpc_method call_method = {"/bench.EchoService/Call",
					RPC_UNARY,
					&bench__echo__descriptor,
					&bench__echo__descriptor,
					RPC_ACCESS_PUBLIC,
					NULL,
					5000,
					false,
					false,
					false,
					RPC_LANE_MAIN};
static const struct rpc_method stream_method = {"/bench.EchoService/Stream",
						RPC_SERVER_STREAM,
						&bench__stream_request__descriptor,
						&bench__echo__descriptor,
						RPC_ACCESS_PUBLIC,
						NULL,
						0,
						false,
						false,
						false,
						RPC_LANE_MAIN};

static _Atomic bool stop;
static _Atomic int running;

struct caller {
	struct rpc_channel *channel;
	Bench__Echo req;
	int64_t start;
	struct latencies latencies;
};

static void go(struct caller *caller);

static void replied(void *ctx, enum status status, const ProtobufCMessage *resp,
		    const struct error *err)
{
	struct caller *caller = ctx;

	if (status != OK) {
		fprintf(stderr, "%s\n", err->message);
		exit(1);
	}
	latencies_add(&caller->latencies, now_ns() - caller->start);
	if (stop)
		running--;
	else
		go(caller);
}

static void go(struct caller *caller)
{
	caller->start = now_ns();
	rpc_call_async(caller->channel, &call_method, NULL, &caller->req.base, replied, caller);
}

static void fill(Bench__Echo *message)
{
	static int64_t xs[] = {1, 2, 3, 4};

	*message = (Bench__Echo)BENCH__ECHO__INIT;
	message->id = (char *)ECHO_ID;
	message->note = (char *)ECHO_NOTE;
	message->amount = ECHO_AMOUNT;
	message->n_xs = 4;
	message->xs = xs;
}

static void measure_calls(const struct plan *plan, struct rpc_channel **channels)
{
	struct caller *callers = calloc((size_t)plan->callers, sizeof(callers[0]));
	struct latencies *sum = calloc(1, sizeof(*sum));
	int64_t start = now_ns(), ns;

	ensure(callers && sum);
	running = plan->callers;
	for (int i = 0; i < plan->callers; i++) {
		callers[i].channel = channels[i % plan->connections];
		fill(&callers[i].req);
		go(&callers[i]);
	}
	sleep((unsigned)plan->seconds);
	stop = true;
	ns = now_ns() - start;
	while (running > 0)
		usleep(1000);
	for (int i = 0; i < plan->callers; i++)
		latencies_sum(sum, &callers[i].latencies);
	print_calls(sum, ns);
	free(callers);
	free(sum);
}

static int64_t messages, bytes;

static bool on_message(struct rpc_client_call *call, const ProtobufCMessage *message, void *ctx)
{
	messages++;
	bytes += (int64_t)((const Bench__Echo *)message)->payload.len;
	return true;
}

static void on_end(struct rpc_client_call *call, enum status status, const struct error *err,
		   void *ctx)
{
	if (status != OK)
		fprintf(stderr, "%s\n", err->message);
	stop = true;
}

static void measure_stream(const struct plan *plan, struct rpc_channel *channel)
{
	static const struct rpc_client_hooks hooks = {.on_message = on_message, .on_end = on_end};
	Bench__StreamRequest req = BENCH__STREAM_REQUEST__INIT;
	int64_t start = now_ns();

	req.messages = plan->messages;
	req.payload_bytes = plan->payload_bytes;
	rpc_stream_open(channel, &stream_method, NULL, &req.base, &hooks, NULL);
	while (!stop)
		usleep(1000);
	print_stream(messages, bytes, now_ns() - start);
}

int main(int argc, char **argv)
{
	struct rpc_channel *channels[64];
	struct plan plan;

	if (plan_read(&plan, argc, argv) != 0)
		return 2;
	log_init("client", LOG_LEVEL_WARN);
	if (getenv("BENCH_WORKER"))
		call_method.path = "/bench.EchoService/Worker";
	if (plan.connections == 0)
		plan.connections = 1;
	for (int i = 0; i < plan.connections; i++) {
		struct rpc_channel_options options = {.target = plan.url};

		channels[i] = rpc_channel_open(&options);
	}
	if (plan.stream)
		measure_stream(&plan, channels[0]);
	else
		measure_calls(&plan, channels);
	for (int i = 0; i < plan.connections; i++)
		rpc_channel_close(channels[i]);
	return 0;
}
