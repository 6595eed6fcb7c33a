/* What every service's main() does: configuration, log, database, channels, methods, background work, serve until SIGTERM. */
#ifndef RUNTIME_SERVICE_SERVICE_H
#define RUNTIME_SERVICE_SERVICE_H

#include "runtime/conf/conf.h"
#include "runtime/db/db.h"
#include "runtime/rpc/rpc.h"

/* Keys that every service has (listen, workers, log_level, database.dsn, backends, token keys, admin …): see service.c, SERVICE_KEYS. A service adds
 * its own in a struct whose first member is struct service_conf. */
struct service_conf {
	const char *const *listen;
	const char *admin_listen;
	int64_t workers;
	const char *log_level;
	const char *database_dsn;
	int64_t database_connections;
	const struct conf_pair *backends; /* service name → target: credits: ipc:///… */
	const char *service_key;	  /* PEM of this service's ES256 key (secret); "": tokens off (development) */
	const struct conf_pair *service_public_keys; /* caller's name → file: of its public key */
	int64_t drain_ms;
	int64_t backoff_max_ms;
};

/* The keys above for a struct that begins with a struct service_conf; a service lists them first in its own table. */
#define SERVICE_KEYS_N 11
extern const struct conf_key service_keys[SERVICE_KEYS_N];

struct service {
	const struct service_conf *conf;
	struct arena *arena;	  /* of the process: configuration, catalogues */
	struct db_options db;	  /* for pools and connections of its own */
	struct rpc_server *server;
	struct rpc_channel *(*channel)(struct service *service, const char *name); /* opened once; aborts when backends lacks the name */
};

struct service_spec {
	const char *name;   /* "credits" */
	int32_t schema_version; /* newest migration it needs */
	const struct conf_key *keys; /* its own, after the common ones */
	size_t n_keys;
	size_t conf_size;
	const struct sql *const *statements;
	const struct rpc_handler *const *handlers; /* tables, with n_handlers for each; NULL-terminated */
	const size_t *const *n_handlers;
	/* After configuration and database, before serving: catalogues, pools, engines. And the reverse. NULL allowed. */
	enum status (*start)(struct service *service, struct error *reterr);
	void (*stop)(struct service *service);
	/* At SIGTERM, before rpc_server_drain waits for what runs: ends the streams that would go on for ever. NULL allowed. */
	void (*drain)(struct service *service);
	/* SIGHUP: conf was read anew (keys with `reload`). NULL allowed. */
	enum status (*reload)(struct service *service, struct error *reterr);
};

/* argv: [--config FILE] [--print-config]. Returns the exit code: 0 after a drain, 1 with one clear line on stderr. Dies with its parent when
 * LIMITLESS_SUPERVISED is set (PR_SET_PDEATHSIG). */
int service_main(const struct service_spec *spec, int argc, char **argv);

/* In handlers: the worker's connection. */
static inline struct db *service_db(struct rpc_call *call)
{
	return call->worker;
}

#endif
