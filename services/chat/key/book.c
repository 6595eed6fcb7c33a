#include "chat/key/book.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/hash.h"
#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#define SECRETS_BYTES_MAX (16u << 20)
#define KEYS_MAX (PROVIDERS_MAX * PROVIDER_KEYS_MAX)
#define MODEL_SIZE 401

METRIC_FAMILY(unopened_total) = {
	.name = "chat_provider_keys_unopened_total",
	.help = "Times that the secret of a provider's key did not open.",
	.kind = METRIC_COUNTER,
};

struct book {
	struct book_options options;
	pthread_t thread;
	pthread_mutex_t lock; /* guards stopping */
	pthread_cond_t changed;
	bool stopping;
	uint64_t loaded; /* fingerprint of the table's keys; 0: none yet */
};

/* One row of provider_key_sync. */
struct seen {
	char id[UUID_SIZE], model[MODEL_SIZE];
	bool usable;
	int64_t rest_us;
	int32_t failures;
};

struct news {
	struct current *current;
	int64_t now_us;
	size_t n;
	struct seen seen[];
};

/* ---------------------------------------------------------------- reading */

void book_keys_done(struct book_keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		explicit_bzero(keys->secrets[i].secret, strlen(keys->secrets[i].secret));
	if (keys->arena)
		arena_free(keys->arena);
	*keys = (struct book_keys){0};
}

enum status book_read(struct db *db, const struct vault *vault, struct book_keys *ret,
		      struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query(db, &sql_provider_key_open, NULL, &rows, reterr);

	if (s != OK)
		return s;
	*ret = (struct book_keys){.arena = arena_new(16384, SECRETS_BYTES_MAX)};
	ret->secrets = arena_array(ret->arena, KEYS_MAX, sizeof *ret->secrets);
	ensure(ret->secrets);
	for (int row = 0; row < PQntuples(rows) && ret->n < KEYS_MAX; row++) {
		struct provider_secret *secret = &ret->secrets[ret->n];
		struct error err;

		if (vault_open(vault, ret->arena, rows, row, &secret->secret, &err) != OK) {
			metric_add(metric_get(&unopened_total, NULL), 1);
			log_error("provider_key_not_opened", LOG_S("key", db_peek(rows, row, "id")),
				  LOG_S("provider", db_peek(rows, row, "provider")),
				  LOG_S("message", err.message));
			continue;
		}
		snprintf(secret->id, sizeof secret->id, "%s", db_peek(rows, row, "id"));
		secret->provider = db_text(ret->arena, rows, row, "provider");
		secret->requests_per_minute = db_i32(rows, row, "requests_per_minute");
		ret->n++;
	}
	return OK;
}

enum status book_see(struct db *db, const struct provider_set *set, bool anew, struct error *reterr)
{
	enum status s = OK;

	for (size_t i = 0; s == OK && i < set->n; i++) {
		const struct provider *provider = &set->providers[i];

		for (size_t k = 0; s == OK && k < provider->n_keys; k++) {
			const struct provider_key *key = &provider->keys[k];
			_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
			char hint[HINT_SIZE];

			if (!key->id[0] || !key->secret)
				continue;
			vault_hint(key->secret, hint);
			const char *const params[] = {key->id, provider->name, hint,
						      db_param_i64(arena, key->requests_per_minute),
						      anew ? "true" : "false"};

			s = db_exec(db, &sql_provider_key_see, params, NULL, reterr);
		}
	}
	return s;
}

/* ---------------------------------------------------------------- news; engine thread */

static void take_rest(const struct catalogue *catalogue, const struct provider *provider,
		      struct provider_key *key, const struct seen *seen, int64_t now_us)
{
	int64_t until_us = now_us + seen->rest_us;
	size_t k = (size_t)(key - provider->keys);

	if (!seen->model[0]) {
		if (until_us > key->cooldown_us)
			key->cooldown_us = until_us;
		return;
	}
	for (size_t m = 0; m < catalogue->n_models; m++) {
		for (size_t r = 0; r < catalogue->models[m].n_routes; r++) {
			const struct provider_route *route = &catalogue->models[m].routes[r];
			struct route_key *of_model = &route->state->keys[k];

			if (route->provider != provider ||
			    strcmp(route->upstream, seen->model) != 0)
				continue;
			if (until_us > of_model->cooldown_us)
				of_model->cooldown_us = until_us;
			if (seen->failures > of_model->failures)
				of_model->failures = seen->failures;
		}
	}
}

static void take_news(void *arg)
{
	_cleanup_(freep) struct news *news = arg;
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue = current_catalogue(news->current);

	for (size_t i = 0; catalogue && i < news->n; i++) {
		const struct seen *seen = &news->seen[i];

		for (size_t p = 0; p < catalogue->providers->n; p++) {
			const struct provider *provider = &catalogue->providers->providers[p];
			struct provider_key *key = provider_key_find(provider, seen->id);

			if (!key)
				continue;
			if (key->off && seen->usable)
				key->cooldown_us = 0; /* an administrator turned it on */
			key->off = !seen->usable;
			if (seen->rest_us > 0)
				take_rest(catalogue, provider, key, seen, news->now_us);
		}
	}
}

/* ---------------------------------------------------------------- the thread */

static void read_row(const PGresult *rows, int row, struct seen *seen, uint64_t *fingerprint)
{
	int32_t limit = db_i32(rows, row, "requests_per_minute");

	snprintf(seen->id, sizeof seen->id, "%s", db_peek(rows, row, "id"));
	snprintf(seen->model, sizeof seen->model, "%s", db_peek(rows, row, "model"));
	seen->usable = db_bool(rows, row, "usable");
	seen->rest_us = db_i64(rows, row, "rest_us");
	seen->failures = db_i32(rows, row, "failures");
	if (strcmp(db_peek(rows, row, "source"), "TABLE") != 0 ||
	    (row > 0 && strcmp(db_peek(rows, row - 1, "id"), seen->id) == 0))
		return;
	*fingerprint = hash_fnv1a_64(*fingerprint, seen->id, UUID_SIZE);
	*fingerprint = hash_fnv1a_64(*fingerprint, &limit, sizeof limit);
}

static enum status look(struct book *book, struct db *db, struct news **ret, uint64_t *fingerprint,
			struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query(db, &sql_provider_key_sync, NULL, &rows, reterr);
	struct news *news;
	size_t n;

	if (s != OK)
		return s;
	n = (size_t)PQntuples(rows);
	news = calloc(1, sizeof *news + n * sizeof *news->seen);
	ensure(news);
	news->current = book->options.current;
	news->now_us = clock_mono_us();
	*fingerprint = 0xcbf29ce484222325;
	for (; news->n < n; news->n++)
		read_row(rows, (int)news->n, &news->seen[news->n], fingerprint);
	*ret = news;
	return OK;
}

static enum status look_once(struct book *book, struct error *reterr)
{
	const struct book_options *options = &book->options;
	uint64_t fingerprint;
	struct news *news;
	struct db *db;
	enum status s = db_pool_take(options->pool, options->wait_ms, &db, reterr);

	if (s != OK)
		return s;
	s = look(book, db, &news, &fingerprint, reterr);
	db_pool_give(options->pool, db);
	if (s != OK)
		return s;
	if (fingerprint != book->loaded) {
		s = options->load(options->ctx, reterr);
		if (s == OK)
			book->loaded = fingerprint;
	}
	options->post(options->ctx, take_news, news);
	return s;
}

static void wait_ms(struct book *book, int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (!book->stopping &&
	       pthread_cond_clockwait(&book->changed, &book->lock, CLOCK_MONOTONIC, &until) == 0)
		;
}

static void *run(void *ctx)
{
	struct book *book = ctx;
	bool failed = false;

	pthread_mutex_lock(&book->lock);
	while (!book->stopping) {
		struct error err = {0};
		enum status s;

		pthread_mutex_unlock(&book->lock);
		s = look_once(book, &err);
		if (s != OK && !failed)
			log_warn("provider_keys_not_read", LOG_S("reason", err.reason),
				 LOG_S("message", err.message));
		failed = s != OK;
		pthread_mutex_lock(&book->lock);
		wait_ms(book, book->options.sync_ms);
	}
	pthread_mutex_unlock(&book->lock);
	return NULL;
}

struct book *book_start(const struct book_options *options)
{
	struct book *book = calloc(1, sizeof *book);

	ensure(book);
	book->options = *options;
	pthread_mutex_init(&book->lock, NULL);
	pthread_cond_init(&book->changed, NULL);
	ensure(pthread_create(&book->thread, NULL, run, book) == 0);
	return book;
}

void book_stop(struct book *book)
{
	pthread_mutex_lock(&book->lock);
	book->stopping = true;
	pthread_cond_signal(&book->changed);
	pthread_mutex_unlock(&book->lock);
	pthread_join(book->thread, NULL);
	pthread_cond_destroy(&book->changed);
	pthread_mutex_destroy(&book->lock);
	free(book);
}
