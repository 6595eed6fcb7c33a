#include "chat/key/book.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/hash.h"
#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SECRETS_BYTES_MAX (16u << 20)
#define KEYS_MAX (PROVIDERS_MAX * PROVIDER_KEYS_MAX)
#define MODEL_SIZE 401
#define FNV_START 0xcbf29ce484222325
#define SEE_US (3600 * US_PER_S) /* rows that nobody has are forgotten after 30 days */

METRIC_FAMILY(unopened_total) = {
	.name = "chat_provider_keys_unopened_total",
	.help = "Times that the secret of a provider's key did not open.",
	.kind = METRIC_COUNTER,
};

METRIC_FAMILY(off) = {
	.name = "chat_provider_keys_off",
	.help = "Keys that their provider refused, and that wait for an administrator.",
	.kind = METRIC_GAUGE,
};

struct book {
	struct book_options options;
	pthread_t thread;
	pthread_mutex_t lock; /* guards stopping */
	pthread_cond_t changed;
	bool stopping;
	uint64_t loaded; /* fingerprint of the keys that the catalogue has */
	int64_t seen_us; /* when its keys' rows were last told that they are in use */
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

/* Of one row. Those of all rows are added, so their order does not matter. */
static uint64_t fingerprint_of(const PGresult *rows, int row)
{
	const char *id = db_peek(rows, row, "id");
	int32_t limit = db_i32(rows, row, "requests_per_minute");
	uint64_t hash = hash_fnv1a_64(FNV_START, id, strlen(id));

	return hash_fnv1a_64(hash, &limit, sizeof limit);
}

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

		ret->fingerprint += fingerprint_of(rows, row);
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

/* A refusal here was not in its row yet, or the news had been read before. */
static bool is_older(const struct news *news, const struct provider_key *key)
{
	return key->noting > 0 || news->now_us <= key->noted_us;
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
			if (!seen->usable || !is_older(news, key)) {
				if (key->off && seen->usable) /* an administrator turned it on */
					key->cooldown_us = 0;
				key->off = !seen->usable;
			}
			if (seen->rest_us > 0)
				take_rest(catalogue, provider, key, seen, news->now_us);
		}
	}
}

/* ---------------------------------------------------------------- the thread */

/* What one look finds. */
struct look {
	struct news *news;
	uint64_t fingerprint;
	int64_t refused;
};

static void read_row(const PGresult *rows, int row, struct seen *seen, struct look *look)
{
	snprintf(seen->id, sizeof seen->id, "%s", db_peek(rows, row, "id"));
	snprintf(seen->model, sizeof seen->model, "%s", db_peek(rows, row, "model"));
	seen->usable = db_bool(rows, row, "usable");
	seen->rest_us = db_i64(rows, row, "rest_us");
	seen->failures = db_i32(rows, row, "failures");
	if (row > 0 && strcmp(db_peek(rows, row - 1, "id"), seen->id) == 0)
		return; /* another rest of the same key */
	if (strcmp(db_peek(rows, row, "source"), "TABLE") == 0)
		look->fingerprint += fingerprint_of(rows, row);
	look->refused += db_bool(rows, row, "refused");
}

static enum status look(struct book *book, struct db *db, struct look *ret, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	int64_t now_us = clock_mono_us();
	enum status s = db_query(db, &sql_provider_key_sync, NULL, &rows, reterr);
	struct news *news;
	size_t n;

	if (s != OK)
		return s;
	n = (size_t)PQntuples(rows);
	news = calloc(1, sizeof *news + n * sizeof *news->seen);
	ensure(news);
	news->current = book->options.current;
	news->now_us = now_us;
	*ret = (struct look){.news = news};
	for (; news->n < n; news->n++)
		read_row(rows, (int)news->n, &news->seen[news->n], ret);
	return OK;
}

static int compare_seen(const void *id, const void *seen)
{
	return strcmp(id, ((const struct seen *)seen)->id);
}

/* Whether each key of the catalogue has its row. One that was added and deleted between two looks
 * has none, although chat.yaml has the key. The rows come in the order of their ids. */
static bool have_rows(const struct provider_set *set, const struct news *news)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct provider *provider = &set->providers[i];

		for (size_t k = 0; k < provider->n_keys; k++) {
			const char *id = provider->keys[k].id;

			if (*id && provider->keys[k].secret &&
			    !bsearch(id, news->seen, news->n, sizeof *news->seen, compare_seen))
				return false;
		}
	}
	return true;
}

/* Rows of keys that are in use are kept. */
static void see_again(struct book *book, const struct news *news, struct db *db)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(book->options.current);
	int64_t now_us = clock_mono_us();
	struct error err;

	if (now_us < book->seen_us + SEE_US && have_rows(catalogue->providers, news))
		return;
	if (book_see(db, catalogue->providers, false, &err) == OK)
		book->seen_us = now_us;
}

static enum status look_once(struct book *book, struct error *reterr)
{
	const struct book_options *options = &book->options;
	struct look found;
	struct db *db;
	enum status s = db_pool_take(options->pool, options->wait_ms, &db, reterr);

	if (s != OK)
		return s;
	s = look(book, db, &found, reterr);
	if (s == OK && found.fingerprint == book->loaded) /* else a load sees them */
		see_again(book, found.news, db);
	db_pool_give(options->pool, db);
	if (s != OK)
		return s;
	metric_set(metric_get(&off, NULL), found.refused);
	if (found.fingerprint != book->loaded) {
		s = options->load(options->ctx, reterr);
		if (s == OK)
			book->loaded = found.fingerprint;
	}
	options->post(options->ctx, take_news, found.news);
	return s;
}

static void wait_ms(struct book *book, int64_t ms)
{
	struct timespec until = clock_mono_after(ms);

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
	book->loaded = options->loaded;
	book->seen_us = clock_mono_us();
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
