#include "runtime/db/connection.h"

#include "runtime/base/ensure.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#define POOL_MAGIC 0x4c6344b2u

struct db_pool {
	uint32_t magic;
	pthread_mutex_t mutex;
	pthread_cond_t given; /* one came back */
	struct db_options options;
	struct db **idle; /* the last one given is taken first, so that the others may end */
	int32_t n_idle, n_made, max;
};

struct db_pool *db_pool_new(const struct db_options *options)
{
	struct db_pool *pool = calloc(1, sizeof *pool);
	pthread_condattr_t monotonic;
	struct db *first;

	ensure(pool);
	pool->magic = POOL_MAGIC;
	ensure(pthread_mutex_init(&pool->mutex, NULL) == 0);
	ensure(pthread_condattr_init(&monotonic) == 0);
	ensure(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
	ensure(pthread_cond_init(&pool->given, &monotonic) == 0);
	pthread_condattr_destroy(&monotonic);
	first = db_new(options); /* knows the defaults and owns copies of the texts */
	pool->options = first->options;
	pool->max = first->options.connections_max;
	pool->idle = calloc((size_t)pool->max, sizeof(struct db *));
	ensure(pool->idle);
	pool->idle[0] = first;
	pool->n_idle = pool->n_made = 1;
	return pool;
}

void db_pool_free(struct db_pool *pool)
{
	if (!pool)
		return;
	ensure(pool->magic == POOL_MAGIC);
	ensure(pool->n_idle == pool->n_made); /* nobody holds one */
	pool->magic = 0;
	for (int32_t i = 0; i < pool->n_idle; i++)
		db_free(pool->idle[i]);
	free(pool->idle);
	pthread_cond_destroy(&pool->given);
	pthread_mutex_destroy(&pool->mutex);
	free(pool);
}

static struct timespec after_ms(int32_t ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

enum status db_pool_take(struct db_pool *pool, int32_t wait_ms, struct db **ret,
			 struct error *reterr)
{
	struct timespec until = after_ms(wait_ms);
	struct db *db = NULL;
	int waited = 0;

	ensure(pool->magic == POOL_MAGIC);
	pthread_mutex_lock(&pool->mutex);
	while (pool->n_idle == 0 && pool->n_made == pool->max && waited != ETIMEDOUT)
		waited = pthread_cond_timedwait(&pool->given, &pool->mutex, &until);
	if (pool->n_idle > 0) {
		db = pool->idle[--pool->n_idle];
	} else if (pool->n_made < pool->max) {
		db = db_new(&pool->options);
		pool->n_made++;
	}
	pthread_mutex_unlock(&pool->mutex);
	*ret = db;
	if (!db)
		return error_set(reterr, RESOURCE_EXHAUSTED, "overloaded",
				 "all %d connections of the pool are in use", pool->max);
	return OK;
}

void db_pool_give(struct db_pool *pool, struct db *db)
{
	ensure(pool->magic == POOL_MAGIC);
	ensure(db->magic == DB_MAGIC && !db->in_tx && !db->in_test);
	db->deadline_us = 0;
	pthread_mutex_lock(&pool->mutex);
	ensure(pool->n_idle < pool->n_made);
	pool->idle[pool->n_idle++] = db;
	pthread_cond_signal(&pool->given);
	pthread_mutex_unlock(&pool->mutex);
}
