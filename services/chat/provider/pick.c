/* Which key the next try takes. Engine thread only. */
#include "chat/provider/provider.h"
#include "runtime/base/clock.h"

#define MINUTE_US (60 * US_PER_S)
#define REST_MS 1000       /* after the first failure that names no time */
#define REST_MAX_MS 900000 /* 15 minutes */
#define REFUSED_MS 300000  /* a key that was refused: somebody may have paid meanwhile */
#define DOUBLINGS_MAX 10

/* When the key may be used next; in the past: now. */
static int64_t free_at(const struct provider_key *key)
{
	int64_t at_us = key->cooldown_us;

	if (key->minute && key->minute[key->minute_at]) {
		int64_t minute_us = key->minute[key->minute_at] + MINUTE_US;

		if (minute_us > at_us)
			at_us = minute_us;
	}
	return at_us;
}

static void count_use(const struct provider *provider, struct provider_key *key, int64_t now_us)
{
	key->used_us = now_us;
	if (!key->minute)
		return;
	key->minute[key->minute_at] = now_us;
	key->minute_at = (key->minute_at + 1) % (size_t)provider->requests_per_minute;
}

bool provider_pick(const struct model *model, int64_t now_us, struct provider_pick *ret,
		   int64_t *ret_wait_us)
{
	int64_t wait_us = INT64_MAX;

	for (size_t r = 0; r < model->n_routes; r++) {
		const struct provider *provider = model->routes[r].provider;
		struct provider_key *best = NULL;

		for (size_t k = 0; k < provider->n_keys; k++) {
			struct provider_key *key = &provider->keys[k];
			int64_t at_us = free_at(key);

			if (at_us > now_us) {
				if (at_us - now_us < wait_us)
					wait_us = at_us - now_us;
				continue;
			}
			if (!best || key->used_us < best->used_us)
				best = key;
		}
		if (best) {
			count_use(provider, best, now_us);
			*ret = (struct provider_pick){&model->routes[r], best};
			return true;
		}
	}
	*ret_wait_us = wait_us;
	return false;
}

void provider_report(const struct provider_pick *pick, int64_t now_us,
		     const struct provider_fault *fault)
{
	struct provider_key *key = pick->key;
	int64_t rest_ms = REST_MS;

	if (!fault || fault->kind == FAULT_FINAL) {
		key->failures = 0;
		key->cooldown_us = 0;
		return;
	}
	/* A transfer that broke says nothing of the key, and canned answers fail on demand. */
	if (fault->kind == FAULT_RETRY || pick->route->provider->demo)
		return;
	if (fault->kind == FAULT_KEY) {
		rest_ms = REFUSED_MS;
	} else if (fault->retry_after_ms >= 0) {
		rest_ms = fault->retry_after_ms;
	} else {
		if (key->failures < DOUBLINGS_MAX)
			key->failures++;
		rest_ms <<= key->failures - 1;
	}
	if (rest_ms > REST_MAX_MS)
		rest_ms = REST_MAX_MS;
	key->cooldown_us = now_us + rest_ms * US_PER_MS;
}
