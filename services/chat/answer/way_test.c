/* A use that is kept for the case that no counted key has room is given back, however the question
 * about the counted ones ends. */
#include "chat/answer/way.h"
#include "runtime/base/ensure.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* after the four that it needs */
#include <cmocka.h>

int way_tests(void);

#define ID "0190a000-0000-7000-8000-00000000000c"
#define USES 2

/* The result of a thread of the crew. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	void (*fn)(void *arg);
	void *arg;
} posted = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void post(void *ctx, void (*fn)(void *arg), void *arg)
{
	(void)ctx;
	pthread_mutex_lock(&posted.lock);
	posted.fn = fn;
	posted.arg = arg;
	pthread_cond_signal(&posted.changed);
	pthread_mutex_unlock(&posted.lock);
}

static void run_posted(void)
{
	pthread_mutex_lock(&posted.lock);
	while (!posted.fn)
		pthread_cond_wait(&posted.changed, &posted.lock);
	pthread_mutex_unlock(&posted.lock);
	posted.fn(posted.arg);
	posted.fn = NULL;
}

static int unknown_n;

static void never(struct generation *generation)
{
	(void)generation;
	fail_msg("a way was found");
}

static void none(struct generation *generation, int64_t wait_us)
{
	(void)wait_us;
	never(generation);
}

static void unknown(struct generation *generation, const struct error *err)
{
	(void)generation;
	(void)err;
	unknown_n++;
}

static const struct way_hooks hooks = {.found = never, .none = none, .unknown = unknown};

/* One question. The answer is dropped meanwhile, or the database is away. */
static void ask(struct engine *engine, const struct model *model, bool dropped)
{
	struct generation *generation = generation_new(engine, ID);

	generation->model = model;
	generation->stage = STAGE_TRY;
	way_find(generation, &hooks);
	if (dropped)
		generation->stage = STAGE_GONE;
	run_posted();
	generation_unref(generation);
}

static void a_spare_use_is_given_back(void **state)
{
	struct chat_conf conf = {.answer_bytes_max = 1 << 20};
	struct engine *engine = calloc(1, sizeof *engine);
	struct arena *arena = arena_new(1024, 65536);
	int64_t minute[USES] = {0};
	struct provider_key counted = {.id = ID, .requests_per_minute = 10};
	struct provider_key spare = {.requests_per_minute = USES, .minute = minute};
	const struct provider providers[] = {{.name = "first", .keys = &counted, .n_keys = 1},
					     {.name = "second", .keys = &spare, .n_keys = 1}};
	struct model *model = arena_zalloc(arena, sizeof *model);

	(void)state;
	ensure(engine && model);
	for (model->n_routes = 0; model->n_routes < ARRAY_SIZE(providers); model->n_routes++)
		model->routes[model->n_routes] = (struct provider_route){
			.provider = &providers[model->n_routes],
			.upstream = "model",
			.state = route_state_new(&providers[model->n_routes], 0, arena),
		};
	engine->conf = &conf;
	engine->crew = crew_start(&(struct crew_options){
		.threads = 1,
		.app.dsn = "",
		.worker.dsn = "host=/nowhere",
		.post = post,
	});
	unknown_n = 0;
	/* More often than the key has uses. */
	for (int i = 0; i < 2 * USES; i++)
		ask(engine, model, i % 2 == 0);
	assert_int_equal(unknown_n, USES);
	for (int i = 0; i < USES; i++)
		assert_int_equal(minute[i], 0);
	crew_stop(engine->crew);
	arena_free(arena);
	free(engine);
}

int way_tests(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_spare_use_is_given_back)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
