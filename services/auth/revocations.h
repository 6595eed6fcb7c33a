/* The feed of ended sessions, for the gateways that watch. Its thread reads the signing keys anew,
 * too. */
#ifndef AUTH_REVOCATIONS_H
#define AUTH_REVOCATIONS_H

#include "auth/keyring.h"
#include "runtime/feed/feed.h"

struct revocations_options {
	struct db_options db;    /* its texts outlive the feed */
	int64_t poll_ms;         /* between two looks while a gateway watches; also the heartbeat */
	struct keyring *keyring; /* outlives the feed */
	int64_t key_poll_ms;     /* between two readings of the keys */
};

/* After keyring_start. Freed by feed_free. */
struct feed *revocations_start(const struct revocations_options *options);

#endif
