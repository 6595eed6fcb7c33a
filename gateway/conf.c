/* The configuration keys of the gateway. */
#include "gateway/gateway.h"

#define MIB (1LL << 20)
#define HOUR_MS (3600LL * 1000)

#define KEY(key_, type_, member_, fallback_, min_, max_, help_)                               \
	{                                                                                     \
		.key = key_, .type = type_, .offset = offsetof(struct gateway_conf, member_), \
		.fallback = fallback_, .min = min_, .max = max_, .help = help_                \
	}

const struct conf_key gateway_keys[] = {
	KEY("listen", CONF_LIST, listen, "tcp://0.0.0.0:8080", 0, 0,
	    "Where it serves HTTP: tcp://host:port, ipc:///path."),
	KEY("admin_listen", CONF_TEXT, admin_listen, "tcp://127.0.0.1:9000", 0, 0,
	    "Where it answers /healthz, /readyz and /metrics: tcp://host:port or ipc:///path. "
	    "It asks nobody who he is: where probes come from elsewhere (Kubernetes), name the "
	    "address, and let only them reach it."),
	KEY("public_url", CONF_TEXT, public_url, "http://127.0.0.1:8080", 0, 0,
	    "What people type: scheme and host, with the port if it is not the usual one. Cookies "
	    "are Secure when it is https."),
	{
		.key = "log_level",
		.type = CONF_TEXT,
		.offset = offsetof(struct gateway_conf, log_level),
		.fallback = "info",
		.reload = true,
		.help = "debug, info, warn or error; each request is a line at info.",
	},
	{
		.key = "log_rate_max",
		.type = CONF_INTEGER,
		.offset = offsetof(struct gateway_conf, log_rate_max),
		.fallback = "1000",
		.max = 1000000,
		.reload = true,
		.help = "Lines of one event a second, of errors ten times as many; more are "
			"counted instead of written; 0: all are written.",
	},
	KEY("backends", CONF_MAP, backends, NULL, 0, 0,
	    "Package of the contract to its server: dns:///host:port, ipc:///path, tcp://…, "
	    "tls+tcp://… Packages with one target share connections."),
	KEY("edge", CONF_TEXT, edge, NULL, 0, 0,
	    "Package of backends whose server also has edge.v1: keys, ended sessions."),
	KEY("web_root", CONF_TEXT, web_root, "", 0, 0,
	    "Folder of the built page; empty: only the API is served."),
	KEY("web_root_previous", CONF_TEXT, web_root_previous, "", 0, 0,
	    "Folder of the page built before: its assets are served to tabs that are still open. "
	    "It may be missing."),
	KEY("files_url", CONF_TEXT, files_url, "", 0, 0,
	    "Second origin that serves users' files; the page may load images from it."),
	KEY("cors_origins", CONF_LIST, cors_origins, "", 0, 0,
	    "Other origins whose pages may call the API with the user's cookies."),
	KEY("token_audience", CONF_TEXT, token_audience, "limitless", 0, 0,
	    "`aud` that access tokens must have."),
	KEY("trusted_hops", CONF_INTEGER, trusted_hops, "0", 0, 16,
	    "Proxies in front that add to X-Forwarded-For; 0: its headers are not believed."),
	KEY("connections_max", CONF_INTEGER, connections_max, "16384", 1, 1000000,
	    "Connections from clients for each listener."),
	KEY("head_bytes_max", CONF_BYTES, head_bytes_max, "16KiB", 1024, MIB,
	    "Request line and headers."),
	KEY("headers_max", CONF_INTEGER, headers_max, "100", 8, 1000, "Headers of a request."),
	KEY("url_bytes_max", CONF_BYTES, url_bytes_max, "8KiB", 256, MIB, "Path and query."),
	KEY("body_bytes_max", CONF_BYTES, body_bytes_max, "1MiB", 1024, 64 * MIB,
	    "JSON of a request."),
	KEY("raw_body_bytes_max", CONF_BYTES, raw_body_bytes_max, "1MiB", 1024, 64 * MIB,
	    "Body of a request that is passed on as it is (webhooks)."),
	KEY("head_timeout", CONF_DURATION, head_timeout_ms, "10s", 10, HOUR_MS,
	    "From the first to the last byte of the headers."),
	KEY("idle_timeout", CONF_DURATION, idle_timeout_ms, "75s", 10, 24 * HOUR_MS,
	    "Between two requests of a connection."),
	KEY("send_timeout", CONF_DURATION, send_timeout_ms, "30s", 10, HOUR_MS,
	    "A client that takes nothing for this time is cut."),
	KEY("unary_timeout", CONF_DURATION, unary_timeout_ms, "10s", 10, HOUR_MS,
	    "Of a call whose contract names no time."),
	KEY("body_rate_min", CONF_BYTES, body_rate_min, "1KiB", 1, 64 * MIB,
	    "Bytes a second that a body must come with, and a large answer be taken with."),
	KEY("stream_queue_bytes", CONF_BYTES, stream_queue_bytes, "256KiB", 1024, 64 * MIB,
	    "What one stream may hold unsent for a slow reader; then its source waits."),
	KEY("heartbeat", CONF_DURATION, heartbeat_ms, "15s", 10, HOUR_MS,
	    "A comment in streams that have nothing else to say."),
	KEY("keys_refresh", CONF_DURATION, keys_refresh_ms, "5m", 10, 24 * HOUR_MS,
	    "Between two looks at the keys of tokens; an unknown key is looked up at once."),
	KEY("token_cache_entries", CONF_INTEGER, token_cache_entries, "16384", 1, 1 << 24,
	    "Verified tokens that are remembered; a power of two."),
	KEY("feed_stale", CONF_DURATION, feed_stale_ms, "4s", 10, HOUR_MS,
	    "Without word of ended sessions for this time, requests that change things are "
	    "refused."),
	KEY("feed_lost", CONF_DURATION, feed_lost_ms, "60s", 10, HOUR_MS,
	    "And after this time all that need a session."),
	KEY("message_bytes_max", CONF_BYTES, message_bytes_max, "4MiB", 1024, 64 * MIB,
	    "Largest message to and from a service."),
	KEY("backoff_initial", CONF_DURATION, backoff_initial_ms, "1s", 1, HOUR_MS,
	    "Pause before the second try to connect to a backend; it grows by 1.6."),
	KEY("backoff_max", CONF_DURATION, backoff_max_ms, "120s", 100, 24 * HOUR_MS,
	    "Longest pause between two tries to connect to a backend."),
	KEY("drain", CONF_DURATION, drain_ms, "30s", 0, 24 * HOUR_MS,
	    "How long requests may take to finish at SIGTERM."),
	{
		.key = "service_key",
		.type = CONF_SECRET,
		.offset = offsetof(struct gateway_conf, service_key),
		.fallback = "",
		.reload = true,
		.help = "PEM of the ES256 key that signs the gateway's service tokens; without one "
			"services must not ask for them.",
	},
	{
		.key = "service_key_id",
		.type = CONF_TEXT,
		.offset = offsetof(struct gateway_conf, service_key_id),
		.fallback = "gateway",
		.reload = true,
		.help = "Key id of service_key: gateway, or gateway.suffix while keys are rotated.",
	},
	KEY("tls.certificate", CONF_TEXT, tls_certificate, "", 0, 0,
	    "PEM file of the certificate shown to tls+tcp backends."),
	KEY("tls.key", CONF_TEXT, tls_key, "", 0, 0, "PEM file of its key."),
	KEY("tls.ca", CONF_TEXT, tls_ca, "", 0, 0,
	    "PEM file of the authority that backends must be certified by."),
};
const size_t gateway_keys_n = ARRAY_SIZE(gateway_keys);
