/* Callbacks on the thread that polls, with docs/adr/0011 telling why.
 *
 * nng 1.5 polls on one thread, which hands every completed aio to a second one. Where waking a
 * sleeping processor takes 20 to 40 us that is the larger part of a call. So two functions of
 * libnng.a are wrapped by the linker (--wrap, see the Makefile): a completion that the polling
 * thread finds waits until that thread has told nng of all its events. It is about to poll again
 * then, and holds none of nng's locks; then its callback runs right there. And before the thread
 * sleeps it looks for a moment whether more comes, giving the processor to whoever wants it.
 *
 * Callbacks must not block, least of all for something that comes by the network.
 *
 * `make NNG_WRAP=0` builds without it, for other versions of nng: slower, but the same. */
#include "runtime/net/poll.h"

#include "runtime/base/clock.h"
#include "runtime/net/net.h"
#include <nng/nng.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>

#if !NNG_WRAP

/* nng as it is: every callback runs on its task threads. */
void net_poll_direct(bool direct)
{
}

bool net_callbacks_wait(void)
{
	return false;
}

enum status net_poll_check(const char *nng_version, struct error *reterr)
{
	return OK;
}

#else

#define WRAPPED_VERSION "1.5." /* other versions may call the two functions differently */
#if NNG_MAJOR_VERSION != 1 || NNG_MINOR_VERSION != 5
#error "net/poll.c wraps functions of nng 1.5 and this is another version: make NNG_WRAP=0"
#endif

#define WAITING_MAX 256 /* callbacks; more go to nng's task threads */
#define ROUND_US \
	1000       /* then nng's task threads run the rest, so that no slow one keeps the others */
#define SPIN_US 20 /* looking for events before sleeping: about what one wake-up costs */
#define LUCK_MAX 8 /* looks that may fail in a row once as many have helped */
#define REST 16    /* sleeps without a look after that */

struct nni_task;

/* Of libnng.a. dispatch: queues for a task thread. exec: runs the callback here. */
void nni_task_exec(struct nni_task *task);
void __real_nni_task_dispatch(struct nni_task *task);
int __real_epoll_wait(int fd, struct epoll_event *events, int n, int timeout);

/* The linker puts these in their place. */
void __wrap_nni_task_dispatch(struct nni_task *task);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int n, int timeout);

static _Thread_local struct {
	bool polls;  /* this is nng's polling thread */
	bool direct; /* net_poll_direct */
	unsigned first, last;
	struct nni_task *waiting[WAITING_MAX];
	int luck; /* of looking before sleeping: below 0 it is not worth it now */
} self;

static struct nni_task *next_waiting(void)
{
	return self.waiting[self.first++ % WAITING_MAX];
}

void net_poll_direct(bool direct)
{
	self.direct = direct;
}

bool net_callbacks_wait(void)
{
	return self.first != self.last;
}

enum status net_poll_check(const char *nng_version, struct error *reterr)
{
	if (strncmp(nng_version, WRAPPED_VERSION, strlen(WRAPPED_VERSION)) == 0)
		return OK;
	return error_set(reterr, INTERNAL, "internal_error",
			 "nng %s is linked and functions of nng " WRAPPED_VERSION
			 "x are wrapped: build with make NNG_WRAP=0",
			 nng_version);
}

void __wrap_nni_task_dispatch(struct nni_task *task)
{
	if (!self.polls || self.direct || self.last - self.first == WAITING_MAX)
		__real_nni_task_dispatch(task);
	else
		self.waiting[self.last++ % WAITING_MAX] = task;
}

static void run_callbacks(void)
{
	int64_t end = clock_mono_us() + ROUND_US;

	while (self.first != self.last && clock_mono_us() < end)
		nni_task_exec(next_waiting());
	while (self.first != self.last)
		__real_nni_task_dispatch(next_waiting());
}

/* Looks for events for a moment. Where they mostly come later than that it only costs processor
 * time, so it is left out until it would have helped again. */
static int look(int fd, struct epoll_event *events, int n)
{
	int64_t end = clock_mono_us() + SPIN_US;
	int got;

	do {
		sched_yield();
		got = __real_epoll_wait(fd, events, n, 0);
	} while (got == 0 && clock_mono_us() < end);
	if (got == 0)
		self.luck = self.luck == 0 ? -REST : self.luck - 1;
	else if (self.luck < LUCK_MAX)
		self.luck++;
	return got;
}

/* nng's polling thread alone calls it: nothing else in these programs uses epoll. */
int __wrap_epoll_wait(int fd, struct epoll_event *events, int n, int timeout)
{
	int got;

	self.polls = true;
	run_callbacks();
	if (self.luck < 0) {
		self.luck++;
		return __real_epoll_wait(fd, events, n, timeout);
	}
	got = __real_epoll_wait(fd, events, n, 0);
	if (got == 0)
		got = look(fd, events, n);
	return got == 0 ? __real_epoll_wait(fd, events, n, timeout) : got;
}

#endif
