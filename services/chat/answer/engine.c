/* The engine's life, and its clock. */
#include "chat/answer/internal.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"

#include <string.h>

#define USER_AGENT "limitless-chat/1"

/* The last job of a process: its leases go to the others. */
struct release_job {
	struct job job;
	char boot_id[UUID_SIZE];
};

void engine_post(struct engine *engine, void (*fn)(void *ctx), void *ctx)
{
	http_post(engine->http, fn, ctx);
}

void engine_submit(struct engine *engine, struct job *job)
{
	job->engine = engine;
	engine->n_jobs++;
	crew_give(engine->crew, job);
}

const char *engine_boot_id(const struct engine *engine)
{
	return engine->boot_id;
}

size_t engine_bucket(const char *id)
{
	uint32_t hash = 2166136261u;

	for (const char *p = id; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	return hash % BUCKETS;
}

static struct generation **bucket(struct engine *engine, const char *id)
{
	return &engine->buckets[engine_bucket(id)];
}

struct generation *engine_find(struct engine *engine, const char *id)
{
	struct generation *generation = *bucket(engine, id);

	while (generation && strcmp(generation->log->facts.id, id) != 0)
		generation = generation->next;
	return generation;
}

void engine_insert(struct engine *engine, struct generation *generation)
{
	struct generation **at = bucket(engine, generation->log->facts.id);

	generation->next = *at;
	*at = generation;
	engine->n_generations++;
	places_run(engine, generation->log->facts.user_id);
}

void engine_remove(struct engine *engine, struct generation *generation)
{
	struct generation **at = bucket(engine, generation->log->facts.id);

	while (*at != generation)
		at = &(*at)->next;
	*at = generation->next;
	engine->n_generations--;
	places_rest(engine, generation->log->facts.user_id);
}

static int64_t tick_ms(const struct engine *engine)
{
	const struct chat_conf *conf = engine->conf;

	return conf->checkpoint_ms < conf->sweep_ms ? conf->checkpoint_ms : conf->sweep_ms;
}

static void tick(void *ctx)
{
	struct engine *engine = ctx;
	int64_t now_us = clock_mono_us();

	if (engine->n_generations > 0 && !engine->upkeep_busy && now_us >= engine->upkeep_us) {
		engine->upkeep_us = now_us + engine->conf->checkpoint_ms * US_PER_MS;
		upkeep_begin(engine);
	}
	if (!engine->draining && !engine->sweep_busy && now_us >= engine->sweep_us) {
		engine->sweep_us = now_us + engine->conf->sweep_ms * US_PER_MS;
		sweep_begin(engine);
	}
	watch_tick(engine, now_us);
	http_timer(engine->http, tick_ms(engine), tick, engine);
}

static void begin(void *ctx)
{
	struct engine *engine = ctx;

	sweep_former(engine);
	tick(engine);
}

struct engine *engine_start(const struct engine_options *options)
{
	struct engine *engine = calloc(1, sizeof *engine);

	ensure(engine);
	engine->conf = options->conf;
	engine->options = *options;
	uuid_v4(engine->boot_id);
	pthread_mutex_init(&engine->lock, NULL);
	pthread_cond_init(&engine->changed, NULL);
	engine->http = http_client_new(&(struct http_client_options){
		.connections_max = (int32_t)options->conf->generations_max,
		.connections_per_host_max = (int32_t)options->conf->generations_max,
		.user_agent = USER_AGENT,
	});
	engine->crew = crew_start(engine, (int32_t)options->conf->engine_workers);
	engine_post(engine, begin, engine);
	return engine;
}

static void drain_posted(void *ctx)
{
	struct engine *engine = ctx;

	engine->draining = true;
}

void engine_drain(struct engine *engine)
{
	engine_post(engine, drain_posted, engine);
}

static void run_release(struct crew_member *member, struct job *job)
{
	struct release_job *release = (struct release_job *)job;
	const char *const params[] = {release->boot_id};

	job->status = db_exec(member->worker, &sql_generation_release, params, NULL, &job->err);
}

static void release_done(struct job *job)
{
	struct engine *engine = job->engine;

	if (job->status != OK) /* then they lapse by themselves */
		log_warn("leases_not_released", LOG_S("message", job->err.message));
	free(job);
	pthread_mutex_lock(&engine->lock);
	engine->stopped = true;
	pthread_cond_signal(&engine->changed);
	pthread_mutex_unlock(&engine->lock);
}

void engine_rest(struct engine *engine)
{
	struct release_job *release;

	if (!engine->stopping || engine->released || engine->n_jobs > 0 || engine->n_calls > 0)
		return;
	engine->released = true;
	release = calloc(1, sizeof *release);
	ensure(release);
	release->job.run = run_release;
	release->job.done = release_done;
	memcpy(release->boot_id, engine->boot_id, UUID_SIZE);
	engine_submit(engine, &release->job);
}

static void stop_posted(void *ctx)
{
	struct engine *engine = ctx;
	struct watch *watch, *next;
	struct error err;

	err.code = error_set(&err, UNAVAILABLE, "service_unavailable", "the service restarts");
	engine->draining = true;
	engine->stopping = true;
	for (watch = engine->watches; watch; watch = next) {
		next = watch->next;
		watch_finish(watch, UNAVAILABLE, &err);
	}
	for (size_t i = 0; i < BUCKETS; i++) {
		while (engine->buckets[i])
			generation_drop(engine->buckets[i]);
	}
	engine_rest(engine);
}

void engine_stop(struct engine *engine)
{
	if (!engine)
		return;
	engine_post(engine, stop_posted, engine);
	pthread_mutex_lock(&engine->lock);
	while (!engine->stopped)
		pthread_cond_wait(&engine->changed, &engine->lock);
	pthread_mutex_unlock(&engine->lock);
	crew_stop(engine->crew);
	peers_free(engine);
	http_client_free(engine->http);
	pthread_cond_destroy(&engine->changed);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
}
