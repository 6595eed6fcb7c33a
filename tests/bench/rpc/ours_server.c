/* Echo server on runtime/rpc. */
#include "bench/echo.pb-c.h"
#include "runtime/base/ensure.h"
#include "runtime/base/memory.h"
#include "runtime/log/log.h"
#include "runtime/rpc/rpc.h"
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static enum status echo(struct rpc_call *call, const ProtobufCMessage *req, ProtobufCMessage *resp)
{
	const Bench__Echo *from = (const Bench__Echo *)req;
	Bench__Echo *to = (Bench__Echo *)resp;

	to->id = from->id;
	to->amount = from->amount;
	to->note = from->note;
	to->n_xs = from->n_xs;
	to->xs = from->xs;
	to->payload = from->payload;
	return OK;
}

struct run {
	int64_t left;
	Bench__Echo message;
	uint8_t payload[];
};

static void pour(struct rpc_call *call, void *ctx)
{
	struct run *run = ctx;

	for (; run->left > 0; run->left--)
		if (rpc_stream_send(call, &run->message.base) != OK)
			return;
	rpc_finish(call, OK, NULL);
}

static void cancelled(struct rpc_call *call, void *ctx)
{
	rpc_finish(call, CANCELLED, NULL);
}

static enum status stream(struct rpc_call *call, const ProtobufCMessage *req,
			  ProtobufCMessage *resp)
{
	static const struct rpc_stream_hooks hooks = {
		.on_writable = pour, .on_cancel = cancelled, .on_done = free};
	const Bench__StreamRequest *from = (const Bench__StreamRequest *)req;
	struct run *run = calloc(1, sizeof(*run) + (size_t)from->payload_bytes);

	ensure(run);
	run->left = from->messages;
	run->message = (Bench__Echo)BENCH__ECHO__INIT;
	run->message.payload.data = run->payload;
	run->message.payload.len = (size_t)from->payload_bytes;
	rpc_stream_hooks_set(call, &hooks, run);
	pour(call, run);
	return RPC_LATER;
}

static const struct rpc_method methods[] = {
	{"/bench.EchoService/Call", RPC_UNARY, &bench__echo__descriptor, &bench__echo__descriptor,
	 RPC_ACCESS_PUBLIC, NULL, 0, true, true, false, RPC_LANE_MAIN},
	{"/bench.EchoService/Worker", RPC_UNARY, &bench__echo__descriptor, &bench__echo__descriptor,
	 RPC_ACCESS_PUBLIC, NULL, 0, true, false, false, RPC_LANE_MAIN},
	{"/bench.EchoService/Stream", RPC_SERVER_STREAM, &bench__stream_request__descriptor,
	 &bench__echo__descriptor, RPC_ACCESS_PUBLIC, NULL, 0, true, false, false, RPC_LANE_MAIN},
};

static const struct rpc_handler handlers[] = {
	{&methods[0], echo}, {&methods[1], echo}, {&methods[2], stream}};

int main(int argc, char **argv)
{
	const char *const listen[] = {argc > 1 ? argv[1] : "tcp://127.0.0.1:4310", NULL};
	struct rpc_server_options options = {.listen = listen};
	struct rpc_server *server;
	struct error err;
	sigset_t set;
	int signal;

	memory_thrifty(); /* as every service does */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	log_init("echo", LOG_LEVEL_WARN); /* as the others: nothing is logged per call */
	server = rpc_server_new(&options);
	rpc_server_register(server, handlers, ARRAY_SIZE(handlers));
	if (rpc_server_start(server, &err) != OK) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	memory_trim_start(); /* as every service does */
	sigwait(&set, &signal);
	rpc_server_drain(server);
	rpc_server_free(server);
	return 0;
}
