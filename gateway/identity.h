/* Who sends a request: access tokens verified with keys of edge.v1, results cached, ended sessions
 * refused.
 *
 * Threads. All functions may run on callback threads; none blocks. */
#ifndef GATEWAY_IDENTITY_H
#define GATEWAY_IDENTITY_H

#include "runtime/rpc/rpc.h"

struct identity;

struct identity_options {
	struct rpc_channel *edge; /* serves edge.v1; outlives the identity */
	const char *audience;     /* `aud` that tokens must have */
	int32_t keys_refresh_ms;  /* between two looks at the keys; an unknown kid looks at once, at
				     most each second */
	int32_t cache_entries;    /* verified tokens that are remembered; a power of two */
	int32_t feed_stale_ms;    /* the revocation feed has been silent for this time: see
				     identity_trust */
	int32_t feed_lost_ms;
	/* A session ended: close what it has open. Callback threads. */
	void (*session_ended)(const char *session_id, void *ctx);
	void *ctx;
};

/* Begins to fetch keys and to follow revocations. Copies options. */
struct identity *identity_new(const struct identity_options *options);
/* Not from a callback; no check may be under way. */
void identity_free(struct identity *identity);

/* How current our knowledge of ended sessions is. STALE: refuse what changes things. LOST: refuse
 * everything. */
enum identity_trust {
	IDENTITY_FRESH,
	IDENTITY_STALE,
	IDENTITY_LOST,
};
enum identity_trust identity_trust(const struct identity *identity);

/* Keys have been fetched at least once and the feed is not lost. */
bool identity_ready(const struct identity *identity);

/* Verifies an access token and calls done once: at once, on this stack, unless keys must be fetched
 * first. subject: only with OK, valid during the call. err otherwise: UNAUTHENTICATED
 * unauthenticated | token_expired | session_revoked, UNAVAILABLE service_unavailable. */
typedef void identity_done_fn(void *ctx, enum status s, const struct rpc_subject *subject,
			      const struct error *err);
void identity_check(struct identity *identity, const char *token, size_t len,
		    identity_done_fn *done, void *ctx);

#endif
