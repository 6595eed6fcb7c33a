/* Inside of runtime/net only: nng's polling thread. */
#ifndef RUNTIME_NET_POLL_H
#define RUNTIME_NET_POLL_H

#include "runtime/base/status.h"
#include <stdbool.h>

/* Until it is undone, an aio that completes on this thread is told at once: its waiter is this
 * thread itself. */
void net_poll_direct(bool direct);

/* Whether the linked nng, of this version, may be wrapped. errors: INTERNAL internal_error saying
 * what to build instead. */
_must_check_ enum status net_poll_check(const char *nng_version, struct error *reterr);

#endif
