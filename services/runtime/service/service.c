/* A service opens this in its process, and closes it again. The main thread does all of it;
 * workers, callbacks and the service's own threads run beside. */
#include "runtime/service/service.h"

#include "runtime/base/ensure.h"
#include "runtime/base/page.h"
#include "runtime/service/internal.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define CHANNELS_MAX 16
#define PAGE_SECRET_MIN 16 /* bytes */

struct channel {
	const char *name;
	struct rpc_channel *channel;
};

/* service comes first: a service gets a pointer to it, and its calls cast that back. */
struct running {
	struct service service;
	const struct service_spec *spec;
	struct identity identity;
	pthread_mutex_t mutex; /* channels */
	struct channel channels[CHANNELS_MAX];
	size_t n_channels;
};

/* ---------------------------------------------------------------- channels */

static const char *backend(const struct running *r, const char *name)
{
	for (const struct conf_pair *pair = r->service.conf->backends; pair->key; pair++) {
		if (strcmp(pair->key, name) == 0)
			return pair->value;
	}
	fprintf(stderr, "%s: backends: has no '%s'\n", r->spec->name, name);
	exit(1);
}

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static struct rpc_channel *open_channel(const struct running *r, const char *name,
					const char *target)
{
	const struct service_conf *conf = r->service.conf;
	const struct rpc_channel_options options = {
		.target = target,
		.service = name,
		.signer = r->identity.signer,
		.message_bytes_max = (size_t)conf->message_bytes_max,
		.backoff_initial_ms = (int32_t)conf->backoff_initial_ms,
		.backoff_max_ms = (int32_t)conf->backoff_max_ms,
		.tls_certificate_file = or_null(conf->tls_certificate),
		.tls_key_file = or_null(conf->tls_key),
		.tls_ca_file = or_null(conf->tls_ca),
	};

	return rpc_channel_open(&options);
}

static struct rpc_channel *dial(const struct service *service, const char *name, const char *target)
{
	return open_channel((const struct running *)service, name, target);
}

static struct rpc_channel *channel_of(struct service *service, const char *name)
{
	struct running *r = (struct running *)service;
	size_t i = 0;

	pthread_mutex_lock(&r->mutex);
	while (i < r->n_channels && strcmp(r->channels[i].name, name) != 0)
		i++;
	if (i == r->n_channels) {
		ensure(i < CHANNELS_MAX);
		r->channels[i] = (struct channel){name, open_channel(r, name, backend(r, name))};
		r->n_channels++;
	}
	pthread_mutex_unlock(&r->mutex);
	return r->channels[i].channel;
}

/* ---------------------------------------------------------------- workers */

/* A worker connects at its first call. Eight workers of five services at once would make a slow
 * start. */
static void *worker_init(void *ctx)
{
	const struct running *r = ctx;

	return db_new(&r->service.db);
}

static void worker_done(void *worker, _unused_ void *ctx)
{
	db_free(worker);
}

static void worker_call(void *worker, struct rpc_call *call, _unused_ void *ctx)
{
	db_set_deadline(worker, call->ctx.deadline_us);
}

/* ---------------------------------------------------------------- start, serve, stop */

static enum status open_database(struct running *r, struct error *reterr)
{
	const struct service_conf *conf = r->service.conf;
	_cleanup_(db_freep) struct db *db = NULL;
	enum status s;

	r->service.db = (struct db_options){
		.dsn = conf->database_dsn,
		.application_name = r->spec->name,
		.statements = r->spec->statements,
		.connections_max = (int32_t)conf->database_connections,
		.connect_timeout_ms = (int32_t)conf->database_connect_timeout_ms,
		.statement_timeout_ms = (int32_t)conf->database_statement_timeout_ms,
		.before_wait = rpc_answers_send,
	};
	db = db_new(&r->service.db);
	s = db_wait_schema(db, r->spec->name, r->spec->schema_version,
			   (int32_t)conf->database_wait_ms, reterr);
	/* This prepares every statement. One that does not fit the schema stops the start. */
	return s == OK ? db_connect(db, reterr) : s;
}

static void make_server(struct running *r)
{
	const struct service_conf *conf = r->service.conf;
	struct rpc_server_options options = {
		.listen = conf->listen,
		.workers = (int32_t)conf->workers,
		.queue_max = (int32_t)conf->queue_max,
		.queue_user_max = (int32_t)conf->queue_user_max,
		.user_streams_max = (int32_t)conf->user_streams_max,
		.session_streams_max = (int32_t)conf->session_streams_max,
		.message_bytes_max = (size_t)conf->message_bytes_max,
		.stream_queue_bytes = (size_t)conf->stream_queue_bytes,
		.unsent_bytes_max = (size_t)conf->connection_unsent_bytes,
		.connections_max = (int32_t)conf->connections_max,
		.streams_max = (int32_t)conf->streams_max,
		.connection_age_ms = (int32_t)conf->connection_age_ms,
		.drain_ms = (int32_t)conf->drain_ms,
		.service = r->spec->name,
		.verifier = r->identity.verifier,
		.tls_certificate_file = or_null(conf->tls_certificate),
		.tls_key_file = or_null(conf->tls_key),
		.tls_ca_file = or_null(conf->tls_ca),
		.worker_init = worker_init,
		.worker_done = worker_done,
		.worker_call = worker_call,
		.worker_ctx = r,
		.state = r->spec->state,
	};

	if (r->spec->heavy)
		options.heavy = r->spec->heavy(conf);
	r->service.server = rpc_server_new(&options);
	rpc_health_register(r->service.server);
	rpc_reflection_register(r->service.server);
	for (size_t i = 0; r->spec->handlers && r->spec->handlers[i]; i++)
		rpc_server_register(r->service.server, r->spec->handlers[i],
				    *r->spec->n_handlers[i]);
}

/* A method of this service that reads page tokens; NULL: none does. */
static const char *paged_method(const struct service_spec *spec)
{
	for (size_t i = 0; spec->handlers && spec->handlers[i]; i++) {
		for (size_t k = 0; k < *spec->n_handlers[i]; k++) {
			const struct rpc_handler *handler = &spec->handlers[i][k];

			if (handler->handle && protobuf_c_message_descriptor_get_field_by_name(
						       handler->method->req, "page_token"))
				return handler->method->path;
		}
	}
	return NULL;
}

static enum status set_page_secret(const struct running *r, struct error *reterr)
{
	const char *secret = r->service.conf->page_secret, *method = paged_method(r->spec);

	if (!method)
		return OK;
	if (strlen(secret) < PAGE_SECRET_MIN)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "page_secret: has %zu bytes and needs %d or more, for it signs "
				 "the page tokens of %s: openssl rand -hex 32, the same on all "
				 "replicas",
				 strlen(secret), PAGE_SECRET_MIN, method);
	page_set_secret(secret);
	return OK;
}

static enum status start(struct process *process, void *ctx, struct error *reterr)
{
	struct running *r = ctx;
	enum status s;

	r->service.conf = process->conf;
	r->service.arena = process->arena;
	s = set_page_secret(r, reterr);
	if (s == OK)
		s = identity_load(r->service.conf, r->spec->name, r->service.arena, &r->identity,
				  reterr);
	if (s == OK)
		s = open_database(r, reterr);
	if (s != OK)
		return s;
	make_server(r);
	if (r->spec->start)
		s = r->spec->start(&r->service, reterr);
	if (s == OK)
		s = rpc_server_start(r->service.server, reterr);
	return s;
}

static enum status take_keys(const void *fresh, void *ctx, struct error *reterr)
{
	struct running *r = ctx;

	return identity_reload(fresh, r->spec->name, r->service.arena, &r->identity, reterr);
}

static enum status reload(void *ctx, struct error *reterr)
{
	struct running *r = ctx;

	return r->spec->reload ? r->spec->reload(&r->service, reterr) : OK;
}

static void drain(void *ctx)
{
	struct running *r = ctx;

	if (r->spec->drain)
		r->spec->drain(&r->service);
}

static void stop(void *ctx)
{
	struct running *r = ctx;

	if (r->service.server) {
		rpc_server_drain(r->service.server);
		if (r->spec->stop)
			r->spec->stop(&r->service);
		rpc_server_free(r->service.server);
	}
	for (size_t i = 0; i < r->n_channels; i++)
		rpc_channel_close(r->channels[i].channel);
	identity_done(&r->identity);
}

/* The common keys, then the service's own; freed by the caller. */
static struct conf_key *join_keys(const struct service_spec *spec, size_t *ret_n)
{
	const struct {
		const char *key, *fallback;
	} own[] = {
		{"workers", spec->workers},
		{"message_bytes_max", spec->message_bytes_max},
		{"user_streams_max", spec->user_streams_max},
		{"session_streams_max", spec->session_streams_max},
	};
	struct conf_key *keys = calloc(service_keys_n + spec->n_keys, sizeof *keys);

	ensure(keys);
	*ret_n = service_keys_n + spec->n_keys;
	memcpy(keys, service_keys, service_keys_n * sizeof *keys);
	for (size_t i = 0; i < service_keys_n; i++) {
		for (size_t o = 0; o < ARRAY_SIZE(own); o++) {
			if (own[o].fallback && strcmp(keys[i].key, own[o].key) == 0)
				keys[i].fallback = own[o].fallback;
		}
	}
	if (spec->n_keys > 0)
		memcpy(keys + service_keys_n, spec->keys, spec->n_keys * sizeof *keys);
	return keys;
}

enum status service_conf_load(const struct service_spec *spec, const char *file, const char *name,
			      struct arena *arena, void *ret, struct error *reterr)
{
	size_t n;
	_cleanup_(freep) struct conf_key *keys = join_keys(spec, &n);

	return conf_load(file, name, keys, n, arena, ret, reterr);
}

int service_main(const struct service_spec *spec, int argc, char **argv)
{
	struct running r = {
		.service = {.state = spec->state, .channel = channel_of, .dial = dial},
		.spec = spec,
		.mutex = PTHREAD_MUTEX_INITIALIZER,
	};
	struct process_spec process = {
		.name = spec->name,
		.conf_size = spec->conf_size,
		.ctx = &r,
		.start = start,
		.take = take_keys,
		.reload = reload,
		.drain = drain,
		.stop = stop,
	};
	_cleanup_(freep) struct conf_key *keys = join_keys(spec, &process.n_keys);

	ensure(spec->conf_size >= sizeof(struct service_conf));
	process.keys = keys;
	return process_main(&process, argc, argv);
}
