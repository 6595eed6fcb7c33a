/* Finds who sends a request: verifies access tokens with keys of edge.v1, remembers results, and
 * refuses ended sessions.
 *
 * Threads. All functions may run on callback threads, and none blocks. */
#ifndef GATEWAY_AUTHN_H
#define GATEWAY_AUTHN_H

#include "runtime/rpc/rpc.h"

struct authn;

struct authn_options {
	struct rpc_channel *edge; /* serves edge.v1; outlives the authn */
	const char *audience;     /* `aud` that tokens must have */
	int32_t keys_refresh_ms;  /* between two looks at the keys; an unknown kid looks at once, at
				     most each second */
	int32_t cache_entries;    /* verified tokens that are remembered; a power of two */
	int32_t feed_stale_ms;    /* the revocation feed has been silent for this time: see
				     authn_trust */
	int32_t feed_lost_ms;
	/* A session ended: its streams are to be closed. On callback threads. */
	void (*session_ended)(const char *session_id, void *ctx);
	void *ctx;
};

/* Begins to fetch keys and to follow revocations. Copies options. */
struct authn *authn_new(const struct authn_options *options);
/* Frees it. Not from a callback, and not while a check is under way. */
void authn_free(struct authn *authn);

/* How current the knowledge of ended sessions is. STALE: requests that change things are refused.
 * LOST: all that need a session are. */
enum authn_trust {
	AUTHN_FRESH,
	AUTHN_STALE,
	AUTHN_LOST,
};
enum authn_trust authn_trust(const struct authn *authn);

/* Whether keys have been fetched at least once and the feed is not lost. */
bool authn_ready(const struct authn *authn);

/* Whether the session of a subject that was verified before has ended since. */
bool authn_ended(const struct authn *authn, const struct rpc_subject *subject);

/* Verifies an access token and calls done once: at once, on this stack, unless keys must be fetched
 * first. subject: only with OK, valid during the call. err otherwise: UNAUTHENTICATED
 * unauthenticated | token_expired | session_revoked, UNAVAILABLE service_unavailable. */
typedef void authn_done_fn(void *ctx, enum status s, const struct rpc_subject *subject,
			   const struct error *err);
void authn_check(struct authn *authn, const char *token, size_t len, authn_done_fn *done,
		 void *ctx);

#endif
