#include "gateway/api_keys.h"

#include "edge/v1/rpc.h"
#include "runtime/base/clock.h"
#include "runtime/base/digest.h"
#include "runtime/base/ensure.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define KEY_BYTES_MAX 128
#define MAY_READ 1u
#define MAY_GENERATE 2u

/* What is known of a key. Slots are direct-mapped: a newer key with the same slot replaces it. The
 * key's hash is compared, and guesses at a hash are of no use, so the time of comparing tells
 * nothing. */
struct known {
	uint8_t sha256[DIGEST_SHA256_SIZE];
	struct rpc_subject subject; /* of nobody: there is no such key */
	uint8_t may;
	int64_t end_us; /* clock_mono_us; 0: the slot is free */
};

struct api_keys {
	struct api_keys_options options;
	pthread_mutex_t lock; /* of known */
	struct known *known;
};

/* A check that waits for edge.v1. */
struct check {
	struct api_keys *keys;
	authn_done_fn *done;
	void *ctx;
	int64_t begin_us; /* what is told was true then or later */
	uint8_t needs;
	uint8_t sha256[DIGEST_SHA256_SIZE];
};

static struct known *slot_of(const struct api_keys *keys, const uint8_t *sha256)
{
	uint32_t hash;

	memcpy(&hash, sha256, sizeof hash);
	return &keys->known[hash % (uint32_t)keys->options.entries];
}

static bool recall(struct api_keys *keys, const uint8_t *sha256, struct known *ret)
{
	const struct known *slot = slot_of(keys, sha256);
	bool hit;

	pthread_mutex_lock(&keys->lock);
	hit = slot->end_us > clock_mono_us() &&
	      memcmp(slot->sha256, sha256, DIGEST_SHA256_SIZE) == 0;
	if (hit)
		*ret = *slot;
	pthread_mutex_unlock(&keys->lock);
	return hit;
}

static void answer(const struct known *known, uint8_t needs, authn_done_fn *done, void *ctx)
{
	static const struct error nobody = {UNAUTHENTICATED, "unauthenticated", "",
					    "the API key is not valid"};
	static const struct error scope = {PERMISSION_DENIED, "scope_required", "",
					   "the API key lacks the scope for this"};

	if (!*known->subject.user_id)
		done(ctx, UNAUTHENTICATED, NULL, &nobody);
	else if (!(known->may & needs))
		done(ctx, PERMISSION_DENIED, NULL, &scope);
	else
		done(ctx, OK, &known->subject, NULL);
}

static uint8_t scopes_read(const Edge__V1__ResolveApiKeyResponse *resp)
{
	uint8_t may = resp->n_scopes ? 0 : MAY_READ | MAY_GENERATE;

	for (size_t i = 0; i < resp->n_scopes; i++) {
		if (strcmp(resp->scopes[i], "read") == 0)
			may |= MAY_READ;
		else if (strcmp(resp->scopes[i], "generate") == 0)
			may |= MAY_GENERATE;
	}
	return may;
}

static void resolved(void *ctx, enum status status, const ProtobufCMessage *message,
		     _unused_ const struct error *err)
{
	static const struct error away = {UNAVAILABLE, "service_unavailable", "",
					  "the owner of the API key cannot be found at the moment"};
	struct check *check = ctx;
	struct api_keys *keys = check->keys;
	const Edge__V1__ResolveApiKeyResponse *resp = (const void *)message;
	struct known known = {.end_us = check->begin_us + keys->options.lifetime_ms * US_PER_MS};

	if (status != OK && status != NOT_FOUND) {
		check->done(check->ctx, UNAVAILABLE, NULL, &away);
		free(check);
		return;
	}
	memcpy(known.sha256, check->sha256, sizeof known.sha256);
	if (status == OK && uuid_valid(resp->user_id) && uuid_valid(resp->key_id)) {
		memcpy(known.subject.user_id, resp->user_id, UUID_SIZE);
		memcpy(known.subject.api_key_id, resp->key_id, UUID_SIZE);
		snprintf(known.subject.on_disconnect, sizeof known.subject.on_disconnect, "%s",
			 resp->on_disconnect);
		known.may = scopes_read(resp);
	}
	pthread_mutex_lock(&keys->lock);
	*slot_of(keys, check->sha256) = known;
	pthread_mutex_unlock(&keys->lock);
	answer(&known, check->needs, check->done, check->ctx);
	free(check);
}

void api_keys_check(struct api_keys *keys, const char *key, size_t len, bool read,
		    authn_done_fn *done, void *ctx)
{
	Edge__V1__ResolveApiKeyRequest req = EDGE__V1__RESOLVE_API_KEY_REQUEST__INIT;
	const struct rpc_call_options options = {0};
	uint8_t needs = read ? MAY_READ : MAY_GENERATE;
	struct known known = {0};
	uint8_t sha256[DIGEST_SHA256_SIZE];
	struct check *check;

	digest_sha256(key, len, sha256);
	if (len > KEY_BYTES_MAX || recall(keys, sha256, &known)) {
		answer(&known, needs, done, ctx);
		return;
	}
	check = calloc(1, sizeof *check);
	ensure(check);
	check->keys = keys;
	check->done = done;
	check->ctx = ctx;
	check->begin_us = clock_mono_us();
	check->needs = needs;
	memcpy(check->sha256, sha256, sizeof sha256);
	req.key_sha256 = (ProtobufCBinaryData){sizeof sha256, sha256};
	edge_v1_resolve_api_key_async(keys->options.edge, &options, &req, resolved, check);
}

struct api_keys *api_keys_new(const struct api_keys_options *options)
{
	struct api_keys *keys = calloc(1, sizeof *keys);

	ensure(keys);
	keys->options = *options;
	keys->known = calloc((size_t)options->entries, sizeof *keys->known);
	ensure(keys->known);
	pthread_mutex_init(&keys->lock, NULL);
	return keys;
}

void api_keys_free(struct api_keys *keys)
{
	if (!keys)
		return;
	pthread_mutex_destroy(&keys->lock);
	free(keys->known);
	free(keys);
}
