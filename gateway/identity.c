#include "gateway/identity.h"

#include "edge/v1/rpc.h"
#include "gateway/revoked.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/log/log.h"
#include "runtime/net/net.h"
#include "runtime/token/token.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define ACCESS_TOKEN_TYPE "at+jwt" /* RFC 9068 */
#define SHA256_BYTES 32
#define CACHE_LOCKS 64
#define WAITERS_MAX 1024
#define REFETCH_MIN_US US_PER_S
#define REOPEN_US (200 * US_PER_MS)

/* A token that was verified. Direct-mapped: a newer token with the same slot takes it. */
struct verified {
	uint8_t sha256[SHA256_BYTES];
	struct rpc_subject subject;
	int64_t end_us; /* wall clock; 0: the slot is free */
};

/* A check that waits for keys. */
struct waiter {
	struct waiter *next;
	identity_done_fn *done;
	void *ctx;
	size_t len;
	char token[];
};

struct identity {
	struct identity_options options;
	struct token_verifier *verifier;
	struct revoked *revoked;

	pthread_mutex_t cache_locks[CACHE_LOCKS];
	struct verified *cache;

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t idle;
	bool stopping, fetching, have_keys;
	int64_t fetched_us;
	struct waiter *waiters;
	int n_waiters;
	struct net_timer *refresh, *reopen;
	struct rpc_client_call *feed;
	int64_t sequence;        /* last revocation seen */
	_Atomic int64_t feed_us; /* clock_mono_us of the feed's last sign of life */
};

static void fetch(struct identity *identity);
static void open_feed(void *ctx);

/* ------------------------------------------------------------------ verified tokens */

static struct verified *slot_of(struct identity *identity, const uint8_t *sha256,
				pthread_mutex_t **ret_lock)
{
	uint32_t hash;
	size_t i;

	memcpy(&hash, sha256, sizeof hash);
	i = hash & (uint32_t)(identity->options.cache_entries - 1);
	*ret_lock = &identity->cache_locks[i % CACHE_LOCKS];
	return &identity->cache[i];
}

static bool cache_get(struct identity *identity, const uint8_t *sha256, struct rpc_subject *ret)
{
	pthread_mutex_t *lock;
	struct verified *slot = slot_of(identity, sha256, &lock);
	bool hit;

	pthread_mutex_lock(lock);
	hit = slot->end_us > clock_wall_us() && memcmp(slot->sha256, sha256, SHA256_BYTES) == 0;
	if (hit)
		*ret = slot->subject;
	pthread_mutex_unlock(lock);
	return hit;
}

static void cache_put(struct identity *identity, const uint8_t *sha256,
		      const struct rpc_subject *subject, int64_t expires_at)
{
	pthread_mutex_t *lock;
	struct verified *slot = slot_of(identity, sha256, &lock);

	pthread_mutex_lock(lock);
	memcpy(slot->sha256, sha256, SHA256_BYTES);
	slot->subject = *subject;
	slot->end_us = (expires_at + TOKEN_LEEWAY_SECONDS) * US_PER_S;
	pthread_mutex_unlock(lock);
}

/* Verifies with the keys that are here. */
static enum status verify(struct identity *identity, const char *token, size_t len,
			  struct rpc_subject *ret, struct error *reterr)
{
	uint8_t sha256[EVP_MAX_MD_SIZE];
	struct token_claims claims;
	enum status s = OK;

	ensure(EVP_Digest(token, len, sha256, NULL, EVP_sha256(), NULL) == 1);
	if (!cache_get(identity, sha256, ret)) {
		s = token_verify(identity->verifier, token, len, ACCESS_TOKEN_TYPE,
				 identity->options.audience, &claims, reterr);
		if (s != OK)
			return s;
		if (!uuid_valid(claims.subject))
			return error_set(reterr, UNAUTHENTICATED, "unauthenticated",
					 "the token's subject is not a user");
		*ret = (struct rpc_subject){.admin = claims.admin};
		memcpy(ret->user_id, claims.subject, UUID_SIZE);
		memcpy(ret->session_id, claims.session_id, UUID_SIZE);
		cache_put(identity, sha256, ret, claims.expires_at);
	}
	if (revoked_has(identity->revoked, ret->session_id))
		return error_set(reterr, UNAUTHENTICATED, "session_revoked",
				 "the session was ended");
	return OK;
}

static void answer(struct identity *identity, const char *token, size_t len, identity_done_fn *done,
		   void *ctx)
{
	struct rpc_subject subject;
	struct error err;
	enum status s = verify(identity, token, len, &subject, &err);

	done(ctx, s, s == OK ? &subject : NULL, s == OK ? NULL : &err);
}

/* Whether newer keys might make the token valid; then it waits for them. */
static bool wait_for_keys(struct identity *identity, const char *token, size_t len,
			  identity_done_fn *done, void *ctx)
{
	char kid[TOKEN_KID_SIZE];
	struct waiter *waiter;
	bool waits;

	if (!token_peek_kid(token, len, kid) || token_verifier_knows(identity->verifier, kid))
		return false;
	pthread_mutex_lock(&identity->lock);
	waits = !identity->stopping && identity->n_waiters < WAITERS_MAX &&
		(identity->fetching || clock_mono_us() - identity->fetched_us >= REFETCH_MIN_US);
	if (waits) {
		waiter = malloc(sizeof *waiter + len);
		ensure(waiter);
		*waiter = (struct waiter){identity->waiters, done, ctx, len};
		memcpy(waiter->token, token, len);
		identity->waiters = waiter;
		identity->n_waiters++;
	}
	pthread_mutex_unlock(&identity->lock);
	if (waits)
		fetch(identity);
	return waits;
}

void identity_check(struct identity *identity, const char *token, size_t len,
		    identity_done_fn *done, void *ctx)
{
	if (len > TOKEN_TEXT_MAX || !wait_for_keys(identity, token, len, done, ctx))
		answer(identity, token, len, done, ctx);
}

/* ------------------------------------------------------------------ keys */

static enum status take_keys(struct identity *identity, const Edge__V1__ListKeysResponse *resp,
			     struct error *reterr)
{
	struct token_key *keys = calloc(resp->n_keys + 1, sizeof *keys);
	size_t n = 0;
	enum status s;

	ensure(keys);
	for (size_t i = 0; i < resp->n_keys; i++)
		if (strcmp(resp->keys[i]->algorithm, "ES256") == 0)
			keys[n++] = (struct token_key){.kid = resp->keys[i]->kid,
						       .public_pem = resp->keys[i]->public_key_pem};
	s = token_verifier_set(identity->verifier, keys, n, reterr);
	free(keys);
	return s;
}

static void release_waiters(struct identity *identity, struct waiter *waiter, bool have_keys)
{
	const struct error away = {UNAVAILABLE, "service_unavailable", "",
				   "the keys that verify tokens cannot be fetched"};

	while (waiter) {
		struct waiter *next = waiter->next;

		if (have_keys)
			answer(identity, waiter->token, waiter->len, waiter->done, waiter->ctx);
		else
			waiter->done(waiter->ctx, UNAVAILABLE, NULL, &away);
		free(waiter);
		waiter = next;
	}
}

static void refresh_due(void *ctx)
{
	struct identity *identity = ctx;

	pthread_mutex_lock(&identity->lock);
	identity->refresh = NULL;
	pthread_cond_broadcast(&identity->idle);
	pthread_mutex_unlock(&identity->lock);
	fetch(identity);
}

static void fetched(void *ctx, enum status status, const ProtobufCMessage *resp,
		    const struct error *err)
{
	struct identity *identity = ctx;
	struct error failure = {0};
	struct waiter *waiters;
	bool have_keys;

	if (status == OK)
		status = take_keys(identity, (const Edge__V1__ListKeysResponse *)resp, &failure);
	else
		failure = *err;
	if (status != OK)
		log_warn("keys not fetched", LOG_S("code", status_name(status)),
			 LOG_S("message", failure.message));
	pthread_mutex_lock(&identity->lock);
	identity->fetching = false;
	identity->fetched_us = clock_mono_us();
	identity->have_keys |= status == OK;
	have_keys = identity->have_keys;
	waiters = TAKE_PTR(identity->waiters);
	identity->n_waiters = 0;
	if (!identity->stopping && !identity->refresh)
		identity->refresh = net_timer_start(
			clock_mono_us() + (status == OK
						   ? identity->options.keys_refresh_ms * US_PER_MS
						   : REFETCH_MIN_US),
			refresh_due, identity);
	pthread_cond_broadcast(&identity->idle);
	pthread_mutex_unlock(&identity->lock);
	release_waiters(identity, waiters, have_keys);
}

static void fetch(struct identity *identity)
{
	const Google__Protobuf__Empty req = GOOGLE__PROTOBUF__EMPTY__INIT;
	const struct rpc_call_options options = {.wait_for_ready = true};
	bool start;

	pthread_mutex_lock(&identity->lock);
	start = !identity->fetching && !identity->stopping;
	identity->fetching |= start;
	pthread_mutex_unlock(&identity->lock);
	if (start)
		edge_v1_list_keys_async(identity->options.edge, &options, &req, fetched, identity);
}

/* ------------------------------------------------------------------ revocations */

static bool on_event(struct rpc_client_call *call, const ProtobufCMessage *message, void *ctx)
{
	const Edge__V1__RevocationEvent *event = (const Edge__V1__RevocationEvent *)message;
	struct identity *identity = ctx;
	const Edge__V1__RevokedSession *session;

	atomic_store(&identity->feed_us, clock_mono_us());
	if (event->event_case != EDGE__V1__REVOCATION_EVENT__EVENT_SESSION)
		return true;
	session = event->session;
	revoked_add(identity->revoked, session->session_id,
		    session->forget_time ? session->forget_time->seconds : 0);
	pthread_mutex_lock(&identity->lock);
	if (event->sequence > identity->sequence)
		identity->sequence = event->sequence;
	pthread_mutex_unlock(&identity->lock);
	if (identity->options.session_ended)
		identity->options.session_ended(session->session_id, identity->options.ctx);
	return true;
}

static void on_end(struct rpc_client_call *call, enum status status, const struct error *err,
		   void *ctx)
{
	struct identity *identity = ctx;

	pthread_mutex_lock(&identity->lock);
	identity->feed = NULL;
	if (!identity->stopping)
		identity->reopen =
			net_timer_start(clock_mono_us() + REOPEN_US, open_feed, identity);
	pthread_cond_broadcast(&identity->idle);
	pthread_mutex_unlock(&identity->lock);
	log_debug("revocation feed ended", LOG_S("code", status_name(status)));
}

static void open_feed(void *ctx)
{
	static const struct rpc_client_hooks hooks = {.on_message = on_event, .on_end = on_end};
	Edge__V1__WatchRevocationsRequest req = EDGE__V1__WATCH_REVOCATIONS_REQUEST__INIT;
	const struct rpc_call_options options = {0};
	struct identity *identity = ctx;

	/* Under the lock, so that on_end cannot clear the handle before it is stored. */
	pthread_mutex_lock(&identity->lock);
	identity->reopen = NULL;
	pthread_cond_broadcast(&identity->idle);
	if (!identity->stopping) {
		req.after_sequence = identity->sequence;
		identity->feed = edge_v1_watch_revocations_open(identity->options.edge, &options,
								&req, &hooks, identity);
	}
	pthread_mutex_unlock(&identity->lock);
}

enum identity_trust identity_trust(const struct identity *identity)
{
	int64_t silent_us = clock_mono_us() - atomic_load(&identity->feed_us);

	if (silent_us > identity->options.feed_lost_ms * US_PER_MS)
		return IDENTITY_LOST;
	if (silent_us > identity->options.feed_stale_ms * US_PER_MS)
		return IDENTITY_STALE;
	return IDENTITY_FRESH;
}

bool identity_ready(const struct identity *identity)
{
	struct identity *writable = (struct identity *)identity;
	bool have_keys;

	pthread_mutex_lock(&writable->lock);
	have_keys = identity->have_keys;
	pthread_mutex_unlock(&writable->lock);
	return have_keys && identity_trust(identity) != IDENTITY_LOST;
}

/* ------------------------------------------------------------------ life */

struct identity *identity_new(const struct identity_options *options)
{
	struct identity *identity = calloc(1, sizeof *identity);
	size_t entries = (size_t)options->cache_entries;

	ensure(identity && entries && (entries & (entries - 1)) == 0);
	identity->options = *options;
	identity->verifier = token_verifier_new();
	identity->revoked = revoked_new();
	identity->cache = calloc(entries, sizeof *identity->cache);
	ensure(identity->cache);
	for (int i = 0; i < CACHE_LOCKS; i++)
		pthread_mutex_init(&identity->cache_locks[i], NULL);
	pthread_mutex_init(&identity->lock, NULL);
	pthread_cond_init(&identity->idle, NULL);
	/* Until the feed first speaks there is as much trust as after it spoke last. */
	atomic_store(&identity->feed_us, clock_mono_us());
	fetch(identity);
	open_feed(identity);
	return identity;
}

void identity_free(struct identity *identity)
{
	if (!identity)
		return;
	pthread_mutex_lock(&identity->lock);
	identity->stopping = true;
	if (identity->feed)
		rpc_client_cancel(identity->feed);
	/* A timer that cannot be cancelled is about to find `stopping`. */
	if (identity->refresh && net_timer_cancel(identity->refresh))
		identity->refresh = NULL;
	if (identity->reopen && net_timer_cancel(identity->reopen))
		identity->reopen = NULL;
	while (identity->fetching || identity->feed || identity->refresh || identity->reopen)
		pthread_cond_wait(&identity->idle, &identity->lock);
	pthread_mutex_unlock(&identity->lock);
	for (int i = 0; i < CACHE_LOCKS; i++)
		pthread_mutex_destroy(&identity->cache_locks[i]);
	pthread_cond_destroy(&identity->idle);
	pthread_mutex_destroy(&identity->lock);
	token_verifier_free(identity->verifier);
	revoked_free(identity->revoked);
	free(identity->cache);
	free(identity);
}
