/* The life of a service's process. The main thread does all of it; workers, callbacks and the
 * service's own threads run beside. */
#include "runtime/service/service.h"

#include "runtime/base/confine.h"
#include "runtime/base/ensure.h"
#include "runtime/base/memory.h"
#include "runtime/base/page.h"
#include "runtime/httpd/httpd.h"
#include "runtime/log/log.h"
#include "runtime/service/internal.h"

#include <ctype.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define CHANNELS_MAX 16
#define PAGE_SECRET_MIN 16 /* bytes */
#define ARENA_CHUNK (64 * 1024)
#define ARENA_MAX (16 * 1024 * 1024)

struct channel {
	const char *name;
	struct rpc_channel *channel;
};

/* service comes first: services get a pointer to it and give it back. */
struct process {
	struct service service;
	const struct service_spec *spec;
	const char *config; /* file, or NULL */
	const char *file;   /* FILE of LIMITLESS_<FILE>_<KEY> */
	struct conf_key *keys;
	size_t n_keys;
	void *conf; /* spec->conf_size bytes */
	struct identity identity;
	struct httpd *admin;
	pthread_mutex_t mutex; /* channels */
	struct channel channels[CHANNELS_MAX];
	size_t n_channels;
	atomic_bool serving;
};

/* ---------------------------------------------------------------- configuration */

static const char *upper(struct arena *arena, const char *name)
{
	char *text = arena_strdup(arena, name);

	for (char *p = text; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return text;
}

static void join_keys(struct process *p)
{
	p->n_keys = service_keys_n + p->spec->n_keys;
	p->keys = calloc(p->n_keys, sizeof *p->keys);
	ensure(p->keys);
	memcpy(p->keys, service_keys, service_keys_n * sizeof *p->keys);
	for (size_t i = 0; i < service_keys_n && p->spec->workers; i++)
		if (strcmp(p->keys[i].key, "workers") == 0)
			p->keys[i].fallback = p->spec->workers;
	if (p->spec->n_keys > 0)
		memcpy(p->keys + service_keys_n, p->spec->keys, p->spec->n_keys * sizeof *p->keys);
}

static enum status load_conf(struct process *p, void *ret, struct error *reterr)
{
	const struct service_conf *conf = ret;
	enum log_level level;
	enum status s;

	s = conf_load(p->config, p->file, p->keys, p->n_keys, p->service.arena, ret, reterr);
	if (s != OK)
		return s;
	if (!log_level_parse(conf->log_level, &level))
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "log_level: '%s' is none of debug, info, warn, error",
				 conf->log_level);
	return OK;
}

/* Takes the values of the keys that may change while it runs. Every value is one word, stored at
 * once, and the texts of the old ones stay, so other threads may read on. */
static void take_over(struct process *p, const char *fresh)
{
	for (size_t i = 0; i < p->n_keys; i++) {
		size_t at = p->keys[i].offset;

		if (!p->keys[i].reload)
			continue;
		if (p->keys[i].type == CONF_BOOLEAN)
			__atomic_store_n((bool *)((char *)p->conf + at),
					 *(const bool *)(fresh + at), __ATOMIC_RELEASE);
		else
			__atomic_store_n((int64_t *)((char *)p->conf + at),
					 *(const int64_t *)(fresh + at), __ATOMIC_RELEASE);
	}
}

static void set_log(const struct process *p)
{
	enum log_level level = LOG_LEVEL_INFO;

	log_level_parse(p->service.conf->log_level, &level);
	log_set_level(level);
	log_set_event_rate(p->service.conf->log_rate_max);
}

static void reload(struct process *p)
{
	_cleanup_(freep) char *fresh = calloc(1, p->spec->conf_size);
	struct error err;
	enum status s;

	ensure(fresh);
	s = load_conf(p, fresh, &err);
	if (s == OK)
		s = identity_reload((const struct service_conf *)fresh, p->spec->name,
				    p->service.arena, &p->identity, &err);
	if (s == OK) {
		take_over(p, fresh);
		set_log(p);
	}
	if (s == OK && p->spec->reload)
		s = p->spec->reload(&p->service, &err);
	if (s == OK)
		log_info("reloaded");
	else
		log_error("reload_refused", LOG_S("message", err.message));
}

/* ---------------------------------------------------------------- channels */

static const char *backend(const struct process *p, const char *name)
{
	for (const struct conf_pair *pair = p->service.conf->backends; pair->key; pair++) {
		if (strcmp(pair->key, name) == 0)
			return pair->value;
	}
	fprintf(stderr, "%s: backends: has no '%s'\n", p->spec->name, name);
	exit(1);
}

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static struct rpc_channel *open_channel(const struct process *p, const char *name,
					const char *target)
{
	const struct service_conf *conf = p->service.conf;
	const struct rpc_channel_options options = {
		.target = target,
		.service = name,
		.signer = p->identity.signer,
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
	return open_channel((const struct process *)service, name, target);
}

static struct rpc_channel *channel_of(struct service *service, const char *name)
{
	struct process *p = (struct process *)service;
	size_t i = 0;

	pthread_mutex_lock(&p->mutex);
	while (i < p->n_channels && strcmp(p->channels[i].name, name) != 0)
		i++;
	if (i == p->n_channels) {
		ensure(i < CHANNELS_MAX);
		p->channels[i] = (struct channel){name, open_channel(p, name, backend(p, name))};
		p->n_channels++;
	}
	pthread_mutex_unlock(&p->mutex);
	return p->channels[i].channel;
}

/* ---------------------------------------------------------------- workers */

/* Connects at its first call: eight workers of five services at once would make a slow start. */
static void *worker_init(void *ctx)
{
	const struct process *p = ctx;

	return db_new(&p->service.db);
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

static enum status open_database(struct process *p, struct error *reterr)
{
	const struct service_conf *conf = p->service.conf;
	_cleanup_(db_freep) struct db *db = NULL;
	enum status s;

	p->service.db = (struct db_options){
		.dsn = conf->database_dsn,
		.application_name = p->spec->name,
		.statements = p->spec->statements,
		.connections_max = (int32_t)conf->database_connections,
		.connect_timeout_ms = (int32_t)conf->database_connect_timeout_ms,
		.statement_timeout_ms = (int32_t)conf->database_statement_timeout_ms,
		.before_wait = rpc_answers_send,
	};
	db = db_new(&p->service.db);
	s = db_wait_schema(db, p->spec->name, p->spec->schema_version,
			   (int32_t)conf->database_wait_ms, reterr);
	/* Prepares every statement: one that does not fit the schema stops the start here. */
	return s == OK ? db_connect(db, reterr) : s;
}

static void make_server(struct process *p)
{
	const struct service_conf *conf = p->service.conf;
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
		.service = p->spec->name,
		.verifier = p->identity.verifier,
		.tls_certificate_file = or_null(conf->tls_certificate),
		.tls_key_file = or_null(conf->tls_key),
		.tls_ca_file = or_null(conf->tls_ca),
		.worker_init = worker_init,
		.worker_done = worker_done,
		.worker_call = worker_call,
		.worker_ctx = p,
		.state = p->spec->state,
	};

	if (p->spec->heavy)
		options.heavy = p->spec->heavy(conf);
	p->service.server = rpc_server_new(&options);
	for (size_t i = 0; p->spec->handlers && p->spec->handlers[i]; i++)
		rpc_server_register(p->service.server, p->spec->handlers[i],
				    *p->spec->n_handlers[i]);
}

static bool is_ready(const char **ret_why, void *ctx)
{
	const struct process *p = ctx;

	*ret_why = "starting or draining";
	return atomic_load(&p->serving);
}

static enum status start_admin(struct process *p, struct error *reterr)
{
	const struct httpd_admin_options options = {
		.listen = p->service.conf->admin_listen,
		.ready = is_ready,
		.ctx = p,
	};

	return httpd_admin_start(&options, &p->admin, reterr);
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

static enum status set_page_secret(const struct process *p, struct error *reterr)
{
	const char *secret = p->service.conf->page_secret, *method = paged_method(p->spec);

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

static enum status start(struct process *p, struct error *reterr)
{
	enum status s = set_page_secret(p, reterr);

	if (s == OK)
		s = identity_load(p->service.conf, p->spec->name, p->service.arena, &p->identity,
				  reterr);
	if (s == OK) /* before the database: a probe must be able to see that it waits */
		s = start_admin(p, reterr);
	if (s == OK)
		s = open_database(p, reterr);
	if (s != OK)
		return s;
	make_server(p);
	if (p->spec->start)
		s = p->spec->start(&p->service, reterr);
	if (s == OK)
		s = rpc_server_start(p->service.server, reterr);
	return s;
}

static void stop(struct process *p)
{
	if (p->service.server) {
		rpc_server_drain(p->service.server);
		if (p->spec->stop)
			p->spec->stop(&p->service);
		rpc_server_free(p->service.server);
	}
	for (size_t i = 0; i < p->n_channels; i++)
		rpc_channel_close(p->channels[i].channel);
	httpd_free(p->admin);
	identity_done(&p->identity);
	arena_free(p->service.arena);
	free(p->conf);
	free(p->keys);
	pthread_mutex_destroy(&p->mutex);
}

static const int handled[] = {SIGTERM, SIGINT, SIGHUP};

/* Blocked in every thread, so they are taken by sigwait alone: this comes before the first thread.
 */
static sigset_t block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(handled); i++)
		sigaddset(&set, handled[i]);
	ensure(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	signal(SIGPIPE, SIG_IGN);
	return set;
}

static void serve(struct process *p, const sigset_t *signals)
{
	int number;

	atomic_store(&p->serving, true);
	log_info("serving");
	memory_trim_start();
	for (;;) {
		ensure(sigwait(signals, &number) == 0);
		if (number != SIGHUP)
			break;
		reload(p);
	}
	log_info("draining");
	atomic_store(&p->serving, false);
	if (p->spec->drain)
		p->spec->drain(&p->service);
}

static int run(struct process *p)
{
	sigset_t signals = block_signals();
	bool confined = confine_process();
	struct error err;
	enum status s;

	s = load_conf(p, p->conf, &err);
	if (s == OK) {
		set_log(p);
		log_debug("process", LOG_B("confined", confined));
		s = start(p, &err);
	}
	if (s == OK)
		serve(p, &signals);
	else
		fprintf(stderr, "%s: %s\n", p->spec->name, err.message);
	stop(p);
	return s == OK ? 0 : 1;
}

/* False: the arguments are wrong. */
static bool parse_arguments(struct process *p, int argc, char **argv, bool *ret_print)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--print-config") == 0)
			*ret_print = true;
		else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			p->config = argv[++i];
		else
			return false;
	}
	return true;
}

int service_main(const struct service_spec *spec, int argc, char **argv)
{
	struct process p = {.spec = spec, .mutex = PTHREAD_MUTEX_INITIALIZER};
	bool print = false;

	ensure(spec->conf_size >= sizeof(struct service_conf));
	if (!parse_arguments(&p, argc, argv, &print)) {
		fprintf(stderr, "usage: %s [--config FILE] [--print-config]\n", spec->name);
		return 1;
	}
	join_keys(&p);
	if (print) {
		conf_print_example(spec->name, p.keys, p.n_keys);
		free(p.keys);
		return 0;
	}
	memory_thrifty();
	log_init(spec->name, LOG_LEVEL_INFO);
	p.service.arena = arena_new(ARENA_CHUNK, ARENA_MAX);
	p.file = upper(p.service.arena, spec->name);
	p.conf = calloc(1, spec->conf_size);
	ensure(p.conf);
	p.service.conf = p.conf;
	p.service.channel = channel_of;
	p.service.dial = dial;
	return run(&p);
}
