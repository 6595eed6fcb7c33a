/* Inside of runtime/net only: what belongs to a thread. */
#ifndef RUNTIME_NET_THREAD_H
#define RUNTIME_NET_THREAD_H

#include <nng/nng.h>
#include <stdint.h>

#define NET_BULK_BYTES (32 * 1024) /* of each thread: reads after a full one, and writes */

/* Each thread owns an aio without callback (completes on the calling thread) and two bulk
 * buffers. */
struct net_thread {
	nng_aio *aio;
	uint8_t *in, *out;
};
struct net_thread *net_thread_get(void);

/* Marks the running thread as one of nng's for net_on_callback_thread; undone by
 * net_callback_end. */
void net_callback_begin(void);
void net_callback_end(void);

#endif
