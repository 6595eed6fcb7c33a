#include "chat/catalogue/discovery.h"

#include "chat/catalogue/offers.h"
#include "chat/catalogue/store.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"

#include <pthread.h>
#include <string.h>

#define RETRY_MS 1000 /* after the first failure; doubled up to provider_calls.discover_every */
#define CONNECT_TIMEOUT_MS 3000
#define TIMEOUT_MS 5000
#define ANSWER_BYTES_MAX (4u << 20)

/* The last answer of one provider. */
struct known {
	char *name, *url;
	struct offers offers;
	bool failed; /* the last question, which the log has once */
};

struct discovery {
	struct db_pool *pool;
	const struct chat_conf *conf;
	struct current *current;
	int32_t wait_ms;
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	struct catalogue *base; /* as the file has it */
	/* Without gaps. A new file may name as many new providers before the old ones are forgotten;
	 * the last one stays empty. */
	struct known known[2 * PROVIDERS_MAX + 1];
	bool stopping, ask;
};

static void known_done(struct known *known)
{
	free(known->name);
	free(known->url);
	offers_done(&known->offers);
	*known = (struct known){0};
}

/* ---------------------------------------------------------------- the catalogue; under the lock */

/* The answer of a provider, by its name. At another address it is another server. */
static struct known *known_of(struct discovery *discovery, const struct provider *provider)
{
	struct known *known = discovery->known;

	while (known->name && strcmp(known->name, provider->name) != 0)
		known++;
	ensure(known < discovery->known + ARRAY_SIZE(discovery->known) - 1);
	if (known->name && strcmp(known->url, provider->base_url) == 0)
		return known;
	known_done(known);
	known->name = strdup(provider->name);
	known->url = strdup(provider->base_url);
	ensure(known->name && known->url);
	return known;
}

static bool names_provider(const struct catalogue *base, const char *name)
{
	for (size_t i = 0; base && i < base->providers->n; i++) {
		if (strcmp(base->providers->providers[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Forgets the answers of providers that the base has no more. */
static void forget_others(struct discovery *discovery)
{
	struct known *kept = discovery->known;

	for (struct known *known = discovery->known; known->name; known++) {
		struct known taken = *known;

		*known = (struct known){0};
		if (names_provider(discovery->base, taken.name))
			*kept++ = taken;
		else
			known_done(&taken);
	}
}

static enum status put_in_place(struct discovery *discovery, struct catalogue *base,
				struct error *reterr)
{
	struct offers offers[PROVIDERS_MAX];
	struct catalogue *catalogue;
	struct db *db;
	enum status s;

	for (size_t i = 0; i < base->providers->n; i++)
		offers[i] = known_of(discovery, &base->providers->providers[i])->offers;
	catalogue = catalogue_with(base, offers);
	s = db_pool_take(discovery->pool, discovery->wait_ms, &db, reterr);
	if (s == OK) {
		s = catalogue_store(catalogue, db, reterr);
		db_pool_give(discovery->pool, db);
	}
	if (s == OK)
		current_set(discovery->current, catalogue);
	else
		catalogue_unref(catalogue);
	return s;
}

enum status discovery_take(struct discovery *discovery, struct catalogue *base,
			   struct error *reterr)
{
	enum status s;

	pthread_mutex_lock(&discovery->lock);
	s = put_in_place(discovery, base, reterr);
	if (s == OK) {
		catalogue_unref(discovery->base);
		discovery->base = base;
		discovery->ask = true;
		pthread_cond_signal(&discovery->changed);
	} else {
		catalogue_unref(base);
	}
	forget_others(discovery);
	pthread_mutex_unlock(&discovery->lock);
	return s;
}

/* ---------------------------------------------------------------- asking */

static enum status ask(struct http_client *client, const struct provider *provider,
		       struct arena *arena, struct offers *ret, struct error *reterr)
{
	const struct http_request request = {
		.method = "GET",
		.url = provider_url(arena, provider, "/models"),
		.headers = provider_get_headers(arena, provider, &provider->keys[0]),
		.proxy = provider->proxy,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.first_byte_timeout_ms = TIMEOUT_MS,
		.total_timeout_ms = TIMEOUT_MS,
		.answer_bytes_max = ANSWER_BYTES_MAX,
	};
	struct http_answer answer;
	enum status s = http_call(client, &request, arena, &answer, reterr);

	if (s != OK)
		return s;
	*ret = (struct offers){.state = OFFERS_NO_LIST};
	if (answer.status == 404 || answer.status == 405 || answer.status == 501)
		return OK; /* it has chat completions alone */
	if (answer.status != 200)
		return error_set(reterr, UNAVAILABLE, "provider_unavailable", "it answered %d",
				 (int)answer.status);
	if (!offers_read((const char *)answer.body, answer.body_len, ret))
		return error_set(reterr, UNAVAILABLE, "provider_broken",
				 "its answer is no list of models");
	return OK;
}

/* Stores one answer; under the lock. */
static void take_answer(struct discovery *discovery, struct known *known, struct offers *offers)
{
	struct offers old = known->offers;
	struct error err;

	known->failed = false;
	if (offers_equal(&old, offers)) {
		offers_done(offers);
		return;
	}
	known->offers = *offers;
	if (put_in_place(discovery, discovery->base, &err) != OK) {
		log_warn("models_not_stored", LOG_S("message", err.message));
		known->offers = old; /* asked again, it is new again */
		offers_done(offers);
		return;
	}
	log_info("models_found", LOG_S("provider", known->name), LOG_I("models", offers->n));
	offers_done(&old);
}

/* Asks the i-th provider of base. False: it did not answer. */
static bool ask_one(struct discovery *discovery, struct http_client *client,
		    const struct catalogue *base, size_t i)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, ANSWER_BYTES_MAX * 2);
	const struct provider *provider = &base->providers->providers[i];
	struct offers offers = {0};
	struct known *known;
	struct error err;
	enum status s = ask(client, provider, arena, &offers, &err);

	pthread_mutex_lock(&discovery->lock);
	if (discovery->base != base) { /* another file came meanwhile, and asks anew */
		offers_done(&offers);
		pthread_mutex_unlock(&discovery->lock);
		return true;
	}
	known = known_of(discovery, provider);
	if (s == OK) {
		take_answer(discovery, known, &offers);
	} else {
		if (!known->failed)
			log_warn("models_not_listed", LOG_S("provider", provider->name),
				 LOG_S("message", err.message));
		known->failed = true;
	}
	pthread_mutex_unlock(&discovery->lock);
	return s == OK;
}

static bool ask_all(struct discovery *discovery, struct http_client **client,
		    const struct catalogue *base)
{
	bool all = true;

	for (size_t i = 0; i < base->providers->n; i++) {
		if (!base->providers->providers[i].discover)
			continue;
		if (!*client)
			*client = http_client_new(
				&(struct http_client_options){.connections_max = 4});
		if (!ask_one(discovery, *client, base, i))
			all = false;
	}
	return all;
}

static void wait_ms(struct discovery *discovery, int64_t ms)
{
	struct timespec until = clock_mono_after(ms);

	while (!discovery->stopping && !discovery->ask &&
	       pthread_cond_clockwait(&discovery->changed, &discovery->lock, CLOCK_MONOTONIC,
				      &until) == 0)
		;
}

static void *run(void *ctx)
{
	struct discovery *discovery = ctx;
	struct http_client *client = NULL;
	int64_t every_ms = discovery->conf->discover_ms, pause_ms = RETRY_MS;

	pthread_mutex_lock(&discovery->lock);
	while (!discovery->stopping) {
		_cleanup_(catalogue_unrefp) struct catalogue *base = NULL;

		discovery->ask = false;
		if (discovery->base) {
			bool all;

			base = catalogue_ref(discovery->base);
			pthread_mutex_unlock(&discovery->lock);
			all = ask_all(discovery, &client, base);
			pthread_mutex_lock(&discovery->lock);
			pause_ms = all ? every_ms : pause_ms < every_ms ? pause_ms : every_ms;
			wait_ms(discovery, pause_ms);
			pause_ms = all || discovery->ask ? RETRY_MS : pause_ms * 2;
		} else {
			wait_ms(discovery, every_ms);
		}
	}
	pthread_mutex_unlock(&discovery->lock);
	if (client)
		http_client_free(client);
	return NULL;
}

struct discovery *discovery_start(struct db_pool *pool, const struct chat_conf *conf,
				  struct current *current, int32_t wait)
{
	struct discovery *discovery = calloc(1, sizeof *discovery);

	ensure(discovery);
	discovery->pool = pool;
	discovery->conf = conf;
	discovery->current = current;
	discovery->wait_ms = wait;
	pthread_mutex_init(&discovery->lock, NULL);
	pthread_cond_init(&discovery->changed, NULL);
	ensure(pthread_create(&discovery->thread, NULL, run, discovery) == 0);
	return discovery;
}

void discovery_stop(struct discovery *discovery)
{
	pthread_mutex_lock(&discovery->lock);
	discovery->stopping = true;
	pthread_cond_signal(&discovery->changed);
	pthread_mutex_unlock(&discovery->lock);
	pthread_join(discovery->thread, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(discovery->known); i++)
		known_done(&discovery->known[i]);
	catalogue_unref(discovery->base);
	pthread_cond_destroy(&discovery->changed);
	pthread_mutex_destroy(&discovery->lock);
	free(discovery);
}
