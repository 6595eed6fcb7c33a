/* The bytes of a server at the RPC client. With any bytes each call ends once, and the connection is
 * freed. The first byte says how they are cut, and whether the server's SETTINGS come before them. */
#include "tests/fuzz/fuzz.h"

#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include "tests/fuzz/lib/methods.h"
#include "tests/fuzz/lib/net_fake.h"
#include <string.h>

typedef Google__Protobuf__StringValue text_message;

static int ended;

static void replied(void *ctx, enum status status, const ProtobufCMessage *resp,
		    const struct error *err)
{
	ensure((status == OK) == (resp != NULL) && (status == OK || err->code == status));
	ended++;
}

static void on_headers(struct rpc_client_call *call, void *ctx)
{
	rpc_client_metadata(call, "x", false);
}

static bool on_message(struct rpc_client_call *call, const ProtobufCMessage *message, void *ctx)
{
	ensure(strlen(((const text_message *)message)->value) <= 4 * 1024 * 1024);
	return true;
}

static void on_end(struct rpc_client_call *call, enum status status, const struct error *err,
		   void *ctx)
{
	rpc_client_metadata(call, "x", true);
	ensure(status == OK || err->code == status);
	ended++;
}

/* Stream 1 of one connection; 1, 3 and 5 of the other. */
static void start_calls(struct rpc_channel *channel)
{
	static const struct rpc_client_hooks hooks = {
		.on_headers = on_headers, .on_message = on_message, .on_end = on_end};
	const struct rpc_call_options options = {.wait_for_ready = true};
	text_message req = GOOGLE__PROTOBUF__STRING_VALUE__INIT;

	req.value = (char *)"request";
	rpc_call_async(channel, &fuzz_methods[0], &options, &req.base, replied, NULL);
	for (size_t i = 1; i < ARRAY_SIZE(fuzz_methods); i++)
		rpc_stream_open(channel, &fuzz_methods[i], &options,
				fuzz_methods[i].kind == RPC_SERVER_STREAM ? &req.base : NULL,
				&hooks, NULL);
}

static struct rpc_channel *channel_new(void)
{
	const struct rpc_channel_options options = {.target = "ipc:///fuzz", .retries_max = -1};

	log_init("fuzz", LOG_LEVEL_ERROR + 1);
	return rpc_channel_open(&options);
}

/* Calls that the server did not see wait for the next connection, which ends them. */
static void end_calls(struct rpc_channel *channel, size_t n)
{
	static const uint8_t settings_and_nothing[9] = {0, 0, 0, 4};

	for (int tries = 0; ended < (int)n; tries++) {
		struct net_conn *conn;

		ensure(tries < 100);
		net_fake_fire();
		conn = net_fake_answer_dial();
		if (!conn)
			continue;
		net_fake_receive(conn, settings_and_nothing, sizeof(settings_and_nothing),
				 SIZE_MAX);
		net_fake_end(conn);
	}
}

static struct net_conn *next_dial(void)
{
	struct net_conn *conn;

	for (int tries = 0; !(conn = net_fake_answer_dial()); tries++) {
		ensure(tries < 100);
		net_fake_fire(); /* back-off */
	}
	return conn;
}

static void feed(struct net_conn *conn, const uint8_t *data, size_t len)
{
	static const uint8_t settings[9] = {0, 0, 0, 4};

	if (data[0] & 1)
		net_fake_receive(conn, settings, sizeof(settings), SIZE_MAX);
	net_fake_receive(conn, data + 1, len - 1, data[0] & 2 ? 1u + data[0] / 4 : SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct rpc_channel *channel;
	struct net_conn *conns[2]; /* the unary calls' and the streams' */

	if (len == 0)
		return 0;
	if (!channel)
		channel = channel_new();
	ended = 0;
	start_calls(channel);
	for (size_t i = 0; i < ARRAY_SIZE(conns); i++)
		conns[i] = next_dial();
	for (size_t i = 0; i < ARRAY_SIZE(conns); i++)
		feed(conns[i], data, len);
	if (data[0] & 4)
		net_fake_fire();
	for (size_t i = 0; i < ARRAY_SIZE(conns); i++)
		net_fake_end(conns[i]);
	net_fake_run();
	end_calls(channel, ARRAY_SIZE(fuzz_methods));
	ensure(net_fake_alive() == 0);
	return 0;
}
