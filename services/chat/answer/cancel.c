#include "chat/answer/cancel.h"

#include "chat/answer/generation.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"

#include <pthread.h>
#include <stdatomic.h>

/* A thread that waits for the end of a generation. */
struct canceller {
	struct listener listener;
	struct engine *engine;
	char id[UUID_SIZE];
	_Atomic int refs;
	pthread_mutex_t lock; /* guards done and found */
	pthread_cond_t changed;
	bool done, found;
};

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

static void on_dropped(struct listener *listener)
{
	canceller_tell((struct canceller *)listener, true);
}

static void on_over(struct listener *listener, _unused_ struct event_log *log)
{
	canceller_tell((struct canceller *)listener, true);
}

static void cancel_posted(void *ctx)
{
	struct canceller *canceller = ctx;
	struct generation *generation = generation_find(canceller->engine, canceller->id);

	if (!generation) {
		canceller_tell(canceller, false);
		return;
	}
	generation_listen(generation, &canceller->listener);
	generation_cancel(generation);
}

bool cancel_here(struct engine *engine, const char *id, int32_t wait_ms)
{
	struct canceller *canceller = calloc(1, sizeof *canceller);
	struct timespec until;
	bool found;

	ensure(canceller && !http_on_engine(engine->http));
	canceller->listener.dropped = on_dropped;
	canceller->listener.over = on_over;
	canceller->engine = engine;
	atomic_store(&canceller->refs, 2);
	snprintf(canceller->id, UUID_SIZE, "%s", id);
	pthread_mutex_init(&canceller->lock, NULL);
	pthread_cond_init(&canceller->changed, NULL);
	engine_post(engine, cancel_posted, canceller);

	until = clock_mono_after(wait_ms);
	pthread_mutex_lock(&canceller->lock);
	while (!canceller->done && pthread_cond_clockwait(&canceller->changed, &canceller->lock,
							  CLOCK_MONOTONIC, &until) == 0)
		;
	found = !canceller->done || canceller->found;
	pthread_mutex_unlock(&canceller->lock);
	canceller_unref(canceller);
	return found;
}
