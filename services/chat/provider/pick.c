/* Picks the key of the next try, and lets keys rest. Engine thread only. */
#include "chat/provider/provider.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"

#include <string.h>

#define MINUTE_US (60 * US_PER_S)
#define REST_MS 1000           /* after the first failure that names no time */
#define REST_UNNAMED_MS 60000  /* at most, however often it is doubled */
#define REST_NAMED_MS 900000   /* at most, whatever a provider asks for: 15 minutes */
#define REST_REFUSED_MS 300000 /* a key that was refused: somebody may have paid meanwhile */
#define REST_MODEL_MS 60000    /* a key that does not get the model */
#define DOUBLINGS_MAX 10
#define FAILED_ANSWERS 3  /* in a row that the server failed: then the key rests, too */
#define NOTED_US US_PER_S /* a rest that grows by less is no news for the others */

static_assert(PROVIDER_KEYS_MAX <= 64 && PROVIDERS_MAX <= 32, "a bit for each key and route");

struct route_state *route_state_new(const struct provider *provider, uint8_t refused,
				    struct arena *arena)
{
	struct route_state *state = arena_zalloc(arena, sizeof *state);

	ensure(state); /* the operator's file is larger than CATALOGUE_BYTES_MAX */
	state->refused = refused;
	state->keys = arena_array(arena, provider->n_keys, sizeof *state->keys);
	ensure(state->keys);
	return state;
}

/* The time from which the key may be used for the route. */
static int64_t free_at(const struct provider_route *route, size_t k)
{
	const struct provider_key *key = &route->provider->keys[k];
	int64_t at_us = key->cooldown_us, model_us = route->state->keys[k].cooldown_us;

	if (model_us > at_us)
		at_us = model_us;
	if (key->full_us > at_us)
		at_us = key->full_us;
	if (key->minute && key->minute[key->minute_at]) {
		int64_t minute_us = key->minute[key->minute_at] + MINUTE_US;

		if (minute_us > at_us)
			at_us = minute_us;
	}
	return at_us;
}

static void count_use(struct provider_key *key, int64_t now_us)
{
	key->used_us = now_us;
	if (!key->minute)
		return;
	key->minute[key->minute_at] = now_us;
	key->minute_at = (key->minute_at + 1) % (size_t)key->requests_per_minute;
}

void provider_unpick(const struct provider_pick *pick)
{
	struct provider_key *key = pick->key;
	size_t n = key ? (size_t)key->requests_per_minute : 0;

	if (!key || !key->minute)
		return;
	key->minute_at = (key->minute_at + n - 1) % n;
	key->minute[key->minute_at] = 0;
}

static bool is_shared(const struct provider_key *key)
{
	return key->id[0] && key->requests_per_minute > 0 &&
	       key->requests_per_minute <= PROVIDER_SHARED_MAX;
}

static void ask_for(const struct provider_route *route, struct provider_key *key, int32_t rank,
		    struct provider_ask *ask)
{
	if (ask->n == PROVIDER_KEYS_MAX)
		return;
	ask->ranks[ask->n] = rank;
	ask->picks[ask->n++] = (struct provider_pick){route, key};
}

/* The key of the route that rested longest, or NULL. Those that are counted elsewhere go to ask. */
static struct provider_key *best_key(const struct provider_route *route, uint64_t avoid,
				     int64_t now_us, int32_t rank, struct provider_ask *ask,
				     int64_t *wait_us)
{
	const struct provider *provider = route->provider;
	struct provider_key *best = NULL;

	for (size_t k = 0; k < provider->n_keys; k++) {
		struct provider_key *key = &provider->keys[k];
		int64_t at_us = free_at(route, k);

		if (key->off || avoid >> k & 1)
			continue;
		if (at_us > now_us) {
			if (at_us - now_us < *wait_us)
				*wait_us = at_us - now_us;
			continue;
		}
		if (is_shared(key))
			ask_for(route, key, rank, ask);
		else if (!best || key->used_us < best->used_us)
			best = key;
	}
	return best;
}

bool provider_pick(const struct provider_route *routes, size_t n, int64_t now_us,
		   const struct provider_avoid *avoid, struct provider_pick *ret,
		   struct provider_ask *ret_ask, int64_t *ret_wait_us)
{
	int64_t wait_us = INT64_MAX;
	int32_t rank = 0;

	*ret = (struct provider_pick){0};
	ret_ask->n = 0;

	for (unsigned last = 0; last < 2; last++) {
		for (size_t r = 0; r < n; r++) {
			const struct provider_route *route = &routes[r];
			size_t before = ret_ask->n;
			struct provider_key *key;

			if ((avoid->last >> r & 1) != last)
				continue;
			key = best_key(route, avoid->keys[r], now_us, rank++, ret_ask, &wait_us);
			if (!key)
				continue;
			ret_ask->n = before; /* one that nobody counts is free at once */
			count_use(key, now_us);
			*ret = (struct provider_pick){route, key};
			return true;
		}
	}
	*ret_wait_us = wait_us;
	return ret_ask->n > 0;
}

static void rest(int64_t *cooldown_us, int64_t now_us, int64_t rest_ms, struct provider_note *note)
{
	int64_t until_us;

	if (rest_ms <= 0)
		return;
	if (rest_ms > REST_NAMED_MS)
		rest_ms = REST_NAMED_MS;
	until_us = now_us + rest_ms * US_PER_MS;
	if (until_us > *cooldown_us + NOTED_US || *cooldown_us <= now_us) {
		note->rests = true;
		note->rest_ms = rest_ms;
	}
	if (until_us > *cooldown_us)
		*cooldown_us = until_us;
}

/* Answers that ran together fail together. That doubles the rest once. */
static int64_t unnamed_rest(struct route_key *key, int64_t now_us)
{
	int64_t rest_ms;

	if (key->cooldown_us > now_us)
		return 0;
	if (key->failures < DOUBLINGS_MAX)
		key->failures++;
	rest_ms = (int64_t)REST_MS << (key->failures - 1);
	return rest_ms > REST_UNNAMED_MS ? REST_UNNAMED_MS : rest_ms;
}

/* A server that fails one answer may dislike that one alone: its sender must not make the key rest
 * for all. One that fails several in a row is down. */
static int64_t failed_rest(struct route_key *key, bool first, int64_t now_us)
{
	if (first && key->failed < FAILED_ANSWERS)
		key->failed++;
	return key->failed < FAILED_ANSWERS ? 0 : unnamed_rest(key, now_us);
}

static void rest_by(const struct provider_fault *fault, struct provider_key *key,
		    struct route_key *of_model, bool first, int64_t now_us,
		    struct provider_note *note)
{
	int64_t named_ms = fault->retry_after_ms;

	note->of_model = fault->kind != FAULT_KEY;

	switch (fault->kind) {
	case FAULT_KEY:
		rest(&key->cooldown_us, now_us,
		     named_ms > REST_REFUSED_MS ? named_ms : REST_REFUSED_MS, note);
		note->refused = fault->refused && !key->off;
		if (fault->refused && key->id[0])
			key->off = true;
		break;
	case FAULT_MODEL:
		rest(&of_model->cooldown_us, now_us, named_ms >= 0 ? named_ms : REST_MODEL_MS,
		     note);
		break;
	case FAULT_BUSY:
		rest(&of_model->cooldown_us, now_us,
		     named_ms >= 0 ? named_ms : unnamed_rest(of_model, now_us), note);
		break;
	case FAULT_RETRY:
		rest(&of_model->cooldown_us, now_us, failed_rest(of_model, first, now_us), note);
		break;
	default:
		break; /* it says nothing of the key */
	}
	note->failures = of_model->failures;
}

static void avoid_by(const struct provider_fault *fault, size_t r, size_t k,
		     struct provider_avoid *avoid)
{
	switch (fault->kind) {
	case FAULT_MODEL:
	case FAULT_PRICE:
	case FAULT_UNCLEAR: /* another key of this provider hears the same, most likely */
		avoid->last |= 1U << r;
		avoid->keys[r] |= 1ULL << k;
		break;
	case FAULT_KEY:
		avoid->keys[r] |= 1ULL << k;
		break;
	default:
		break;
	}
}

void provider_report(const struct provider_route *routes, const struct provider_pick *pick,
		     int64_t now_us, const struct provider_fault *fault,
		     struct provider_avoid *avoid, struct provider_note *ret)
{
	const struct provider *provider = pick->route->provider;
	size_t k = (size_t)(pick->key - provider->keys);
	size_t r = (size_t)(pick->route - routes);

	*ret = (struct provider_note){0};
	if (!fault || fault->kind == FAULT_FINAL) {
		struct route_key *key = &pick->route->state->keys[k];

		ret->rests = ret->of_model = key->failures > 0;
		key->failures = key->failed = 0;
		return;
	}
	avoid_by(fault, r, k, avoid);
	if (!provider->demo) /* its faults are made on request */
		rest_by(fault, pick->key, &pick->route->state->keys[k], !(avoid->failed >> r & 1),
			now_us, ret);
	if (fault->kind == FAULT_RETRY)
		avoid->failed |= 1U << r;
}
