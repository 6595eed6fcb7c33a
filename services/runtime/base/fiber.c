#include "runtime/base/fiber.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/ensure.h"
#include "runtime/base/sanitizer.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if SANITIZER_ADDRESS
#include <sanitizer/common_interface_defs.h>
#elif SANITIZER_THREAD
#include <sanitizer/tsan_interface.h>
#endif

/* One side of a switch. */
struct side {
	ucontext_t context;
	void *sanitizer; /* what ASan keeps of a stack that is left, or TSan's name of it */
	const void *stack;
	size_t stack_bytes;
};

struct fiber {
	struct side own, caller;
	void (*fn)(void *ctx);
	void *ctx;
	bool waits;
	uint8_t *map; /* a guard page, then the stack */
	size_t map_bytes;
};

static _Thread_local struct fiber *running;

/* The sanitizers follow a stack only when they are told of it. */
static void leave(_unused_ struct side *from, _unused_ const struct side *to)
{
#if SANITIZER_ADDRESS
	__sanitizer_start_switch_fiber(&from->sanitizer, to->stack, to->stack_bytes);
#elif SANITIZER_THREAD
	__tsan_switch_to_fiber(to->sanitizer, 0);
#endif
}

static void arrive(_unused_ struct side *here, _unused_ struct side *from)
{
#if SANITIZER_ADDRESS
	__sanitizer_finish_switch_fiber(here->sanitizer, &from->stack, &from->stack_bytes);
#endif
}

static void switch_to(struct side *from, struct side *to)
{
	leave(from, to);
	ensure(swapcontext(&from->context, &to->context) == 0);
	arrive(from, to);
}

/* makecontext passes ints only. */
static void entry(void)
{
	struct fiber *fiber = running;

	arrive(&fiber->own, &fiber->caller);
	for (;;) {
		fiber->fn(fiber->ctx);
		fiber->waits = false;
		switch_to(&fiber->own, &fiber->caller);
	}
}

struct fiber *fiber_new(void)
{
	struct fiber *fiber = calloc(1, sizeof *fiber);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	ensure(fiber);
	fiber->map_bytes = page + FIBER_STACK_BYTES;
	fiber->map = mmap(NULL, fiber->map_bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	ensure(fiber->map != MAP_FAILED && mprotect(fiber->map, page, PROT_NONE) == 0);
	fiber->own.stack = fiber->map + page;
	fiber->own.stack_bytes = FIBER_STACK_BYTES;
	ensure(getcontext(&fiber->own.context) == 0);
	fiber->own.context.uc_stack.ss_sp = fiber->map + page;
	fiber->own.context.uc_stack.ss_size = FIBER_STACK_BYTES;
	makecontext(&fiber->own.context, entry, 0);
#if SANITIZER_THREAD
	fiber->own.sanitizer = __tsan_create_fiber(0);
#endif
	return fiber;
}

void fiber_free(struct fiber *fiber)
{
	if (!fiber)
		return;
	ensure(!fiber->waits);
#if SANITIZER_THREAD
	__tsan_destroy_fiber(fiber->own.sanitizer);
#endif
	munmap(fiber->map, fiber->map_bytes);
	free(fiber);
}

bool fiber_resume(struct fiber *fiber)
{
	ensure(!running && fiber->waits);
	running = fiber;
#if SANITIZER_THREAD
	fiber->caller.sanitizer = __tsan_get_current_fiber();
#endif
	switch_to(&fiber->caller, &fiber->own);
	running = NULL;
	return fiber->waits;
}

bool fiber_start(struct fiber *fiber, void (*fn)(void *ctx), void *ctx)
{
	ensure(!fiber->waits);
	fiber->fn = fn;
	fiber->ctx = ctx;
	fiber->waits = true;
	return fiber_resume(fiber);
}

void fiber_wait(void)
{
	if (running)
		switch_to(&running->own, &running->caller);
}

bool fiber_running(void)
{
	return running != NULL;
}
