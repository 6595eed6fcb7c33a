/* The replica's own thread: sends revocations to the gateways that watch, and reads signing keys
 * anew. It polls, because sessions end on any replica. */
#ifndef AUTH_FEED_H
#define AUTH_FEED_H

#include "auth/keyring.h"
#include "runtime/db/db.h"
#include "runtime/rpc/rpc.h"

struct feed_options {
	struct db_options db;    /* its texts outlive the feed */
	int64_t poll_ms;         /* of revocations while somebody watches; also the heartbeat */
	struct keyring *keyring; /* read anew */
	int64_t key_poll_ms;     /* … so often */
};

/* Starts the thread; after keyring_start. */
void feed_start(const struct feed_options *options);

/* Ends all watching streams with UNAVAILABLE and the thread. Harmless when it is not running. */
void feed_stop(void);

/* A session ended here: do not wait for the next poll. Any thread. */
void feed_wake(void);

/* Takes over a WatchRevocations call and returns RPC_LATER for its handler; UNAVAILABLE when the
 * thread is stopping. Does not block. */
_must_check_ enum status feed_watch(struct rpc_call *call, int64_t after_sequence);

#endif
