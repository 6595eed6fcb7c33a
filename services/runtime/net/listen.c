/* Listeners: accept, limits, and the lock that keeps an ipc path to one server. */
#include "runtime/net/conn.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include "runtime/net/poll.h"
#include "runtime/net/thread.h"
#include "runtime/net/tls.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#define CONNECTIONS_MAX 1024
#define ACCEPT_RETRY_MS 100 /* after an error such as EMFILE, which comes back at once */
#define IPC_PREFIX "ipc://"
#define WARN_US US_PER_S /* between two lines about refused handshakes */

struct net_listener {
	pthread_mutex_t lock;
	pthread_cond_t idle;
	nng_stream_listener *listener;
	nng_aio *accept_aio;
	net_accept_fn *accept;
	void *ctx;
	bool tls, ipc;
	bool stopped;
	bool busy; /* an accept or its retry is under way */
	int32_t connections, connections_max;
	int lock_fd; /* held from listen to stop; -1: none */
	char *url;
	int64_t warned_us;
	int unsaid; /* handshakes that failed since then */
	uint16_t port;
};

static void conn_freed(void *ctx)
{
	struct net_listener *listener = ctx;

	pthread_mutex_lock(&listener->lock);
	listener->connections--;
	pthread_cond_broadcast(&listener->idle);
	pthread_mutex_unlock(&listener->lock);
}

/* Says so in the log, at most once a second. peer: NULL when it is not known. */
static void tls_failed(void *ctx, const char *peer, int rv)
{
	struct net_listener *listener = ctx;
	int64_t now = clock_mono_us();
	int clients = 0;

	pthread_mutex_lock(&listener->lock);
	listener->unsaid++;
	if (listener->warned_us == 0 || now - listener->warned_us >= WARN_US) {
		listener->warned_us = now;
		clients = listener->unsaid;
		listener->unsaid = 0;
	}
	pthread_mutex_unlock(&listener->lock);
	if (clients > 0)
		log_warn("tls_client_refused", LOG_S("listen", listener->url),
			 LOG_S("client", peer), LOG_S("error", nng_strerror(rv)),
			 LOG_S("hint",
			       "no certificate, an expired one, or one of another authority"),
			 LOG_I("clients", clients));
}

static void refuse(nng_stream *stream)
{
	nng_stream_close(stream);
	nng_stream_free(stream);
}

static bool may_connect(struct net_listener *listener, const struct net_conn *conn)
{
	/* Root may anything anyway: the supervisor of `make run` looks in. */
	return !listener->ipc || conn->peer_uid == (int64_t)geteuid() || conn->peer_uid == 0;
}

static void take(struct net_listener *listener, nng_stream *stream)
{
	struct net_owner owner = {tls_failed, conn_freed, listener};
	struct net_hooks hooks = {0};
	struct net_conn *conn;
	bool room;
	void *ctx = NULL;

	pthread_mutex_lock(&listener->lock);
	room = !listener->stopped && listener->connections < listener->connections_max;
	if (room)
		listener->connections++;
	pthread_mutex_unlock(&listener->lock);
	if (!room) {
		log_debug("connection_refused",
			  LOG_I("connections_max", listener->connections_max));
		refuse(stream);
		return;
	}
	conn = net_conn_new(stream, listener->tls, &owner);
	net_lock(conn);
	if (may_connect(listener, conn))
		ctx = listener->accept(conn, &hooks, listener->ctx);
	if (ctx)
		net_conn_start(conn, &hooks, ctx);
	else
		net_close(conn, false);
	net_unlock(conn);
	net_unref(conn);
}

static void accept_next(struct net_listener *listener)
{
	pthread_mutex_lock(&listener->lock);
	listener->busy = !listener->stopped;
	if (listener->busy)
		nng_stream_listener_accept(listener->listener, listener->accept_aio);
	pthread_cond_broadcast(&listener->idle);
	pthread_mutex_unlock(&listener->lock);
}

static void accept_retry(void *arg)
{
	accept_next(arg);
}

static void accept_cb(void *arg)
{
	struct net_listener *listener = arg;
	int rv = nng_aio_result(listener->accept_aio);

	net_callback_begin();
	if (rv == 0)
		take(listener, nng_aio_get_output(listener->accept_aio, 0));
	else if (rv == NNG_ECRYPTO || rv == NNG_EPEERAUTH)
		tls_failed(listener, NULL, rv);
	else if (rv != NNG_ECLOSED)
		log_debug("accept_failed", LOG_S("error", nng_strerror(rv)));
	/* A bad TLS handshake or a client that left is its own trouble; want of descriptors needs
	 * time. */
	if (rv == NNG_ENOFILES || rv == NNG_ENOMEM)
		net_timer_start(clock_mono_us() + ACCEPT_RETRY_MS * US_PER_MS, accept_retry,
				listener);
	else
		accept_next(listener);
	net_callback_end();
}

/* nng unlinks a path on close without asking whose socket it is now, and takes one between bind and
 * listen for a stale one. */
static enum status ipc_lock(struct net_listener *listener, const char *path, struct error *reterr)
{
	char name[256];

	if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "listen",
				   "%s: the path is too long", path);
	listener->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (listener->lock_fd < 0)
		return error_set(reterr, UNAVAILABLE, "service_unavailable", "%s: %s", name,
				 strerror(errno));
	if (flock(listener->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return error_set(reterr, UNAVAILABLE, "service_unavailable",
				 "%s: another process serves it", path);
	return OK;
}

static enum status set_options(struct net_listener *listener,
			       const struct net_listen_options *options, struct error *reterr)
{
	nng_tls_config *config;
	enum status s;

	if (listener->ipc) {
		nng_stream_listener_set_int(listener->listener, NNG_OPT_IPC_PERMISSIONS, 0600);
		return ipc_lock(listener, options->url + strlen(IPC_PREFIX), reterr);
	}
	nng_stream_listener_set_bool(listener->listener, NNG_OPT_TCP_NODELAY, true);
	nng_stream_listener_set_bool(listener->listener, NNG_OPT_TCP_KEEPALIVE, true);
	if (!listener->tls)
		return OK;
	s = net_tls_config(true, options->tls_certificate_file, options->tls_key_file,
			   options->tls_ca_file, NULL, &config, reterr);
	if (s != OK)
		return s;
	ensure(nng_stream_listener_set_ptr(listener->listener, NNG_OPT_TLS_CONFIG, config) == 0);
	nng_tls_config_free(config); /* the listener has its own hold */
	return OK;
}

static enum status start(struct net_listener *listener, const struct net_listen_options *options,
			 struct error *reterr)
{
	enum status s;
	int rv, port = 0;

	s = net_poll_check(nng_version(), reterr);
	if (s != OK)
		return s;
	rv = nng_stream_listener_alloc(&listener->listener, options->url);
	if (rv != 0)
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "listen", "%s: %s",
				   options->url, nng_strerror(rv));
	s = set_options(listener, options, reterr);
	if (s != OK)
		return s;
	rv = nng_stream_listener_listen(listener->listener);
	if (rv != 0)
		return error_set(reterr, UNAVAILABLE, "service_unavailable", "%s: %s", options->url,
				 nng_strerror(rv));
	if (!listener->ipc &&
	    nng_stream_listener_get_int(listener->listener, NNG_OPT_TCP_BOUND_PORT, &port) == 0)
		listener->port = port;
	return OK;
}

enum status net_listen(const struct net_listen_options *options, net_accept_fn *accept, void *ctx,
		       struct net_listener **ret, struct error *reterr)
{
	struct net_listener *listener = calloc(1, sizeof(*listener));
	enum status s;

	ensure(listener && nng_aio_alloc(&listener->accept_aio, accept_cb, listener) == 0);
	pthread_mutex_init(&listener->lock, NULL);
	pthread_cond_init(&listener->idle, NULL);
	listener->accept = accept;
	listener->ctx = ctx;
	listener->connections_max =
		options->connections_max > 0 ? options->connections_max : CONNECTIONS_MAX;
	listener->tls = strncmp(options->url, "tls+tcp", 7) == 0;
	listener->ipc = strncmp(options->url, IPC_PREFIX, strlen(IPC_PREFIX)) == 0;
	listener->lock_fd = -1;
	listener->url = strdup(options->url);
	ensure(listener->url);
	s = start(listener, options, reterr);
	if (s != OK) {
		net_listener_free(listener);
		return s;
	}
	accept_next(listener);
	*ret = listener;
	return OK;
}

uint16_t net_listener_port(const struct net_listener *listener)
{
	return listener->port;
}

void net_listener_stop(struct net_listener *listener)
{
	bool first;

	pthread_mutex_lock(&listener->lock);
	first = !listener->stopped;
	listener->stopped = true;
	pthread_mutex_unlock(&listener->lock);
	if (!first)
		return;
	if (listener->listener)
		nng_stream_listener_close(listener->listener);
	if (listener->lock_fd >= 0)
		close(listener->lock_fd);
}

void net_listener_free(struct net_listener *listener)
{
	if (!listener)
		return;
	ensure(!net_on_callback_thread());
	net_listener_stop(listener);
	pthread_mutex_lock(&listener->lock);
	while (listener->busy || listener->connections > 0)
		pthread_cond_wait(&listener->idle, &listener->lock);
	pthread_mutex_unlock(&listener->lock);
	nng_aio_free(listener->accept_aio);
	if (listener->listener)
		nng_stream_listener_free(listener->listener);
	pthread_mutex_destroy(&listener->lock);
	pthread_cond_destroy(&listener->idle);
	free(listener->url);
	free(listener);
}
