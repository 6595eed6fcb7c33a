/* Threads that do the engine's database work, each with its own connections. */
#include "chat/generation/internal.h"
#include "runtime/base/ensure.h"

struct crew {
	struct engine *engine;
	pthread_t *threads;
	int32_t n;
	pthread_mutex_t lock; /* guards what is below */
	pthread_cond_t changed;
	struct job *first, **last;
	bool stopping;
};

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
	while (!crew->first && !crew->stopping)
		pthread_cond_wait(&crew->changed, &crew->lock);
	job = crew->first;
	if (job) {
		crew->first = job->next;
		if (!crew->first)
			crew->last = &crew->first;
	}
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
	crew->last = &crew->first;
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
	job->next = NULL;
	pthread_mutex_lock(&crew->lock);
	*crew->last = job;
	crew->last = &job->next;
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
