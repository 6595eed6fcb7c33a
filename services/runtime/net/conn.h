/* Inside of runtime/net only: one connection, and what its files share. */
#ifndef RUNTIME_NET_CONN_H
#define RUNTIME_NET_CONN_H

#include "runtime/net/net.h"
#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>
#include <pthread.h>
#include <stdatomic.h>

#define NET_IN_BYTES 2048          /* of each connection: the receive that is always posted */
#define NET_BULK_BYTES (32 * 1024) /* of each thread: reads after a full one, and writes */
#define NET_SEND_TIMEOUT_MS 30000
#define NET_DIAL_TIMEOUT_MS 5000
#define NET_CONNECTIONS_MAX 1024

struct net_conn {
	pthread_mutex_t lock;
	_Atomic(const void *) holder; /* thread that holds the lock, see net_close */
	_Atomic int refs;             /* one per pending aio, one while open, one per holder */
	nng_stream *stream;
	nng_aio *recv_aio;
	nng_aio *send_aio; /* made when a send blocks for the first time */
	struct net_hooks hooks;
	void *ctx;
	struct net_listener *listener; /* NULL: dialed */

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

/* Takes the stream over. One reference is the caller's. Never NULL. */
struct net_conn *net_conn_new(nng_stream *stream, bool tls, struct net_listener *listener);

/* As net_start, the lock held. */
void net_conn_start(struct net_conn *conn, const struct net_hooks *hooks, void *ctx);

/* A connection of this listener was freed. */
void net_listener_conn_freed(struct net_listener *listener);

/* Says so in the log, at most once a second. peer: NULL when it is not known. */
void net_listener_tls_failed(struct net_listener *listener, const char *peer, int rv);

/* What each thread owns: an aio without callback (completes on the calling thread) and two bulk
 * buffers. */
struct net_thread {
	nng_aio *aio;
	uint8_t *in, *out;
};
struct net_thread *net_thread_get(void);

/* Until it is undone, an aio that completes on this thread is told at once: its waiter is this
 * thread itself. */
void net_poll_direct(bool direct);

/* Marks the running thread as one of nng's for net_on_callback_thread; undone by net_callback_end.
 */
void net_callback_begin(void);
void net_callback_end(void);

/* A configuration of nng's TLS from PEM files. Server: certificate and key needed, with a ca every
 * client must have a certificate of it. Client: ca needed. errors: INVALID_ARGUMENT naming the
 * file. Freed by nng_tls_config_free. */
_must_check_ enum status net_tls_config(bool server, const char *certificate_file,
					const char *key_file, const char *ca_file,
					const char *server_name, nng_tls_config **ret,
					struct error *reterr);

#endif
