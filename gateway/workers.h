/* Threads for what would hold nng's polling thread too long: reading large bodies, compressing
 * large answers. */
#ifndef GATEWAY_WORKERS_H
#define GATEWAY_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

struct workers;

/* threads: how many; queue_max: jobs that may wait; done: called by each thread at its end, or
 * NULL. */
struct workers *workers_new(size_t threads, size_t queue_max, void (*done)(void));
/* Runs what waits, then ends the threads. NULL allowed. */
void workers_free(struct workers *workers);

/* Runs fn(ctx) on one of the threads. bytes: about what it takes and leaves, for giving memory
 * back. False: the queue is full. */
bool workers_run(struct workers *workers, void (*fn)(void *ctx), void *ctx, size_t bytes);

#endif
