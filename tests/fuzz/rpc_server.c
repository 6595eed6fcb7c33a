/* The bytes of a client at the RPC server. With any bytes each call ends once, and the connection is
 * freed. The first byte says how they are cut, and whether the client's preface comes before them. */
#include "tests/fuzz/fuzz.h"

#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include "tests/fuzz/lib/methods.h"
#include "tests/fuzz/lib/net_fake.h"
#include <string.h>

typedef Google__Protobuf__StringValue text_message;

static int calls, done;

static enum status echo(struct rpc_call *call, const ProtobufCMessage *req, ProtobufCMessage *resp)
{
	const char *text = ((const text_message *)req)->value;

	ensure(strlen(text) <= 4 * 1024 * 1024);
	((text_message *)resp)->value = (char *)text;
	return text[0] == '!' ? rpc_fail(call, NOT_FOUND, "not_found", "%s", text) : OK;
}

static bool on_message(struct rpc_call *call, const ProtobufCMessage *message, void *ctx)
{
	enum status s = rpc_stream_send(call, message);

	ensure(s == OK || s == RESOURCE_EXHAUSTED || s == CANCELLED);
	return true;
}

static void on_half_close(struct rpc_call *call, void *ctx)
{
	text_message resp = GOOGLE__PROTOBUF__STRING_VALUE__INIT;

	rpc_finish(call, OK, call->method->kind == RPC_CLIENT_STREAM ? &resp.base : NULL);
}

static void on_cancel(struct rpc_call *call, void *ctx)
{
	rpc_finish(call, CANCELLED, NULL);
}

static void on_done(void *ctx)
{
	done++;
}

static enum status stream(struct rpc_call *call, const ProtobufCMessage *req,
			  ProtobufCMessage *resp)
{
	static const struct rpc_stream_hooks hooks = {.on_message = on_message,
						      .on_half_close = on_half_close,
						      .on_cancel = on_cancel,
						      .on_done = on_done};

	calls++;
	rpc_stream_hooks_set(call, &hooks, NULL);
	if (call->method->kind != RPC_SERVER_STREAM)
		return RPC_LATER;
	for (int i = 0; i < 3; i++)
		on_message(call, req, NULL);
	rpc_finish(call, OK, NULL);
	return RPC_LATER;
}

static struct rpc_server *server_new(void)
{
	static const struct rpc_handler handlers[] = {
		{&fuzz_methods[0], echo},
		{&fuzz_methods[1], stream},
		{&fuzz_methods[2], stream},
		{&fuzz_methods[3], stream},
	};
	static const char *const listen[] = {"tcp://fuzz", NULL};
	const struct rpc_server_options options = {.listen = listen, .workers = 1};
	struct rpc_server *server = rpc_server_new(&options);
	struct error err;

	rpc_health_register(server);
	rpc_reflection_register(server);
	log_init("fuzz", LOG_LEVEL_ERROR + 1);
	rpc_server_register(server, handlers, ARRAY_SIZE(handlers));
	ensure(rpc_server_start(server, &err) == OK);
	return server;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";
	static struct rpc_server *server;
	struct net_conn *conn;

	if (len == 0)
		return 0;
	if (!server)
		server = server_new();
	calls = done = 0;
	conn = net_fake_accept();
	if (data[0] & 1)
		net_fake_receive(conn, preface, sizeof(preface), SIZE_MAX);
	net_fake_receive(conn, data + 1, len - 1, data[0] & 2 ? 1u + data[0] / 4 : SIZE_MAX);
	if (data[0] & 4)
		net_fake_fire(); /* deadlines, keepalive */
	net_fake_end(conn);
	net_fake_run();
	ensure(calls == done && net_fake_alive() == 0);
	return 0;
}
