#include "runtime/loop/loop.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"

#include <pthread.h>
#include <stdlib.h>

struct work {
	struct work *next;
	int64_t due_us; /* of timers */
	void (*fn)(void *ctx);
	void *ctx;
};

struct loop {
	struct loop_options options;
	pthread_t thread;
	struct work *timers; /* earliest first; of the thread, as the next one */
	bool ending;         /* the last timers run; new ones are dropped */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t woken; /* without options.wait */
	struct work *posted, **posted_tail;
	bool awake;    /* the thread was woken and has not looked yet */
	bool stopping; /* no more work comes */
};

bool loop_is_here(const struct loop *loop)
{
	return pthread_equal(pthread_self(), loop->thread);
}

static struct work *work_new(void (*fn)(void *ctx), void *ctx, int64_t due_us)
{
	struct work *work = malloc(sizeof *work);

	ensure(work);
	*work = (struct work){.fn = fn, .ctx = ctx, .due_us = due_us};
	return work;
}

static void wake(struct loop *loop)
{
	if (loop->options.wake)
		loop->options.wake(loop->options.ctx);
	else
		pthread_cond_signal(&loop->woken);
}

void loop_post(struct loop *loop, void (*fn)(void *ctx), void *ctx)
{
	struct work *work = work_new(fn, ctx, 0);
	bool first;

	pthread_mutex_lock(&loop->lock);
	*loop->posted_tail = work;
	loop->posted_tail = &work->next;
	first = !loop->awake;
	loop->awake = true;
	pthread_mutex_unlock(&loop->lock);
	/* The loop looks at the queue before it waits, so its own posts need no wake-up. */
	if (first && !loop_is_here(loop))
		wake(loop);
}

void loop_timer(struct loop *loop, int64_t delay_ms, void (*fn)(void *ctx), void *ctx)
{
	struct work *work = work_new(fn, ctx, clock_mono_us() + delay_ms * US_PER_MS);
	struct work **at = &loop->timers;

	ensure(loop_is_here(loop));
	if (loop->ending) { /* nothing comes after the last timers */
		free(work);
		return;
	}
	while (*at && (*at)->due_us <= work->due_us)
		at = &(*at)->next;
	work->next = *at;
	*at = work;
}

/* Runs what was posted up to now. False: nothing was. */
static bool run_posted(struct loop *loop)
{
	struct work *list;

	pthread_mutex_lock(&loop->lock);
	list = loop->posted;
	loop->posted = NULL;
	loop->posted_tail = &loop->posted;
	loop->awake = false;
	pthread_mutex_unlock(&loop->lock);
	if (!list)
		return false;
	while (list) {
		struct work *work = list;

		list = work->next;
		work->fn(work->ctx);
		free(work);
	}
	return true;
}

static void run_timers(struct loop *loop)
{
	int64_t now = clock_mono_us();

	while (loop->timers && loop->timers->due_us <= now) {
		struct work *work = loop->timers;

		loop->timers = work->next;
		work->fn(work->ctx);
		free(work);
	}
}

static bool is_stopping(struct loop *loop)
{
	bool result;

	pthread_mutex_lock(&loop->lock);
	result = loop->stopping;
	pthread_mutex_unlock(&loop->lock);
	return result;
}

/* Under the lock; until something is posted, the end comes, or due_us. */
static void sleep_until(struct loop *loop, int64_t due_us)
{
	const struct timespec due = {due_us / US_PER_S, due_us % US_PER_S * 1000};
	int rc = 0;

	while (!loop->posted && !loop->stopping && rc == 0)
		rc = due_us ? pthread_cond_timedwait(&loop->woken, &loop->lock, &due)
			    : pthread_cond_wait(&loop->woken, &loop->lock);
}

static void before_wait(struct loop *loop)
{
	if (loop->options.before_wait)
		loop->options.before_wait();
}

static void wait_for_work(struct loop *loop)
{
	int64_t due_us = loop->timers ? loop->timers->due_us : 0;
	bool busy;

	before_wait(loop);
	pthread_mutex_lock(&loop->lock);
	if (!loop->options.wait)
		sleep_until(loop, due_us);
	/* The turn may have taken the wake-up of a post, or of the end. */
	busy = loop->posted || loop->stopping;
	pthread_mutex_unlock(&loop->lock);
	if (!busy && loop->options.wait)
		loop->options.wait(due_us, loop->options.ctx);
}

static void *run(void *arg)
{
	struct loop *loop = arg;
	const struct loop_options *options = &loop->options;

	for (;;) {
		bool last = is_stopping(loop); /* before the look, so that all posts are seen */

		if (!run_posted(loop) && last)
			break;
		if (options->turn)
			options->turn(options->ctx);
		run_timers(loop);
		wait_for_work(loop);
	}
	while (options->end && options->end(options->ctx))
		run_posted(loop); /* of the hook: nothing may be left behind */
	loop->ending = true;
	while (loop->timers) {
		loop->timers->due_us = 0;
		run_timers(loop);
		run_posted(loop);
	}
	before_wait(loop);
	return NULL;
}

struct loop *loop_new(const struct loop_options *options)
{
	struct loop *loop = calloc(1, sizeof *loop);
	pthread_condattr_t attr;

	ensure(loop);
	loop->options = *options;
	loop->posted_tail = &loop->posted;
	pthread_mutex_init(&loop->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&loop->woken, &attr);
	pthread_condattr_destroy(&attr);
	/* The thread reads its own id from the struct, so it must not run before that is set. */
	pthread_mutex_lock(&loop->lock);
	ensure(pthread_create(&loop->thread, NULL, run, loop) == 0);
	pthread_mutex_unlock(&loop->lock);
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	ensure(!loop_is_here(loop));
	pthread_mutex_lock(&loop->lock);
	loop->stopping = true;
	pthread_mutex_unlock(&loop->lock);
	wake(loop);
	pthread_join(loop->thread, NULL);
	ensure(!loop->posted);
	pthread_cond_destroy(&loop->woken);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}
