/* Services for the tests of the gateway: a real server with a few methods of the contract. Its
 * handlers note their calls. */
#ifndef TESTS_LIB_FAKE_SERVICES_H
#define TESTS_LIB_FAKE_SERVICES_H

#include "runtime/rpc/rpc.h"

#include <pthread.h>
#include <stdatomic.h>

#define FAKE_USER "0192f0c1-7b5a-7c3e-9d3e-111111111111"
#define FAKE_SESSION "0192f0c1-7b5a-7c3e-9d3e-222222222222"
#define FAKE_KEY "0192f0c1-7b5a-7c3e-9d3e-444444444444"
#define FAKE_CHAT "0192f0c1-7b5a-7c3e-9d3e-333333333333"

struct fake {
	char url[64];
	pthread_mutex_t mutex;
	struct rpc_context context; /* of the last call */
	char seen[1024];            /* its request, described by the handler */
	atomic_int calls;
	atomic_int cancelled;    /* number of cancelled streams */
	struct rpc_call *feed;   /* of revocations; NULL: without a follower */
	struct rpc_call *stream; /* fed by the test; NULL: none */
	int64_t sequence;
	atomic_int resolves; /* of API keys: "lc-all", "lc-reader", and no other */
	atomic_bool keys_revoked;
};

extern struct fake fake;

/* Starts the server and its key; once for a program. */
void fake_start(void);
void fake_stop(void);

/* An access token. Lives as long as the fake. */
const char *fake_token(const char *user, const char *session, bool admin, int64_t life_seconds);

/* Tells the followers of the feed that a session ended (NULL: no session). False: nobody follows. */
bool fake_revoke(const char *session);

/* Waits until a handler left its stream for the test, and takes it. */
struct rpc_call *fake_stream_wait(void);

/* Sends a piece of a body. content_type: of the first piece; the others have "". */
_must_check_ enum status fake_piece(struct rpc_call *call, const char *content_type,
				    const char *data, size_t len);

/* Sends an event of a generation: a delta with this text. */
_must_check_ enum status fake_delta(struct rpc_call *call, const char *cursor, const char *text);

#endif
