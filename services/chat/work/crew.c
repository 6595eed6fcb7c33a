/* Threads that do the engine's database work, each with its own connections. The engine's own jobs
 * come first: they end what runs and keep its leases. Jobs of users wait in one lane a user, and
 * the lanes take turns: a user who asks for much waits for it alone. */
#include "chat/answer/internal.h"
#include "runtime/base/ensure.h"

#include <string.h>

/* Jobs in the order in which they came. */
struct queue {
	struct job *first, **last;
};

/* The jobs of one user; there is no lane without jobs. */
struct lane {
	struct lane *next;      /* whose turn comes after it */
	struct lane *in_bucket; /* with the same hash */
	char user_id[UUID_SIZE];
	struct queue queue;
};

struct crew {
	struct engine *engine;
	pthread_t *threads;
	int32_t n;
	pthread_mutex_t lock; /* guards what is below */
	pthread_cond_t changed;
	struct queue own;
	struct lane *turn, **last_turn;
	struct lane *buckets[BUCKETS];
	bool stopping;
};

static void queue_put(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
}

static struct job *queue_take(struct queue *queue)
{
	struct job *job = queue->first;

	if (!job)
		return NULL;
	queue->first = job->next;
	if (!queue->first)
		queue->last = &queue->first;
	return job;
}

/* ---------------------------------------------------------------- lanes, under the lock */

static struct lane **lane_find(struct crew *crew, const char *user_id)
{
	struct lane **at = &crew->buckets[engine_bucket(user_id)];

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

static struct job *lane_take(struct crew *crew)
{
	struct lane *lane = crew->turn;
	struct job *job;

	if (!lane)
		return NULL;
	crew->turn = lane->next;
	if (!crew->turn)
		crew->last_turn = &crew->turn;
	job = queue_take(&lane->queue);
	if (lane->queue.first) {
		lane_wait(crew, lane);
	} else {
		*lane_find(crew, lane->user_id) = lane->in_bucket;
		free(lane);
	}
	return job;
}

/* ---------------------------------------------------------------- threads */

static void post_done(void *ctx)
{
	struct job *job = ctx;
	struct engine *engine = job->engine;

	engine->n_jobs--;
	job->done(job);
	engine_rest(engine);
}

static struct job *take(struct crew *crew)
{
	struct job *job;

	pthread_mutex_lock(&crew->lock);
	while (!crew->own.first && !crew->turn && !crew->stopping)
		pthread_cond_wait(&crew->changed, &crew->lock);
	job = queue_take(&crew->own);
	if (!job)
		job = lane_take(crew);
	pthread_mutex_unlock(&crew->lock);
	return job;
}

static void *work(void *arg)
{
	struct crew *crew = arg;
	struct crew_member member = {db_new(&crew->engine->options.app),
				     db_new(&crew->engine->options.worker)};
	struct job *job;

	while ((job = take(crew))) {
		job->run(&member, job);
		engine_post(crew->engine, post_done, job);
	}
	db_free(member.app);
	db_free(member.worker);
	return NULL;
}

struct crew *crew_start(struct engine *engine, int32_t n)
{
	struct crew *crew = calloc(1, sizeof *crew);

	ensure(crew);
	crew->engine = engine;
	crew->own.last = &crew->own.first;
	crew->last_turn = &crew->turn;
	crew->threads = calloc((size_t)n, sizeof *crew->threads);
	ensure(crew->threads);
	pthread_mutex_init(&crew->lock, NULL);
	pthread_cond_init(&crew->changed, NULL);
	for (; crew->n < n; crew->n++)
		ensure(pthread_create(&crew->threads[crew->n], NULL, work, crew) == 0);
	return crew;
}

void crew_give(struct crew *crew, struct job *job)
{
	pthread_mutex_lock(&crew->lock);
	queue_put(job->user_id ? &lane_get(crew, job->user_id)->queue : &crew->own, job);
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
