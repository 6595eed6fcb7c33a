/* Fibers: functions with a stack of their own that one thread runs in turns (makecontext,
 * swapcontext of POSIX.1-2001). A fiber belongs to the thread that made it. */
#ifndef RUNTIME_BASE_FIBER_H
#define RUNTIME_BASE_FIBER_H

#include <stdbool.h>
#include <stddef.h>

#define FIBER_STACK_BYTES (256 * 1024) /* address space; memory is what was touched of it */

struct fiber;

struct fiber *fiber_new(void);

/* It must have ended. NULL allowed. */
void fiber_free(struct fiber *fiber);

/* Runs fn(ctx) on a fiber that is new or has ended, until it waits or returns. True: it waits. */
bool fiber_start(struct fiber *fiber, void (*fn)(void *ctx), void *ctx);

/* Goes on where it waits. True: it waits again. */
bool fiber_resume(struct fiber *fiber);

/* Back to the code that started or resumed the running fiber, until fiber_resume. On no fiber:
 * does nothing. */
void fiber_wait(void);

/* Does this thread run on a fiber? */
bool fiber_running(void);

#endif
