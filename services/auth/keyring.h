/* The keys of access tokens: made, sealed, rotated, held in memory. Any number of replicas share
 * the table; each reads it every key_poll. Any thread. */
#ifndef AUTH_KEYRING_H
#define AUTH_KEYRING_H

#include "runtime/base/seal.h"
#include "runtime/db/db.h"
#include "runtime/token/token.h"

#include <pthread.h>

struct keyring_options {
	const char *seal_key;          /* secret of the configuration */
	const char *seal_key_previous; /* "": none; opens what it sealed until it is sealed anew */
	int64_t sign_ms, publish_ms, token_reach_ms;
};

struct keyring {
	struct keyring_options options;
	struct seal_key seal, seal_previous;
	bool has_previous;
	pthread_rwlock_t lock;         /* of ring */
	struct keyring_snapshot *ring; /* of keyring.c */
};
#define KEYRING_INIT                               \
	{                                          \
		.lock = PTHREAD_RWLOCK_INITIALIZER \
	}

/* Once, before serving: makes the first key when there is none, reads the others. *keyring began
 * as KEYRING_INIT. */
_must_check_ enum status keyring_start(struct keyring *keyring,
				       const struct keyring_options *options, struct db *db,
				       struct error *reterr);
void keyring_stop(struct keyring *keyring);

/* Reads the published keys; the old ones stay on an error. */
_must_check_ enum status keyring_load(struct keyring *keyring, struct db *db, struct error *reterr);

/* A job: makes the next key when it is due, forgets keys whose last token expired. ctx: struct
 * keyring. */
_must_check_ enum status keyring_rotate(struct db *db, void *ctx, struct error *reterr);

/* Signs with the key whose time it is. */
_must_check_ enum status keyring_sign(struct keyring *keyring, const struct token_claims *claims,
				      struct arena *arena, char **ret, struct error *reterr);

struct keyring_key {
	const char *kid, *public_pem, *x, *y; /* x, y: base64url, for JWKs */
};

/* Published keys, the newest first, copied into the arena. NULL past its limit. */
const struct keyring_key *keyring_list(struct keyring *keyring, struct arena *arena, size_t *ret_n);

#endif
