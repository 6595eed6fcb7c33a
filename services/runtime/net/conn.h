/* Inside of runtime/net only: one connection. */
#ifndef RUNTIME_NET_CONN_H
#define RUNTIME_NET_CONN_H

#include "runtime/net/net.h"
#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

#define NET_IN_BYTES 2048 /* of each connection: the receive that is always posted */
#define NET_SEND_TIMEOUT_MS 30000

/* How an accepted connection tells its listener. */
struct net_owner {
	void (*on_tls_failed)(void *ctx, const char *peer, int rv);
	void (*on_freed)(void *ctx); /* no lock; once, the last thing it does */
	void *ctx;
};

struct net_conn {
	pthread_mutex_t lock;
	_Atomic(const void *) holder; /* thread that holds the lock, see net_close */
	_Atomic int refs;             /* one per pending aio, one while open, one per holder */
	nng_stream *stream;
	nng_aio *recv_aio;
	nng_aio *send_aio; /* made when a send blocks for the first time */
	struct net_hooks hooks;
	void *ctx;
	struct net_owner owner; /* zero: dialed, nobody listens */

	bool tls;     /* cancelling an aio ends the whole connection: never try */
	bool started; /* has its hooks */
	bool closed;  /* no aio may be started: one started after nng_stream_close never ends */
	bool over;    /* on_close has run */
	bool close_flushed; /* close when there is no output left */
	bool paused;
	bool recv_posted;
	bool sending;        /* send_aio is under way with out */
	bool deliver_posted; /* net_post will deliver what waits in `in` */
	int callbacks;       /* running on threads of nng; the last step of each sees `closed` */

	size_t in_start, in_len; /* bytes that wait in `in` */
	size_t recv_at;          /* where the posted receive writes */
	uint8_t *out;            /* what a blocked send did not take */
	size_t out_len, out_off;

	int32_t idle_ms, send_ms;
	int64_t deadline_us;
	int64_t received_us; /* last bytes; kept only with idle_ms */
	int64_t sent_us;     /* last progress of the send under way */
	struct net_timer *timer;
	int64_t timer_us; /* when it fires */

	int64_t peer_uid;
	char peer_address[46];
	uint8_t in[NET_IN_BYTES];
};

/* Takes the stream over. One reference is the caller's. Never NULL. owner is copied; NULL: none. */
struct net_conn *net_conn_new(nng_stream *stream, bool tls, const struct net_owner *owner);

/* As net_start, the lock held. */
void net_conn_start(struct net_conn *conn, const struct net_hooks *hooks, void *ctx);

#endif
