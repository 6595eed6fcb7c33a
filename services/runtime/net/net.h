/* Connections on nng byte streams, shared by rpc and httpd: life cycle, one receive always posted,
 * batched sends, deadlines.
 *
 * Threads. The hooks of one connection run under that connection's lock, one at a time, on nng's
 * callback threads; they must not block. net_lock/net_unlock let another thread do the same. Life
 * cycle and traps: docs/modules/net.md. */
#ifndef RUNTIME_NET_NET_H
#define RUNTIME_NET_NET_H

#include "runtime/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct net_conn;
struct net_listener;

struct net_hooks {
	/* Bytes came. Runs under the lock; after it (and only then) the output is flushed. Return
	 * false to close after that flush; bytes that come later are thrown away. */
	bool (*on_receive)(struct net_conn *conn, const uint8_t *data, size_t len, void *ctx);
	/* Writes at most max bytes of output into out and returns how many; 0: nothing now. Runs
	 * under the lock whenever a send may start: everything that was queued meanwhile goes out
	 * in one write (smart batching). */
	size_t (*on_output)(struct net_conn *conn, uint8_t *out, size_t max, void *ctx);
	/* The connection is over (peer gone, error, net_close): once, under the lock, no hook but
	 * on_unlocked and on_free after it. */
	void (*on_close)(struct net_conn *conn, void *ctx);
	/* The last reference is gone: free ctx. No lock. */
	void (*on_free)(void *ctx);
	/* NULL allowed. Runs on the callback thread without the lock, after on_receive or on_close
	 * ran: the place for callbacks of users, who may lock this connection again, or others. The
	 * output is flushed and the next receive posted after it. It may run without need, and on
	 * several threads at once. */
	void (*on_unlocked)(struct net_conn *conn, void *ctx);
};

struct net_listen_options {
	const char *url; /* ipc:///path (mode 0600, same uid), tcp://host:port, tls+tcp://host:port;
			    port 0: any */
	int32_t connections_max; /* more are closed at once; default 1,024 */
	const char *tls_certificate_file, *tls_key_file; /* PEM, for tls+tcp */
	const char *tls_ca_file; /* given: every client must have a certificate of this authority */
};

/* A connection came: fill hooks and return its ctx, or NULL to refuse. Runs on a callback thread
 * under the connection's lock. */
typedef void *net_accept_fn(struct net_conn *conn, struct net_hooks *hooks, void *ctx);

_must_check_ enum status net_listen(const struct net_listen_options *options, net_accept_fn *accept,
				    void *ctx, struct net_listener **ret, struct error *reterr);
/* Port that was bound (tcp), else 0. */
uint16_t net_listener_port(const struct net_listener *listener);
/* Accepts no more; open connections go on. */
void net_listener_stop(struct net_listener *listener);
/* Stops and waits until every connection of it is freed: close them first. Not from a callback.
 * NULL allowed. */
void net_listener_free(struct net_listener *listener);

struct net_dial_options {
	const char *url;
	int32_t timeout_ms; /* default 5,000 */
	const char *tls_certificate_file, *tls_key_file, *tls_ca_file;
	const char *tls_server_name; /* that the certificate must name; NULL: the url's host */
};

/* Connects; done runs once on a callback thread: conn (one reference is the caller's) or NULL and
 * err. In done, call net_start. */
typedef void net_dialed_fn(struct net_conn *conn, const struct error *err, void *ctx);
void net_dial(const struct net_dial_options *options, net_dialed_fn *done, void *ctx);

/* Gives a dialed connection its hooks and posts the first receive. */
void net_start(struct net_conn *conn, const struct net_hooks *hooks, void *ctx);

/* The connection's lock. Unlock flushes what on_output has. */
void net_lock(struct net_conn *conn);
void net_unlock(struct net_conn *conn);
/* Unlocks without flushing: inside on_unlocked, where a flush follows anyway. */
void net_unlock_quietly(struct net_conn *conn);

/* Under the lock or not: closes as soon as the output on its way is out (flush) or at once. Many
 * times, any thread. */
void net_close(struct net_conn *conn, bool flush);

/* References keep the struct, not the connection. */
struct net_conn *net_ref(struct net_conn *conn);
void net_unref(struct net_conn *conn);

/* The connection is closed when no byte came for this time; 0: never. Under the lock. */
void net_set_idle_timeout(struct net_conn *conn, int32_t idle_ms);
/* The connection is closed at this time (clock_mono_us) whatever comes; 0: never. Under the
 * lock. */
void net_set_deadline(struct net_conn *conn, int64_t deadline_us);
/* The connection is closed when a send makes no progress for this time; default 30,000. Under the
 * lock. */
void net_set_send_timeout(struct net_conn *conn, int32_t send_ms);

/* Stops delivering to on_receive (one receive stays posted so that a gone peer is noticed); bytes
 * wait in one buffer. Under the lock. */
void net_pause(struct net_conn *conn, bool paused);

/* Peer: address of a tcp connection as text ("127.0.0.1", "" on ipc), uid of an ipc one (-1
 * otherwise), whether a client certificate was verified. */
const char *net_peer_address(const struct net_conn *conn);
int64_t net_peer_uid(const struct net_conn *conn);
bool net_peer_verified(const struct net_conn *conn);

/* Runs fn(ctx) once on a callback thread at or after when_us (clock_mono_us). Cancel returns true
 * when fn will not run (and has not begun). The timer is freed by a cancel that says true, or after
 * fn has returned: so cancel only under the lock under which fn forgets it. */
struct net_timer;
struct net_timer *net_timer_start(int64_t when_us, void (*fn)(void *ctx), void *ctx);
bool net_timer_cancel(struct net_timer *timer);

/* Runs fn(ctx) soon on a callback thread, never on the caller's stack. Any thread. */
void net_post(void (*fn)(void *ctx), void *ctx);

/* True on nng's threads inside a hook, a timer or a posted function: there nothing may block. */
bool net_on_callback_thread(void);

/* True when other callbacks wait for this thread: what net_post puts behind them can serve them
 * all. */
bool net_callbacks_wait(void);

#endif
