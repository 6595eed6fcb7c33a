/* The methods of grpc.testing.TestService, for our interoperability server and client. */
#ifndef INTEROP_METHODS_H
#define INTEROP_METHODS_H

#include "interop/testing.pb-c.h"
#include "runtime/rpc/rpc.h"

#define INTEROP_METHOD(of, name, its_kind, request, response)                                  \
	{                                                                                      \
		.path = "/grpc.testing." of "/" name, .kind = its_kind,                        \
		.req = &grpc__testing__##request##__descriptor,                                \
		.resp = &grpc__testing__##response##__descriptor, .access = RPC_ACCESS_PUBLIC, \
		.run_inline = true                                                             \
	}

static const struct rpc_method empty_call =
	INTEROP_METHOD("TestService", "EmptyCall", RPC_UNARY, empty, empty);
static const struct rpc_method unary_call =
	INTEROP_METHOD("TestService", "UnaryCall", RPC_UNARY, simple_request, simple_response);
static const struct rpc_method output_call =
	INTEROP_METHOD("TestService", "StreamingOutputCall", RPC_SERVER_STREAM,
		       streaming_output_call_request, streaming_output_call_response);
static const struct rpc_method input_call =
	INTEROP_METHOD("TestService", "StreamingInputCall", RPC_CLIENT_STREAM,
		       streaming_input_call_request, streaming_input_call_response);
static const struct rpc_method duplex_call =
	INTEROP_METHOD("TestService", "FullDuplexCall", RPC_BIDI_STREAM,
		       streaming_output_call_request, streaming_output_call_response);

#define ECHO_INITIAL "x-grpc-test-echo-initial"
#define ECHO_TRAILING "x-grpc-test-echo-trailing-bin"

#endif
