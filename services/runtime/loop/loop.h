/* A thread that runs what others post to it, and timers. State that only this thread touches needs
 * no lock. docs/modules/loop.md */
#ifndef RUNTIME_LOOP_LOOP_H
#define RUNTIME_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* The thread's other work, say the transfers of the HTTP client. All NULL: none. */
struct loop_options {
	/* Once a turn, between posts and timers. */
	void (*turn)(void *ctx);
	/* Waits until wake is called or due_us (clock_mono_us; 0: no timer) has come. It may return
	 * sooner. wake: any thread. Both or none. */
	void (*wait)(int64_t due_us, void *ctx);
	void (*wake)(void *ctx);
	/* At the end, after the last posts and before the last timers: ends one thing. False: there
	 * is none. */
	bool (*end)(void *ctx);
	void *ctx;
	/* Before each wait, and at the very end. NULL: nothing. */
	void (*before_wait)(void);
};

/* Starts the thread. */
struct loop *loop_new(const struct loop_options *options);
/* Runs what was posted before, then options.end as long as it says true, then all timers, early and
 * for the last time: those that they start themselves are dropped. Nothing may be posted any more.
 * Not from the loop. */
void loop_free(struct loop *loop);

/* Runs fn(ctx) once on the loop, in the order of posting. Any thread. */
void loop_post(struct loop *loop, void (*fn)(void *ctx), void *ctx);
/* Runs fn(ctx) once on the loop after delay_ms. On the loop only. */
void loop_timer(struct loop *loop, int64_t delay_ms, void (*fn)(void *ctx), void *ctx);
/* Whether the caller is the loop's thread. */
bool loop_is_here(const struct loop *loop);

#endif
