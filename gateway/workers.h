/* Threads for long work, which would hold nng's polling thread: reading large bodies, compressing
 * large answers. */
#ifndef GATEWAY_WORKERS_H
#define GATEWAY_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

struct workers;

/* threads: their number. queue_max: jobs that may wait. done: called by each thread at its end, or
 * NULL. */
struct workers *workers_new(size_t threads, size_t queue_max, void (*done)(void));
/* Runs the jobs that wait, then ends the threads. NULL allowed. */
void workers_free(struct workers *workers);

/* Runs fn(ctx) on one of the threads. bytes: memory that it takes and frees, about. False: the
 * queue is full. */
bool workers_run(struct workers *workers, void (*fn)(void *ctx), void *ctx, size_t bytes);

#endif
