#include "gateway/workers.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

/* Memory is given back when no job waits, after so many bytes of work, and at most once in so long:
 * it holds malloc's locks for a millisecond or two. */
#define TRIM_BYTES (4 * 1024 * 1024)
#define TRIM_US US_PER_S

struct job {
	void (*fn)(void *ctx);
	void *ctx;
	size_t bytes;
};

struct workers {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct job *queue; /* a ring */
	size_t first, n, queue_max;
	size_t done_bytes; /* since memory was given back */
	int64_t trimmed_us;
	size_t busy;
	bool ending;
	void (*done)(void);
	size_t n_threads;
	pthread_t threads[];
};

/* Waits for a job, with the mutex held. False: the workers end. */
static bool next_job(struct workers *workers, struct job *ret)
{
	while (workers->n == 0) {
		int64_t now = clock_mono_us();
		int64_t due_us = workers->trimmed_us + TRIM_US;
		struct timespec until = {due_us / US_PER_S, due_us % US_PER_S * 1000};

		if (workers->ending)
			return false;
		if (workers->busy || workers->done_bytes < TRIM_BYTES) {
			pthread_cond_wait(&workers->changed, &workers->mutex);
		} else if (now < due_us) {
			pthread_cond_timedwait(&workers->changed, &workers->mutex, &until);
		} else {
			workers->done_bytes = 0;
			workers->trimmed_us = now;
			pthread_mutex_unlock(&workers->mutex);
			malloc_trim(0);
			pthread_mutex_lock(&workers->mutex);
		}
	}
	*ret = workers->queue[workers->first];
	workers->first = (workers->first + 1) % workers->queue_max;
	workers->n--;
	return true;
}

static void *work(void *arg)
{
	struct workers *workers = arg;
	struct job job;

	pthread_mutex_lock(&workers->mutex);
	while (next_job(workers, &job)) {
		workers->busy++;
		pthread_mutex_unlock(&workers->mutex);
		job.fn(job.ctx);
		pthread_mutex_lock(&workers->mutex);
		workers->busy--;
		workers->done_bytes += job.bytes;
	}
	pthread_mutex_unlock(&workers->mutex);
	if (workers->done)
		workers->done();
	return NULL;
}

struct workers *workers_new(size_t threads, size_t queue_max, void (*done)(void))
{
	struct workers *workers = calloc(1, sizeof *workers + threads * sizeof(pthread_t));
	pthread_condattr_t attributes;

	ensure(workers && threads && queue_max);
	workers->queue = calloc(queue_max, sizeof *workers->queue);
	ensure(workers->queue);
	workers->queue_max = queue_max;
	workers->done = done;
	pthread_mutex_init(&workers->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&workers->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	for (; workers->n_threads < threads; workers->n_threads++)
		ensure(pthread_create(&workers->threads[workers->n_threads], NULL, work, workers) ==
		       0);
	return workers;
}

void workers_free(struct workers *workers)
{
	if (!workers)
		return;
	pthread_mutex_lock(&workers->mutex);
	workers->ending = true;
	pthread_cond_broadcast(&workers->changed);
	pthread_mutex_unlock(&workers->mutex);
	for (size_t i = 0; i < workers->n_threads; i++)
		pthread_join(workers->threads[i], NULL);
	pthread_cond_destroy(&workers->changed);
	pthread_mutex_destroy(&workers->mutex);
	free(workers->queue);
	free(workers);
}

bool workers_run(struct workers *workers, void (*fn)(void *ctx), void *ctx, size_t bytes)
{
	bool room;

	pthread_mutex_lock(&workers->mutex);
	room = workers->n < workers->queue_max;
	if (room) {
		workers->queue[(workers->first + workers->n) % workers->queue_max] =
			(struct job){fn, ctx, bytes};
		workers->n++;
		pthread_cond_signal(&workers->changed);
	}
	pthread_mutex_unlock(&workers->mutex);
	return room;
}
