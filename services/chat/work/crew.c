#include "chat/work/crew.h"

#include "chat/work/bucket.h"
#include "runtime/base/ensure.h"
#include "runtime/base/uuid.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Work in the order in which it came. */
struct queue {
	struct work *first, **last;
};

/* The work of one user; there is no lane without work. */
struct lane {
	struct lane *next;      /* its turn comes after this one's */
	struct lane *in_bucket; /* with the same hash */
	char user_id[UUID_SIZE];
	struct queue queue;
};

struct crew {
	struct crew_options options;
	pthread_t *threads;
	int32_t n;
	pthread_mutex_t lock; /* guards what is below */
	pthread_cond_t changed;
	struct queue own; /* of nobody */
	struct lane *turn, **last_turn;
	struct lane *buckets[BUCKETS];
	bool stopping;
};

static void queue_put(struct queue *queue, struct work *work)
{
	work->next = NULL;
	*queue->last = work;
	queue->last = &work->next;
}

static struct work *queue_take(struct queue *queue)
{
	struct work *work = queue->first;

	if (!work)
		return NULL;
	queue->first = work->next;
	if (!queue->first)
		queue->last = &queue->first;
	return work;
}

/* ---------------------------------------------------------------- lanes, under the lock */

static struct lane **lane_find(struct crew *crew, const char *user_id)
{
	struct lane **at = &crew->buckets[bucket_of(user_id)];

	while (*at && strcmp((*at)->user_id, user_id) != 0)
		at = &(*at)->in_bucket;
	return at;
}

static void lane_wait(struct crew *crew, struct lane *lane)
{
	lane->next = NULL;
	*crew->last_turn = lane;
	crew->last_turn = &lane->next;
}

static struct lane *lane_get(struct crew *crew, const char *user_id)
{
	struct lane **at = lane_find(crew, user_id), *lane = *at;

	if (lane)
		return lane;
	lane = *at = calloc(1, sizeof *lane);
	ensure(lane);
	snprintf(lane->user_id, UUID_SIZE, "%s", user_id);
	lane->queue.last = &lane->queue.first;
	lane_wait(crew, lane);
	return lane;
}

static struct work *lane_take(struct crew *crew)
{
	struct lane *lane = crew->turn;
	struct work *work;

	if (!lane)
		return NULL;
	crew->turn = lane->next;
	if (!crew->turn)
		crew->last_turn = &crew->turn;
	work = queue_take(&lane->queue);
	if (lane->queue.first) {
		lane_wait(crew, lane);
	} else {
		*lane_find(crew, lane->user_id) = lane->in_bucket;
		free(lane);
	}
	return work;
}

/* ---------------------------------------------------------------- threads */

static void work_done(void *arg)
{
	struct work *work = arg;
	void (*rest)(void *ctx) = work->crew->options.rest;
	void *ctx = work->crew->options.ctx;

	work->done(work); /* the crew may be stopped by now */
	if (rest)
		rest(ctx);
}

static struct work *take(struct crew *crew)
{
	struct work *work;

	pthread_mutex_lock(&crew->lock);
	while (!crew->own.first && !crew->turn && !crew->stopping)
		pthread_cond_wait(&crew->changed, &crew->lock);
	work = queue_take(&crew->own);
	if (!work)
		work = lane_take(crew);
	pthread_mutex_unlock(&crew->lock);
	return work;
}

static void *run(void *arg)
{
	struct crew *crew = arg;
	const struct crew_options *options = &crew->options;
	struct crew_member member = {db_new(&options->app), db_new(&options->worker)};
	struct work *work;

	while ((work = take(crew))) {
		work->run(&member, work);
		options->post(options->ctx, work_done, work);
	}
	db_free(member.app);
	db_free(member.worker);
	return NULL;
}

struct crew *crew_start(const struct crew_options *options)
{
	struct crew *crew = calloc(1, sizeof *crew);

	ensure(crew);
	crew->options = *options;
	crew->own.last = &crew->own.first;
	crew->last_turn = &crew->turn;
	crew->threads = calloc((size_t)options->threads, sizeof *crew->threads);
	ensure(crew->threads);
	pthread_mutex_init(&crew->lock, NULL);
	pthread_cond_init(&crew->changed, NULL);
	for (; crew->n < options->threads; crew->n++)
		ensure(pthread_create(&crew->threads[crew->n], NULL, run, crew) == 0);
	return crew;
}

void crew_give(struct crew *crew, struct work *work)
{
	work->crew = crew;
	pthread_mutex_lock(&crew->lock);
	queue_put(work->user_id ? &lane_get(crew, work->user_id)->queue : &crew->own, work);
	pthread_cond_signal(&crew->changed);
	pthread_mutex_unlock(&crew->lock);
}

void crew_stop(struct crew *crew)
{
	pthread_mutex_lock(&crew->lock);
	crew->stopping = true;
	pthread_cond_broadcast(&crew->changed);
	pthread_mutex_unlock(&crew->lock);
	for (int32_t i = 0; i < crew->n; i++)
		pthread_join(crew->threads[i], NULL);
	pthread_cond_destroy(&crew->changed);
	pthread_mutex_destroy(&crew->lock);
	free(crew->threads);
	free(crew);
}
