/* Timers: one binary heap, one thread. The thread counts as a callback thread: what it runs must
 * not block. */
#include "runtime/net/net.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/net/thread.h"
#include <pthread.h>
#include <stdlib.h>

struct net_timer {
	int64_t when_us;
	size_t at; /* its place in the heap */
	void (*fn)(void *ctx);
	void *ctx;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct net_timer **heap;
	size_t n, room;
	int64_t sleep_until_us; /* when the thread wakes by itself: only earlier timers have to wake
				   it */
} timers = {.lock = PTHREAD_MUTEX_INITIALIZER};

static pthread_once_t timers_once = PTHREAD_ONCE_INIT;

static void heap_put(struct net_timer *timer, size_t at)
{
	timers.heap[at] = timer;
	timer->at = at;
}

static void heap_up(struct net_timer *timer, size_t at)
{
	while (at > 0 && timers.heap[(at - 1) / 2]->when_us > timer->when_us) {
		heap_put(timers.heap[(at - 1) / 2], at);
		at = (at - 1) / 2;
	}
	heap_put(timer, at);
}

static void heap_down(struct net_timer *timer, size_t at)
{
	size_t child;

	while ((child = 2 * at + 1) < timers.n) {
		if (child + 1 < timers.n &&
		    timers.heap[child + 1]->when_us < timers.heap[child]->when_us)
			child++;
		if (timers.heap[child]->when_us >= timer->when_us)
			break;
		heap_put(timers.heap[child], at);
		at = child;
	}
	heap_put(timer, at);
}

static void heap_remove(struct net_timer *timer)
{
	struct net_timer *last = timers.heap[--timers.n];

	if (last == timer)
		return;
	if (last->when_us < timer->when_us)
		heap_up(last, timer->at);
	else
		heap_down(last, timer->at);
}

static void *timer_thread(void *unused)
{
	net_callback_begin();
	pthread_mutex_lock(&timers.lock);
	for (;;) {
		struct net_timer *first;
		struct timespec until;

		if (timers.n == 0) {
			timers.sleep_until_us = INT64_MAX;
			pthread_cond_wait(&timers.wake, &timers.lock);
			continue;
		}
		first = timers.heap[0];
		if (first->when_us > clock_mono_us()) {
			timers.sleep_until_us = first->when_us;
			until.tv_sec = first->when_us / US_PER_S;
			until.tv_nsec = first->when_us % US_PER_S * 1000;
			pthread_cond_timedwait(&timers.wake, &timers.lock, &until);
			continue;
		}
		timers.sleep_until_us = 0;
		heap_remove(first);
		pthread_mutex_unlock(&timers.lock);
		first->fn(first->ctx);
		free(first);
		pthread_mutex_lock(&timers.lock);
	}
	return NULL;
}

static void timers_init(void)
{
	pthread_condattr_t monotonic;
	pthread_attr_t detached;
	pthread_t thread;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&timers.wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	ensure(pthread_create(&thread, &detached, timer_thread, NULL) == 0);
	pthread_setname_np(thread, "net:timer");
	pthread_attr_destroy(&detached);
}

struct net_timer *net_timer_start(int64_t when_us, void (*fn)(void *ctx), void *ctx)
{
	struct net_timer *timer = malloc(sizeof(*timer));

	ensure(timer);
	*timer = (struct net_timer){.when_us = when_us > 0 ? when_us : 0, .fn = fn, .ctx = ctx};
	pthread_once(&timers_once, timers_init);
	pthread_mutex_lock(&timers.lock);
	if (timers.n == timers.room) {
		timers.room = timers.room ? 2 * timers.room : 64;
		timers.heap = realloc(timers.heap, timers.room * sizeof(timers.heap[0]));
		ensure(timers.heap);
	}
	timers.n++;
	heap_up(timer, timers.n - 1);
	if (timer->when_us < timers.sleep_until_us) {
		timers.sleep_until_us = 0;
		pthread_cond_signal(&timers.wake);
	}
	pthread_mutex_unlock(&timers.lock);
	return timer;
}

bool net_timer_cancel(struct net_timer *timer)
{
	bool waits;

	pthread_mutex_lock(&timers.lock);
	waits = timer->at < timers.n && timers.heap[timer->at] == timer;
	if (waits)
		heap_remove(timer);
	pthread_mutex_unlock(&timers.lock);
	if (waits)
		free(timer);
	return waits;
}
