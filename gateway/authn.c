#include "gateway/authn.h"

#include "edge/v1/rpc.h"
#include "gateway/revoked.h"
#include "runtime/base/clock.h"
#include "runtime/base/digest.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/log/log.h"
#include "runtime/net/net.h"
#include "runtime/token/token.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define CACHE_LOCKS 64
#define WAITERS_MAX 1024
#define REFETCH_MIN_US US_PER_S
#define REOPEN_US (200 * US_PER_MS)

/* A verified token. Slots are direct-mapped: a newer token with the same slot replaces it. */
struct verified {
	uint8_t sha256[DIGEST_SHA256_SIZE];
	struct rpc_subject subject;
	int64_t end_us; /* wall clock; 0: the slot is free */
};

/* A check that waits for keys. */
struct waiter {
	struct waiter *next;
	authn_done_fn *done;
	void *ctx;
	size_t len;
	char token[];
};

struct authn {
	struct authn_options options;
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

static void fetch(struct authn *authn);
static void open_feed(void *ctx);

/* ------------------------------------------------------------------ verified tokens */

static struct verified *slot_of(struct authn *authn, const uint8_t *sha256,
				pthread_mutex_t **ret_lock)
{
	uint32_t hash;
	size_t i;

	memcpy(&hash, sha256, sizeof hash);
	i = hash & (uint32_t)(authn->options.cache_entries - 1);
	*ret_lock = &authn->cache_locks[i % CACHE_LOCKS];
	return &authn->cache[i];
}

static bool cache_get(struct authn *authn, const uint8_t *sha256, struct rpc_subject *ret)
{
	pthread_mutex_t *lock;
	struct verified *slot = slot_of(authn, sha256, &lock);
	bool hit;

	pthread_mutex_lock(lock);
	hit = slot->end_us > clock_wall_us() &&
	      memcmp(slot->sha256, sha256, DIGEST_SHA256_SIZE) == 0;
	if (hit)
		*ret = slot->subject;
	pthread_mutex_unlock(lock);
	return hit;
}

static void cache_put(struct authn *authn, const uint8_t *sha256, const struct rpc_subject *subject,
		      int64_t expires_at)
{
	pthread_mutex_t *lock;
	struct verified *slot = slot_of(authn, sha256, &lock);

	pthread_mutex_lock(lock);
	memcpy(slot->sha256, sha256, DIGEST_SHA256_SIZE);
	slot->subject = *subject;
	slot->end_us = (expires_at + TOKEN_LEEWAY_SECONDS) * US_PER_S;
	pthread_mutex_unlock(lock);
}

/* Verifies with the keys that are known now. */
static enum status verify(struct authn *authn, const char *token, size_t len,
			  struct rpc_subject *ret, struct error *reterr)
{
	uint8_t sha256[DIGEST_SHA256_SIZE];
	struct token_claims claims;
	enum status s = OK;

	digest_sha256(token, len, sha256);
	if (!cache_get(authn, sha256, ret)) {
		s = token_verify(authn->verifier, token, len, TOKEN_ACCESS, authn->options.audience,
				 &claims, reterr);
		if (s != OK)
			return s;
		if (!uuid_valid(claims.subject))
			return error_set(reterr, UNAUTHENTICATED, "unauthenticated",
					 "the token's subject is not a user");
		*ret = (struct rpc_subject){.admin = claims.admin};
		memcpy(ret->user_id, claims.subject, UUID_SIZE);
		memcpy(ret->session_id, claims.session_id, UUID_SIZE);
		cache_put(authn, sha256, ret, claims.expires_at);
	}
	if (revoked_has(authn->revoked, ret->session_id))
		return error_set(reterr, UNAUTHENTICATED, "session_revoked",
				 "the session was ended");
	return OK;
}

bool authn_ended(const struct authn *authn, const struct rpc_subject *subject)
{
	return *subject->session_id && revoked_has(authn->revoked, subject->session_id);
}

static void answer(struct authn *authn, const char *token, size_t len, authn_done_fn *done,
		   void *ctx)
{
	struct rpc_subject subject;
	struct error err;
	enum status s = verify(authn, token, len, &subject, &err);

	done(ctx, s, s == OK ? &subject : NULL, s == OK ? NULL : &err);
}

/* Whether newer keys might make the token valid. Then the check waits for them. */
static bool wait_for_keys(struct authn *authn, const char *token, size_t len, authn_done_fn *done,
			  void *ctx)
{
	char kid[TOKEN_KID_SIZE];
	struct waiter *waiter;
	bool waits;

	if (!token_peek_kid(token, len, kid) || token_verifier_knows(authn->verifier, kid))
		return false;
	pthread_mutex_lock(&authn->lock);
	waits = !authn->stopping && authn->n_waiters < WAITERS_MAX &&
		(authn->fetching || clock_mono_us() - authn->fetched_us >= REFETCH_MIN_US);
	if (waits) {
		waiter = malloc(sizeof *waiter + len);
		ensure(waiter);
		*waiter = (struct waiter){authn->waiters, done, ctx, len};
		memcpy(waiter->token, token, len);
		authn->waiters = waiter;
		authn->n_waiters++;
	}
	pthread_mutex_unlock(&authn->lock);
	if (waits)
		fetch(authn);
	return waits;
}

void authn_check(struct authn *authn, const char *token, size_t len, authn_done_fn *done, void *ctx)
{
	if (len > TOKEN_TEXT_MAX || !wait_for_keys(authn, token, len, done, ctx))
		answer(authn, token, len, done, ctx);
}

/* ------------------------------------------------------------------ keys */

static enum status take_keys(struct authn *authn, const Edge__V1__ListKeysResponse *resp,
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
	s = token_verifier_set(authn->verifier, keys, n, reterr);
	free(keys);
	return s;
}

static void release_waiters(struct authn *authn, struct waiter *waiter, bool have_keys)
{
	const struct error away = {UNAVAILABLE, "service_unavailable", "",
				   "the keys that verify tokens cannot be fetched"};

	while (waiter) {
		struct waiter *next = waiter->next;

		if (have_keys)
			answer(authn, waiter->token, waiter->len, waiter->done, waiter->ctx);
		else
			waiter->done(waiter->ctx, UNAVAILABLE, NULL, &away);
		free(waiter);
		waiter = next;
	}
}

static void refresh_due(void *ctx)
{
	struct authn *authn = ctx;

	pthread_mutex_lock(&authn->lock);
	authn->refresh = NULL;
	pthread_cond_broadcast(&authn->idle);
	pthread_mutex_unlock(&authn->lock);
	fetch(authn);
}

static void fetched(void *ctx, enum status status, const ProtobufCMessage *resp,
		    const struct error *err)
{
	struct authn *authn = ctx;
	struct error failure = {0};
	struct waiter *waiters;
	bool have_keys;

	if (status == OK)
		status = take_keys(authn, (const Edge__V1__ListKeysResponse *)resp, &failure);
	else
		failure = *err;
	if (status != OK)
		log_warn("keys_not_fetched", LOG_S("code", status_name(status)),
			 LOG_S("message", failure.message));
	pthread_mutex_lock(&authn->lock);
	authn->fetching = false;
	authn->fetched_us = clock_mono_us();
	authn->have_keys |= status == OK;
	have_keys = authn->have_keys;
	waiters = TAKE_PTR(authn->waiters);
	authn->n_waiters = 0;
	if (!authn->stopping && !authn->refresh)
		authn->refresh = net_timer_start(
			clock_mono_us() + (status == OK ? authn->options.keys_refresh_ms * US_PER_MS
							: REFETCH_MIN_US),
			refresh_due, authn);
	pthread_cond_broadcast(&authn->idle);
	pthread_mutex_unlock(&authn->lock);
	release_waiters(authn, waiters, have_keys);
}

static void fetch(struct authn *authn)
{
	const Google__Protobuf__Empty req = GOOGLE__PROTOBUF__EMPTY__INIT;
	const struct rpc_call_options options = {.wait_for_ready = true};
	bool start;

	pthread_mutex_lock(&authn->lock);
	start = !authn->fetching && !authn->stopping;
	authn->fetching |= start;
	pthread_mutex_unlock(&authn->lock);
	if (start)
		edge_v1_list_keys_async(authn->options.edge, &options, &req, fetched, authn);
}

/* ------------------------------------------------------------------ revocations */

static bool on_event(struct rpc_client_call *call, const ProtobufCMessage *message, void *ctx)
{
	const Edge__V1__RevocationEvent *event = (const Edge__V1__RevocationEvent *)message;
	struct authn *authn = ctx;
	const Edge__V1__RevokedSession *session;

	atomic_store(&authn->feed_us, clock_mono_us());
	if (event->event_case != EDGE__V1__REVOCATION_EVENT__EVENT_SESSION)
		return true;
	session = event->session;
	revoked_add(authn->revoked, session->session_id,
		    session->forget_time ? session->forget_time->seconds : 0);
	pthread_mutex_lock(&authn->lock);
	if (event->sequence > authn->sequence)
		authn->sequence = event->sequence;
	pthread_mutex_unlock(&authn->lock);
	if (authn->options.session_ended)
		authn->options.session_ended(session->session_id, authn->options.ctx);
	return true;
}

static void on_end(struct rpc_client_call *call, enum status status, const struct error *err,
		   void *ctx)
{
	struct authn *authn = ctx;

	pthread_mutex_lock(&authn->lock);
	authn->feed = NULL;
	if (!authn->stopping)
		authn->reopen = net_timer_start(clock_mono_us() + REOPEN_US, open_feed, authn);
	pthread_cond_broadcast(&authn->idle);
	pthread_mutex_unlock(&authn->lock);
	log_debug("revocation_feed_ended", LOG_S("code", status_name(status)));
}

static void open_feed(void *ctx)
{
	static const struct rpc_client_hooks hooks = {.on_message = on_event, .on_end = on_end};
	Edge__V1__WatchRevocationsRequest req = EDGE__V1__WATCH_REVOCATIONS_REQUEST__INIT;
	const struct rpc_call_options options = {0};
	struct authn *authn = ctx;

	/* Under the lock, so that on_end does not clear the handle before it is stored. */
	pthread_mutex_lock(&authn->lock);
	authn->reopen = NULL;
	pthread_cond_broadcast(&authn->idle);
	if (!authn->stopping) {
		req.after_sequence = authn->sequence;
		authn->feed = edge_v1_watch_revocations_open(authn->options.edge, &options, &req,
							     &hooks, authn);
	}
	pthread_mutex_unlock(&authn->lock);
}

enum authn_trust authn_trust(const struct authn *authn)
{
	int64_t silent_us = clock_mono_us() - atomic_load(&authn->feed_us);

	if (silent_us > authn->options.feed_lost_ms * US_PER_MS)
		return AUTHN_LOST;
	if (silent_us > authn->options.feed_stale_ms * US_PER_MS)
		return AUTHN_STALE;
	return AUTHN_FRESH;
}

bool authn_ready(const struct authn *authn)
{
	struct authn *writable = (struct authn *)authn;
	bool have_keys;

	pthread_mutex_lock(&writable->lock);
	have_keys = authn->have_keys;
	pthread_mutex_unlock(&writable->lock);
	return have_keys && authn_trust(authn) != AUTHN_LOST;
}

/* ------------------------------------------------------------------ life */

struct authn *authn_new(const struct authn_options *options)
{
	struct authn *authn = calloc(1, sizeof *authn);
	size_t entries = (size_t)options->cache_entries;

	ensure(authn && entries && (entries & (entries - 1)) == 0);
	authn->options = *options;
	authn->verifier = token_verifier_new();
	authn->revoked = revoked_new();
	authn->cache = calloc(entries, sizeof *authn->cache);
	ensure(authn->cache);
	for (int i = 0; i < CACHE_LOCKS; i++)
		pthread_mutex_init(&authn->cache_locks[i], NULL);
	pthread_mutex_init(&authn->lock, NULL);
	pthread_cond_init(&authn->idle, NULL);
	/* Before the feed's first word there is as much trust as right after a word. */
	atomic_store(&authn->feed_us, clock_mono_us());
	fetch(authn);
	open_feed(authn);
	return authn;
}

void authn_free(struct authn *authn)
{
	if (!authn)
		return;
	pthread_mutex_lock(&authn->lock);
	authn->stopping = true;
	if (authn->feed)
		rpc_client_cancel(authn->feed);
	/* A timer that cannot be cancelled is about to run, and finds `stopping`. */
	if (authn->refresh && net_timer_cancel(authn->refresh))
		authn->refresh = NULL;
	if (authn->reopen && net_timer_cancel(authn->reopen))
		authn->reopen = NULL;
	while (authn->fetching || authn->feed || authn->refresh || authn->reopen)
		pthread_cond_wait(&authn->idle, &authn->lock);
	pthread_mutex_unlock(&authn->lock);
	for (int i = 0; i < CACHE_LOCKS; i++)
		pthread_mutex_destroy(&authn->cache_locks[i]);
	pthread_cond_destroy(&authn->idle);
	pthread_mutex_destroy(&authn->lock);
	token_verifier_free(authn->verifier);
	revoked_free(authn->revoked);
	free(authn->cache);
	free(authn);
}
