/* One generation in the engine: begun, cancelled, lost, over. */
#include "chat/answer/internal.h"
#include "chat/words/state.h"
#include "runtime/base/ensure.h"
#include "runtime/metrics/metrics.h"

#include <string.h>

/* A thread that waits for the end of a generation. */
struct canceller {
	struct canceller *next; /* of one generation */
	struct engine *engine;
	char id[UUID_SIZE];
	_Atomic int refs;
	pthread_mutex_t lock; /* guards done and found */
	pthread_cond_t changed;
	bool done, found;
};

static struct metric_family ended_total = {
	.name = "chat_generations_total",
	.help = "Generations that ended here, by state.",
	.labels = "state",
	.kind = METRIC_COUNTER,
};

struct generation *generation_new(struct engine *engine, const char *id)
{
	struct generation *generation = calloc(1, sizeof *generation);

	ensure(generation);
	generation->engine = engine;
	generation->refs = 1;
	generation->arena = arena_new(4096, JOB_ARENA_BYTES);
	generation->log = log_new(1, (size_t)engine->conf->answer_bytes_max);
	snprintf(generation->log->facts.id, UUID_SIZE, "%s", id);
	generation->log->facts.state = CHAT__V1__GENERATION__STATE__RUNNING;
	generation->log->facts.attempt = 1;
	return generation;
}

struct generation *generation_ref(struct generation *generation)
{
	generation->refs++;
	return generation;
}

void generation_unref(struct generation *generation)
{
	if (--generation->refs > 0)
		return;
	try_done(&generation->try);
	log_unref(generation->log);
	log_unref(generation->former);
	catalogue_unref(generation->catalogue);
	arena_free(generation->arena);
	free(generation);
}

struct event_log *generation_shown(const struct generation *generation)
{
	if (generation->log->n_marks == 0 && generation->former)
		return generation->former;
	return generation->log;
}

void generation_begin_events(struct generation *generation)
{
	if (!generation->reset_due)
		return;
	generation->reset_due = false;
	log_add(generation->log, EVENT_RESET);
}

void generation_run(struct generation *generation)
{
	struct engine *engine = generation->engine;

	if (engine->stopping) { /* its lease is released with the others */
		generation_unref(generation);
		return;
	}
	engine_insert(engine, generation);
	if (generation->lost > engine->conf->lost_max)
		generation->doom.code = error_set(
			&generation->doom, UNAVAILABLE, "generation_lost",
			"the service that wrote the answer stopped %d times", generation->lost);
	hold_begin(generation);
}

static void canceller_unref(struct canceller *canceller)
{
	if (atomic_fetch_sub(&canceller->refs, 1) != 1)
		return;
	pthread_cond_destroy(&canceller->changed);
	pthread_mutex_destroy(&canceller->lock);
	free(canceller);
}

static void canceller_tell(struct canceller *canceller, bool found)
{
	pthread_mutex_lock(&canceller->lock);
	canceller->done = true;
	canceller->found = found;
	pthread_cond_signal(&canceller->changed);
	pthread_mutex_unlock(&canceller->lock);
	canceller_unref(canceller);
}

/* Takes it out of the engine. The caller still has the engine's reference. */
static void leave(struct generation *generation)
{
	generation->stage = STAGE_GONE;
	engine_remove(generation->engine, generation);
	if (generation->try.transfer)
		http_cancel(generation->try.transfer);
	while (generation->cancellers) {
		struct canceller *canceller = generation->cancellers;

		generation->cancellers = canceller->next;
		canceller_tell(canceller, true);
	}
}

static struct watch *detach_first(struct generation *generation)
{
	struct watch *watch = generation->watches;

	generation->watches = watch->next_here;
	if (generation->watches)
		generation->watches->here = &generation->watches;
	watch->next_here = NULL;
	watch->here = NULL;
	watch->generation = NULL;
	return watch;
}

void generation_drop(struct generation *generation)
{
	if (generation->stage == STAGE_GONE)
		return;
	leave(generation);
	while (generation->watches)
		watch_look_later(detach_first(generation));
	generation_unref(generation);
}

void generation_over(struct generation *generation)
{
	const char *const labels[] = {state_word(generation->log->facts.state)};

	metric_add(metric_get(&ended_total, labels), 1);
	leave(generation);
	while (generation->watches) {
		struct watch *watch = detach_first(generation);

		if (watch->log == generation->log || watch_read(watch, generation->log, true))
			watch_pump(watch);
	}
	generation_unref(generation);
}

void generation_cancel(struct generation *generation)
{
	generation->cancel = true;
	if (generation->try.transfer)
		http_cancel(generation->try.transfer);
	else if (generation->stage == STAGE_PAUSE)
		finish(generation, CHAT__V1__GENERATION__STATE__CANCELLED,
		       CHAT__V1__STOP_REASON__CANCELLED, NULL);
}

static void cancel_posted(void *ctx)
{
	struct canceller *canceller = ctx;
	struct generation *generation = engine_find(canceller->engine, canceller->id);

	if (!generation) {
		canceller_tell(canceller, false);
		return;
	}
	canceller->next = generation->cancellers;
	generation->cancellers = canceller;
	generation_cancel(generation);
}

bool engine_cancel(struct engine *engine, const char *id, int32_t wait_ms)
{
	struct canceller *canceller = calloc(1, sizeof *canceller);
	struct timespec until;
	bool found;

	ensure(canceller && !http_on_engine(engine->http));
	canceller->engine = engine;
	atomic_store(&canceller->refs, 2);
	snprintf(canceller->id, UUID_SIZE, "%s", id);
	pthread_mutex_init(&canceller->lock, NULL);
	pthread_cond_init(&canceller->changed, NULL);
	engine_post(engine, cancel_posted, canceller);

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&canceller->lock);
	while (!canceller->done && pthread_cond_clockwait(&canceller->changed, &canceller->lock,
							  CLOCK_MONOTONIC, &until) == 0)
		;
	found = !canceller->done || canceller->found;
	pthread_mutex_unlock(&canceller->lock);
	canceller_unref(canceller);
	return found;
}
