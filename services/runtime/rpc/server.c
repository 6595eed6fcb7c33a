/* A server: its options, listeners and connections from the start to the end of the drain. */
#include "runtime/rpc/server.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include <string.h>

/* ------------------------------------------------------------------ options */

static char *copy(const char *text)
{
	char *made = text ? strdup(text) : NULL;

	ensure(!text || made);
	return made;
}

static void default_i32(int32_t *value, int32_t fallback)
{
	if (*value <= 0)
		*value = fallback;
}

static void default_size(size_t *value, size_t fallback)
{
	if (*value == 0)
		*value = fallback;
}

static void set_options(struct rpc_server *server, const struct rpc_server_options *given)
{
	struct rpc_server_options *options = &server->options;
	size_t n = 0;

	*options = *given;
	while (given->listen && given->listen[n])
		n++;
	server->listen = calloc(n + 1, sizeof(server->listen[0]));
	server->listeners = calloc(n + 1, sizeof(server->listeners[0]));
	ensure(server->listen && server->listeners);
	for (size_t i = 0; i < n; i++)
		server->listen[i] = copy(given->listen[i]);
	options->listen = NULL;
	options->service = copy(given->service);
	options->tls_certificate_file = copy(given->tls_certificate_file);
	options->tls_key_file = copy(given->tls_key_file);
	options->tls_ca_file = copy(given->tls_ca_file);
	default_i32(&options->workers, 8);
	default_i32(&options->queue_max, 1024);
	default_i32(&options->queue_user_max, 256);
	default_i32(&options->heavy.queue_max, 64);
	default_i32(&options->heavy.queue_user_max, 16);
	default_i32(&options->user_streams_max, 64);
	default_i32(&options->session_streams_max, 32);
	default_size(&options->unsent_bytes_max, UNSENT_MAX_BYTES);
	default_size(&options->message_bytes_max, 4 * 1024 * 1024);
	default_size(&options->stream_queue_bytes, 1024 * 1024);
	default_i32(&options->connections_max, 1024);
	default_i32(&options->streams_max, 1000);
	default_i32(&options->streams_trusted_max, 16384);
	default_i32(&options->drain_ms, 30000);
	default_i32(&options->handshake_ms, 10000);
	default_i32(&options->keepalive_ms, 60000);
	default_i32(&options->keepalive_timeout_ms, 20000);
}

struct rpc_server *rpc_server_new(const struct rpc_server_options *options)
{
	struct rpc_server *server = calloc(1, sizeof(*server));

	ensure(server && (!options->verifier || options->service));
	set_options(server, options);
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->changed, NULL);
	pthread_mutex_init(&server->payers_lock, NULL);
	methods_init(server);
	return server;
}

/* ------------------------------------------------------------------ start, drain, end */

enum status rpc_server_start(struct rpc_server *server, struct error *reterr)
{
	const struct rpc_server_options *options = &server->options;
	enum status s;

	ensure(!server->started);
	server->started = true;
	server->serving = true;
	methods_index(server);
	report_server(server);
	workers_start(server);
	for (size_t i = 0; server->listen[i]; i++) {
		struct net_listen_options listen = {
			.url = server->listen[i],
			.connections_max = options->connections_max,
			.tls_certificate_file = options->tls_certificate_file,
			.tls_key_file = options->tls_key_file,
			.tls_ca_file = options->tls_ca_file,
		};

		s = net_listen(&listen, server_accept, server, &server->listeners[i], reterr);
		if (s != OK)
			return s;
		server->n_listeners++;
	}
	return OK;
}

uint16_t rpc_server_port(const struct rpc_server *server, size_t i)
{
	return i < server->n_listeners ? net_listener_port(server->listeners[i]) : 0;
}

static void tell_serving(struct rpc_server *server)
{
	if (server->on_serving.changed)
		server->on_serving.changed(server->on_serving.ctx);
}

void rpc_server_set_serving(struct rpc_server *server, bool serving)
{
	atomic_store(&server->serving, serving && !atomic_load(&server->draining));
	tell_serving(server);
}

/* fn needs each session's lock, which comes before the server's. */
static void each_session(struct rpc_server *server, void (*fn)(struct server_session *session))
{
	struct server_session **list;
	size_t n = 0;

	pthread_mutex_lock(&server->lock);
	list = calloc((size_t)server->n_sessions + 1, sizeof(list[0]));
	ensure(list);
	for (struct server_session *s = server->sessions; s; s = s->next) {
		session_ref(&s->session);
		list[n++] = s;
	}
	pthread_mutex_unlock(&server->lock);
	for (size_t i = 0; i < n; i++) {
		session_lock(&list[i]->session);
		fn(list[i]);
		session_unlock(&list[i]->session);
		session_unref(&list[i]->session);
	}
	free(list);
}

static void cut(struct server_session *session)
{
	net_close(session->session.net, false);
}

static void wait_for_calls(struct rpc_server *server)
{
	int64_t until = clock_wall_us() + server->options.drain_ms * US_PER_MS;
	const struct timespec deadline = {until / US_PER_S, until % US_PER_S * 1000};
	int rv = 0;

	pthread_mutex_lock(&server->lock);
	while (rv == 0 && (server->n_sessions > 0 || atomic_load(&server->n_calls) > 0))
		rv = pthread_cond_timedwait(&server->changed, &server->lock, &deadline);
	pthread_mutex_unlock(&server->lock);
}

void rpc_server_drain(struct rpc_server *server)
{
	pthread_mutex_lock(
		&server->lock); /* a connection that comes now sees it, or is in the list */
	atomic_store(&server->draining, true);
	pthread_mutex_unlock(&server->lock);
	atomic_store(&server->serving, false);
	tell_serving(server);
	for (size_t i = 0; i < server->n_listeners; i++)
		net_listener_stop(server->listeners[i]);
	each_session(server, server_session_go_away);
	wait_for_calls(server);
	if (atomic_load(&server->n_calls) > 0)
		log_warn("rpc_drain_cut", LOG_I("calls", atomic_load(&server->n_calls)));
	each_session(server, cut);
}

static void wait_for_handlers(struct rpc_server *server)
{
	pthread_mutex_lock(&server->lock);
	while (atomic_load(&server->n_calls) > 0)
		pthread_cond_wait(&server->changed, &server->lock);
	pthread_mutex_unlock(&server->lock);
}

void rpc_server_free(struct rpc_server *server)
{
	if (!server)
		return;
	for (size_t i = 0; i < server->n_listeners; i++)
		net_listener_stop(server->listeners[i]);
	each_session(server, cut);
	wait_for_handlers(server);
	workers_stop(server);
	for (size_t i = 0; i < server->n_listeners; i++)
		net_listener_free(server->listeners[i]);
	for (size_t i = 0; server->listen[i]; i++)
		free(server->listen[i]);
	free(server->listen);
	free(server->listeners);
	methods_done(server);
	if (server->on_serving.free)
		server->on_serving.free(server->on_serving.ctx);
	free((char *)server->options.service);
	free((char *)server->options.tls_certificate_file);
	free((char *)server->options.tls_key_file);
	free((char *)server->options.tls_ca_file);
	pthread_mutex_destroy(&server->lock);
	pthread_mutex_destroy(&server->payers_lock);
	pthread_cond_destroy(&server->changed);
	free(server);
}
