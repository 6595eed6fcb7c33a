/* One method of each kind, for both ends of the fuzzed connection. */
#ifndef TESTS_FUZZ_LIB_METHODS_H
#define TESTS_FUZZ_LIB_METHODS_H

#include "google/protobuf/wrappers.pb-c.h"
#include "runtime/rpc/rpc.h"

#define FUZZ_METHOD(name, its_kind)                                                               \
	{                                                                                         \
		.path = "/fuzz.v1.Fuzz/" name, .kind = its_kind,                                  \
		.req = &google__protobuf__string_value__descriptor,                               \
		.resp = &google__protobuf__string_value__descriptor, .access = RPC_ACCESS_PUBLIC, \
		.run_inline = true                                                                \
	}

static const struct rpc_method fuzz_methods[] = {
	FUZZ_METHOD("Unary", RPC_UNARY),
	FUZZ_METHOD("Client", RPC_CLIENT_STREAM),
	FUZZ_METHOD("Server", RPC_SERVER_STREAM),
	FUZZ_METHOD("Both", RPC_BIDI_STREAM),
};

#endif
