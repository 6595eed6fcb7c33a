#include "chat/answer/life.h"

#include "chat/answer/generation.h"
#include "chat/answer/learn.h"
#include "chat/answer/purse.h"
#include "chat/answer/sweep.h"
#include "chat/answer/upkeep.h"
#include "chat/api/mark.h"
#include "chat/watch/peers.h"
#include "chat/watch/watch.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/http/http.h"
#include "runtime/log/log.h"

#include <pthread.h>

#define USER_AGENT "limitless-chat/1"
#define DRAIN_LOOK_MS 20

struct life {
	struct engine engine;
	pthread_mutex_t lock; /* guards stopped */
	pthread_cond_t changed;
	bool stopped;
	int64_t drained_us; /* the drain is over, clock_mono_us; engine thread */
};

/* The last work of a process gives its leases to the others. */
struct release_work {
	struct work work;
	struct life *life;
};

/* ---------------------------------------------------------------- the clock */

static int64_t tick_ms(const struct chat_conf *conf)
{
	return conf->checkpoint_ms < conf->sweep_ms ? conf->checkpoint_ms : conf->sweep_ms;
}

static void tick(void *ctx)
{
	struct engine *engine = ctx;
	int64_t now_us = clock_mono_us();

	if (engine->stopping) /* the crew takes no work any more */
		return;
	if (engine->n_generations > 0 && !engine->upkeep_busy && now_us >= engine->upkeep_us) {
		engine->upkeep_us = now_us + engine->conf->checkpoint_ms * US_PER_MS;
		upkeep_begin(engine);
	}
	if (!engine->draining && !engine->sweep_busy && now_us >= engine->sweep_us) {
		engine->sweep_us = now_us + engine->conf->sweep_ms * US_PER_MS;
		sweep_begin(engine);
	}
	if (!engine->stopping && !engine->learn_busy && now_us >= engine->learn_us) {
		engine->learn_us = now_us + engine->conf->learn_ms * US_PER_MS;
		learn_begin(engine);
	}
	watch_tick(engine, now_us);
	mark_tick(engine, now_us);
	http_timer(engine->http, tick_ms(engine->conf), tick, engine);
}

/* ---------------------------------------------------------------- start */

static void begin(void *ctx)
{
	struct engine *engine = ctx;

	rpc_answers_hold(true); /* until the turn ends: before_wait */
	sweep_former(engine);
	tick(engine);
}

static void crew_post(void *ctx, void (*fn)(void *arg), void *arg)
{
	engine_post(ctx, fn, arg);
}

static void crew_rest(void *ctx)
{
	engine_rest(ctx);
}

struct engine *life_start(const struct engine_options *options)
{
	struct life *life = calloc(1, sizeof *life);
	struct engine *engine = &life->engine;
	struct db_options app = options->app, worker = options->worker;

	ensure(life);
	app.fixed_plans = worker.fixed_plans = true;
	pthread_mutex_init(&life->lock, NULL);
	pthread_cond_init(&life->changed, NULL);
	engine->conf = options->conf;
	engine->options = *options;
	uuid_v4(engine->boot_id);
	engine->peers = peers_new(options->dial, options->dial_ctx);
	engine->purses = purses_new();
	engine->http = http_client_new(&(struct http_client_options){
		.connections_max = (int32_t)options->conf->generations_max,
		.connections_per_host_max = (int32_t)options->conf->generations_max,
		.user_agent = USER_AGENT,
		.before_wait = rpc_answers_send,
	});
	engine->crew = crew_start(&(struct crew_options){
		.threads = (int32_t)options->conf->engine_workers,
		.app = app,
		.worker = worker,
		.post = crew_post,
		.rest = crew_rest,
		.ctx = engine,
	});
	engine_post(engine, begin, engine);
	return engine;
}

/* ---------------------------------------------------------------- end */

static void drain_posted(void *ctx)
{
	struct engine *engine = ctx;

	engine->draining = true;
	((struct life *)engine)->drained_us =
		clock_mono_us() + engine->conf->service.drain_ms * US_PER_MS;
}

void life_drain(struct engine *engine)
{
	engine_post(engine, drain_posted, engine);
}

static void run_release(struct crew_member *member, struct work *work)
{
	const struct life *life = ((struct release_work *)work)->life;
	const char *const params[] = {life->engine.boot_id};

	work->status = db_exec(member->worker, &sql_generation_release, params, NULL, &work->err);
}

static void release_done(struct work *work)
{
	struct life *life = ((struct release_work *)work)->life;

	if (work->status != OK) /* then they lapse by themselves */
		log_warn("leases_not_released", LOG_S("message", work->err.message));
	free(work);
	pthread_mutex_lock(&life->lock);
	life->stopped = true;
	pthread_cond_signal(&life->changed);
	pthread_mutex_unlock(&life->lock);
}

/* Nothing is under way any more, so nothing needs the leases. */
static void release(struct engine *engine)
{
	struct release_work *release = calloc(1, sizeof *release);

	ensure(release);
	engine->on_idle = NULL;
	release->life = (struct life *)engine;
	release->work.run = run_release;
	release->work.done = release_done;
	engine_submit(engine, &release->work);
}

/* A provider is paid for each answer that it began. So they end here while the drain lasts. */
static void stop_posted(void *ctx)
{
	struct engine *engine = ctx;

	engine->draining = true;
	if (engine->n_generations + engine->n_starting > 0 &&
	    clock_mono_us() < ((struct life *)engine)->drained_us) {
		http_timer(engine->http, DRAIN_LOOK_MS, stop_posted, engine);
		return;
	}
	engine->stopping = true;
	watch_end_all(engine);
	mark_tick(engine, INT64_MAX);
	generation_drop_all(engine);
	engine_busy(engine); /* so that there is a last one to rest */
	engine->on_idle = release;
	engine_rest(engine);
}

void life_stop(struct engine *engine)
{
	struct life *life = (struct life *)engine;

	if (!engine)
		return;
	engine_post(engine, stop_posted, engine);
	pthread_mutex_lock(&life->lock);
	while (!life->stopped)
		pthread_cond_wait(&life->changed, &life->lock);
	pthread_mutex_unlock(&life->lock);
	crew_stop(engine->crew);
	peers_free(engine->peers);
	mark_free(engine);
	purses_free(engine->purses);
	http_client_free(engine->http);
	pthread_cond_destroy(&life->changed);
	pthread_mutex_destroy(&life->lock);
	free(life);
}
