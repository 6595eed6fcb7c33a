/* The configuration keys that every service has. */
#include "runtime/service/internal.h"

#define CONF_STRUCT struct service_conf

const struct conf_key service_keys[] = {
	CONF_KEY("listen", CONF_LIST, listen, "tcp://0.0.0.0:7000", 0, 0,
		 "Where it serves gRPC: ipc:///path, tcp://host:port, tls+tcp://host:port."),
	CONF_KEY("insecure", CONF_BOOLEAN, insecure, "false", 0, 0,
		 "Start without service_public_keys though it listens on more than ipc: every "
		 "caller is believed, also that its user is an admin. Tests only."),
	PROCESS_KEYS("tcp://127.0.0.1:9000"),
	CONF_KEY("workers", CONF_INTEGER, workers, "8", 1, 256,
		 "Threads for calls that wait for the database; each has a connection."),
	CONF_KEY("queue_max", CONF_INTEGER, queue_max, "1024", 1, 1000000,
		 "Calls that may wait for a worker; more are refused as overloaded."),
	CONF_KEY("queue_user_max", CONF_INTEGER, queue_user_max, "256", 1, 1000000,
		 "Calls of one user that may wait for a worker, and never more than places are "
		 "free; more are refused as CALLS_TOO_MANY. Without a user: of one address."),
	CONF_KEY("user_streams_max", CONF_INTEGER, user_streams_max, "64", 1, 100000,
		 "Streams that one user may have open; more are refused as STREAMS_TOO_MANY."),
	CONF_KEY("session_streams_max", CONF_INTEGER, session_streams_max, "32", 1, 100000,
		 "Streams that one session of a user may have open."),
	CONF_KEY("message_bytes_max", CONF_BYTES, message_bytes_max, "4MiB", 1024, 64 * CONF_MIB,
		 "Largest message."),
	CONF_KEY("stream_queue_bytes", CONF_BYTES, stream_queue_bytes, "1MiB", 1024, 64 * CONF_MIB,
		 "Bytes that one stream may hold unsent for a slow reader."),
	CONF_KEY("connection_unsent_bytes", CONF_BYTES, connection_unsent_bytes, "64MiB", 64 * 1024,
		 4096 * CONF_MIB,
		 "Bytes that one connection may hold unsent; beyond it the streams that are not "
		 "read end as READER_SLOW, those of the user with most unsent first."),
	CONF_KEY("connections_max", CONF_INTEGER, connections_max, "1024", 1, 100000,
		 "Connections from callers."),
	CONF_KEY("streams_max", CONF_INTEGER, streams_max, "1000", 1, 100000,
		 "Calls at once on one connection of a peer without a service token."),
	CONF_KEY("connection_age", CONF_DURATION, connection_age_ms, "0ms", 0, CONF_DAY,
		 "Connections are renewed after this time, so that new replicas get traffic; 0 for "
		 "never."),
	CONF_KEY("drain", CONF_DURATION, drain_ms, "30s", 0, CONF_DAY,
		 "How long running calls may take to finish at SIGTERM."),
	CONF_KEY(
		"database.dsn", CONF_SECRET, database_dsn, NULL, 0, 0,
		"PostgreSQL conninfo or URI of the service's own role; several hosts are allowed."),
	CONF_KEY("database.connections", CONF_INTEGER, database_connections, "4", 1, 256,
		 "Connections for background work, besides one for each worker."),
	CONF_KEY("database.connect_timeout", CONF_DURATION, database_connect_timeout_ms, "5s", 1000,
		 60000, "For one host of the dsn."),
	CONF_KEY("database.statement_timeout", CONF_DURATION, database_statement_timeout_ms, "10s",
		 10, 600000, "Longest statement; a call's own deadline shortens it."),
	CONF_KEY("database.wait", CONF_DURATION, database_wait_ms, "60s", 0, CONF_DAY,
		 "How long to wait at start for the schema to be migrated."),
	CONF_KEY("backends", CONF_MAP, backends, "", 0, 0,
		 "Services that it calls, name to target: dns:///host:port, ipc:///path, tcp://…, "
		 "tls+tcp://…"),
	CONF_KEY("backoff_initial", CONF_DURATION, backoff_initial_ms, "1s", 1, CONF_DAY,
		 "Pause after the first failed try to connect to a backend."),
	CONF_KEY("backoff_max", CONF_DURATION, backoff_max_ms, "120s", 100, CONF_DAY,
		 "Longest pause between two tries to connect to a backend."),
	CONF_KEY_LIVE("service_key", CONF_SECRET, service_key, "", 0, 0,
		      "PEM of the ES256 key that signs its service tokens; without one nobody "
		      "knows who calls."),
	CONF_KEY_LIVE("service_key_id", CONF_TEXT, service_key_id, "", 0, 0,
		      "Key id of service_key: the service's name (default), or name.suffix while "
		      "keys are rotated: auth.2."),
	CONF_KEY_LIVE(
		"service_public_keys", CONF_MAP, service_public_keys, "", 0, 0,
		"Public keys of callers, key id to file; the caller is the id up to its first dot: "
		"{auth: auth.pub, auth.2: auth-2.pub}. Empty: tokens are not asked for."),
	CONF_KEY("tls.certificate", CONF_TEXT, tls_certificate, "", 0, 0,
		 "PEM file for tls+tcp, of the server and towards backends."),
	CONF_KEY("tls.key", CONF_TEXT, tls_key, "", 0, 0, "PEM file of its key."),
	CONF_KEY("tls.ca", CONF_TEXT, tls_ca, "", 0, 0,
		 "PEM file of the authority that peers must be certified by."),
	CONF_KEY(
		"page_secret", CONF_SECRET, page_secret, "", 0, 0,
		"Signs the page tokens of lists, the same on all replicas: 32 random bytes as text "
		"(openssl rand -hex 32). A service that has lists does not start without it."),
};
const size_t service_keys_n = ARRAY_SIZE(service_keys);
