#include "chat/search/index.h"

#include "chat/search/batch.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"

#include <pthread.h>
#include <stdlib.h>

#define WAIT_MS 1000 /* for a connection of the pool */

struct search_index {
	struct db_pool *pool;
	const struct chat_conf *conf;
	pthread_t thread;
	pthread_mutex_t lock; /* of stopping */
	pthread_cond_t changed;
	bool stopping;
	bool failed; /* the thread's: the last look was */
};

/* One batch. False: there is nothing more to do now. */
static bool one_batch(struct search_index *index)
{
	struct error err = {0};
	struct db *db;
	bool more = false;
	enum status s = db_pool_take(index->pool, WAIT_MS, &db, &err);

	if (s == OK) {
		s = search_batch(db, index->conf->search_words_max, &more, &err);
		db_pool_give(index->pool, db);
	}
	if (s != OK && !index->failed)
		log_warn("search_not_indexed", LOG_S("message", err.message));
	index->failed = s != OK;
	return s == OK && more;
}

static void pause_ms(struct search_index *index, int64_t ms)
{
	struct timespec until = clock_mono_after(ms);

	while (!index->stopping &&
	       pthread_cond_clockwait(&index->changed, &index->lock, CLOCK_MONOTONIC, &until) == 0)
		;
}

static void *run(void *ctx)
{
	struct search_index *index = ctx;

	pthread_mutex_lock(&index->lock);
	while (!index->stopping) {
		bool more;

		pthread_mutex_unlock(&index->lock);
		more = one_batch(index);
		pthread_mutex_lock(&index->lock);
		if (!more)
			pause_ms(index, index->conf->search_index_ms);
	}
	pthread_mutex_unlock(&index->lock);
	return NULL;
}

struct search_index *search_index_start(struct db_pool *pool, const struct chat_conf *conf)
{
	struct search_index *index = calloc(1, sizeof *index);

	ensure(index);
	index->pool = pool;
	index->conf = conf;
	pthread_mutex_init(&index->lock, NULL);
	pthread_cond_init(&index->changed, NULL);
	ensure(pthread_create(&index->thread, NULL, run, index) == 0);
	return index;
}

void search_index_stop(struct search_index *index)
{
	pthread_mutex_lock(&index->lock);
	index->stopping = true;
	pthread_cond_signal(&index->changed);
	pthread_mutex_unlock(&index->lock);
	pthread_join(index->thread, NULL);
	pthread_cond_destroy(&index->changed);
	pthread_mutex_destroy(&index->lock);
	free(index);
}
