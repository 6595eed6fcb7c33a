/* Finds the owners of API keys, by edge.v1. Answers are remembered for a while, those that find
 * nobody too: so a key that was taken away ends within that time.
 *
 * Threads. All functions may run on callback threads, and none blocks. */
#ifndef GATEWAY_API_KEYS_H
#define GATEWAY_API_KEYS_H

#include "gateway/authn.h"

/* Texts that begin so are keys, and no access tokens. */
#define API_KEY_BEGINNING "lc-"

struct api_keys;

struct api_keys_options {
	struct rpc_channel *edge; /* outlives it */
	int32_t entries;          /* keys that are remembered */
	int32_t lifetime_ms;      /* of what is remembered */
};

struct api_keys *api_keys_new(const struct api_keys_options *options);
/* Frees it. Not while a check is under way. NULL allowed. */
void api_keys_free(struct api_keys *keys);

/* Finds the owner and calls done once: at once, on this stack, when the key is remembered. read:
 * the request changes nothing. err: UNAUTHENTICATED unauthenticated, PERMISSION_DENIED
 * scope_required, UNAVAILABLE service_unavailable. */
void api_keys_check(struct api_keys *keys, const char *key, size_t len, bool read,
		    authn_done_fn *done, void *ctx);

#endif
