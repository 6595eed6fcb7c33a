/* A server and a channel of runtime/rpc on a real socket. The texts of the requests tell the service
 * what to do. Messages are google.protobuf.StringValue. One pair at a time. */
#ifndef TESTS_LIB_RPC_PAIR_H
#define TESTS_LIB_RPC_PAIR_H

#include "google/protobuf/wrappers.pb-c.h"
#include "runtime/base/clock.h"
#include "runtime/rpc/rpc.h"
#include <stdatomic.h>
#include <unistd.h>

#define WAIT_MS 60000 /* on a machine with many neighbours */
#define wait_for(condition)                                               \
	do {                                                              \
		int64_t wait_end = clock_mono_us() + WAIT_MS * US_PER_MS; \
		while (!(condition) && clock_mono_us() < wait_end)        \
			usleep(500);                                      \
		assert_true(condition);                                   \
	} while (0)

typedef Google__Protobuf__StringValue pair_text;
#define PAIR_TEXT_INIT GOOGLE__PROTOBUF__STRING_VALUE__INIT

/* The acts of the handlers since pair_open. */
extern _Atomic int pair_running, pair_cancelled, pair_ended;
/* Handlers whose request says "gate" wait for it. */
extern _Atomic bool pair_gate;

/* Unary, answer the request's text except: "fail CODE", "field", "gate" (waits for pair_gate),
 * "sleep" (until cancelled), "meta" (context), "key" (the caller's API key), "big" (fills the arena); "worker" (yes or no),
 * "pid", "caller", "place" (how many have begun), "together N" (until N calls have run). All the
 * same but for access and lane; pair_planned has no handler, pair_unknown no entry; pair_service
 * may be called by "billing" alone. */
extern const struct rpc_method pair_echo, pair_inline, pair_pipelined, pair_heavy, pair_user,
	pair_admin, pair_service, pair_planned, pair_unknown;
/* Server stream: "N" counts 1 … N, "N SIZE" in messages of SIZE bytes, "silent" sends nothing,
 * "fail" fails. */
extern const struct rpc_method pair_count;
/* Client stream: sum of the lengths. Both ways: echo; "keep" stops the flow for 20 ms. */
extern const struct rpc_method pair_sum, pair_talk;
/* The table of these methods, for another server. */
extern const struct rpc_handler pair_handlers[];
extern const size_t n_pair_handlers;

const char *pair_text_of(const ProtobufCMessage *message);

struct pair {
	struct rpc_server *server;
	struct rpc_channel *channel;
	struct arena *arena;
	char target[80];
};

/* server.listen: one url, or NULL: tcp on a free port. The rest as given; target and listen are set
 * here. Fails the test when the server does not start. */
void pair_open(struct pair *pair, struct rpc_server_options server,
	       struct rpc_channel_options channel);
void pair_close(struct pair *pair);

/* A blocking call; *ret lives as long as the pair. */
_must_check_ enum status pair_call(struct pair *pair, const struct rpc_method *method,
				   const char *text, const struct rpc_call_options *options,
				   const char **ret, struct error *err);

/* The result of a stream. */
struct pair_listener {
	struct rpc_client_call *call;
	_Atomic int64_t messages, last;
	_Atomic bool over, headers, writable;
	_Atomic int64_t stop_at; /* on_message returns false at this one */
	enum status status;
	struct error err;
	char text[128];
	int64_t in_order;
};

/* text: the request of a server stream, NULL for the other kinds. */
void pair_stream(struct pair *pair, const struct rpc_method *method, const char *text,
		 const struct rpc_call_options *options, struct pair_listener *listener);
_must_check_ enum status pair_say(struct pair_listener *listener, const char *text);

#endif
