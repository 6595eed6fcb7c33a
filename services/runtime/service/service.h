/* The work of every service's main() in its process (runtime/process): identity, database,
 * channels, methods, background work. */
#ifndef RUNTIME_SERVICE_SERVICE_H
#define RUNTIME_SERVICE_SERVICE_H

#include "runtime/db/db.h"
#include "runtime/process/process.h"
#include "runtime/rpc/rpc.h"

/* Keys that every service has. A service adds its own in a struct whose first member is struct
 * service_conf. */
struct service_conf {
	struct process_conf process;
	const char *const *listen;
	bool insecure; /* believes every caller, and says so */
	int64_t workers;
	int64_t queue_max;
	int64_t queue_user_max;
	int64_t user_streams_max;
	int64_t session_streams_max;
	int64_t message_bytes_max;
	int64_t stream_queue_bytes;
	int64_t connection_unsent_bytes;
	int64_t connections_max;
	int64_t streams_max;
	int64_t connection_age_ms;
	int64_t drain_ms;
	const char *database_dsn;
	int64_t database_connections; /* of the service's own pool */
	int64_t database_connect_timeout_ms;
	int64_t database_statement_timeout_ms;
	int64_t database_wait_ms;
	const struct conf_pair *backends; /* service name → target: credits: ipc:///… */
	int64_t backoff_initial_ms;       /* of the channels to the backends */
	int64_t backoff_max_ms;
	const char *service_key;                     /* PEM of this service's ES256 key */
	const char *service_key_id;                  /* "": the service's name */
	const struct conf_pair *service_public_keys; /* key id → file of its public key */
	const char *tls_certificate, *tls_key, *tls_ca;
	const char *page_secret; /* signs page tokens; of services that have lists */
};

struct service {
	const struct service_conf *conf; /* stays where it is when SIGHUP brings new values */
	struct arena *arena;  /* of the process: configuration, catalogues; main thread only */
	struct db_options db; /* for pools and connections of its own */
	struct rpc_server *server;
	void *state; /* of the spec: start fills it, stop empties it */
	/* A channel to a service that `backends` names, opened once, closed after stop. Any thread.
	 * Ends the process when `backends` lacks the name. */
	struct rpc_channel *(*channel)(struct service *service, const char *name);
	/* A new channel to a service at another target, for example to a replica of one's own. The
	 * caller closes it. Any thread. */
	struct rpc_channel *(*dial)(const struct service *service, const char *name,
				    const char *target);
};

struct service_spec {
	const char *name;            /* "credits" */
	int32_t schema_version;      /* newest migration it needs */
	const struct conf_key *keys; /* its own, after the common ones */
	size_t n_keys;
	size_t conf_size;
	void *state;         /* what handlers find as call->state; start fills it */
	const char *workers; /* default of the key `workers`; NULL: that of all services */
	const char *message_bytes_max; /* … of the keys of these names */
	const char *user_streams_max, *session_streams_max;
	const struct sql *const *statements;
	const struct rpc_handler *const *handlers; /* tables, with n_handlers for each;
						      NULL-terminated */
	const size_t *const *n_handlers;
	/* Workers of the methods in the heavy lane, by the configuration. NULL: it has none. */
	struct rpc_lane_options (*heavy)(const struct service_conf *conf);
	/* start: after configuration and database, before serving. It opens catalogues, pools,
	 * engines. stop closes them, also when start failed. NULL allowed. */
	enum status (*start)(struct service *service, struct error *reterr);
	void (*stop)(struct service *service);
	/* At SIGTERM: ends the streams that would go on for ever. The calls that run are waited for
	 * afterwards. NULL allowed. */
	void (*drain)(struct service *service);
	/* SIGHUP: conf was read anew (keys with `reload`). NULL allowed. */
	enum status (*reload)(struct service *service, struct error *reterr);
};

/* Reads the configuration of a service that is not started; *ret has conf_size bytes. name: as
 * conf_load has it. errors: those of conf_load. */
_must_check_ enum status service_conf_load(const struct service_spec *spec, const char *file,
					   const char *name, struct arena *arena, void *ret,
					   struct error *reterr);

/* As process_main. */
int service_main(const struct service_spec *spec, int argc, char **argv);

/* In handlers: the worker's connection, with the call's deadline. */
static inline struct db *service_db(struct rpc_call *call)
{
	return call->worker;
}

#endif
