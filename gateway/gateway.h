/* The gateway's process, and a request on its way from HTTP to a method and back.
 *
 * Threads. Everything runs on nng's callback threads, and nothing blocks. One thread at a time
 * touches a request: its handler, then the callback with its answer. Fields that both may touch
 * are guarded by the request's httpd_lock. httpd's lock comes before rpc's. */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "gateway/api_keys.h"
#include "gateway/authn.h"
#include "gateway/host.h"
#include "gateway/origin.h"
#include "gateway/route_table.h"
#include "gateway/site.h"
#include "gateway/workers.h"
#include "runtime/httpd/httpd.h"
#include "runtime/process/process.h"
#include "runtime/rpc/rpc.h"

#include <stdatomic.h>

struct gateway_conf {
	struct process_conf process;
	const char *const *listen;
	const char *public_url;
	const char *const *hosts;
	const struct conf_pair *backends; /* service or package → target */
	const char *edge;                 /* key of the backend that serves edge.v1 too */
	const char *events;               /* … and events.v1 */
	const char *web_root, *web_root_previous;
	const char *files_url;
	const char *const *cors_origins;
	const char *token_audience;
	int64_t trusted_hops;
	int64_t connections_max, connections_reserved, connections_per_address_max;
	int64_t connections_per_proxy_max;
	const char *const *trusted_proxies;
	int64_t head_bytes_max, headers_max, url_bytes_max, body_bytes_max, raw_body_bytes_max;
	int64_t head_timeout_ms, idle_timeout_ms, send_timeout_ms, unary_timeout_ms;
	int64_t body_rate_min, body_window_ms, body_timeout_ms;
	int64_t bodies_bytes_max, bodies_bytes_reserved, bodies_bytes_per_client_max;
	int64_t log_lines_per_second, log_lines_burst;
	int64_t json_elements_max, worker_threads, worker_queue_max;
	int64_t stream_queue_bytes, heartbeat_ms, collected_bytes_max;
	int64_t keys_refresh_ms, token_cache_entries, feed_stale_ms, feed_lost_ms;
	int64_t api_key_cache_entries, api_key_cache_ms;
	int64_t message_bytes_max, backoff_initial_ms, backoff_max_ms, drain_ms;
	const char *service_key, *service_key_id;
	const char *tls_certificate, *tls_key, *tls_ca;
};

extern const struct conf_key gateway_keys[];
extern const size_t gateway_keys_n;

struct backends;
struct streams;

struct gateway {
	const struct gateway_conf *conf;
	struct backends *backends;
	struct authn *authn;
	struct api_keys *api_keys;
	struct origins origins;
	struct hosts *hosts;
	struct site *site; /* NULL: no page is served */
	struct streams *streams;
	struct workers *workers;
	const char *docs;        /* the page /docs */
	const char *page_policy; /* Content-Security-Policy of the page */
	bool secure;             /* public_url is https */
	atomic_bool draining;
	struct httpd *httpd;
	struct arena *arena;
};

struct request {
	struct gateway *gateway;
	struct httpd_request *http;
	const struct route *route;    /* NULL: none was found, or not yet */
	const char *variable;         /* value of the route's variable, decoded */
	struct rpc_client_call *call; /* guarded by the request's httpd_lock */
	const char *shown_path;       /* in the log in place of a path that is a secret; NULL */
	const char *reason;           /* of the error that is the answer; NULL: none */
	bool body_due;                /* the body was not let in yet */
	struct rpc_context context;
};

/* ------------------------------------------------------------------ gateway.c */

/* Opens everything and listens. conf outlives it. *ret is to be stopped after an error too. errors:
 * INVALID_ARGUMENT config_invalid, UNAVAILABLE service_unavailable. */
_must_check_ enum status gateway_start(const struct gateway_conf *conf, struct gateway **ret,
				       struct error *reterr);
/* Whether it knows keys and ended sessions; ret_why has the reason when not. Any thread. */
bool gateway_ready(const struct gateway *gateway, const char **ret_why);
/* Takes the signing key from a configuration that was read again. Any thread. */
_must_check_ enum status gateway_reload(struct gateway *gateway, const struct gateway_conf *conf,
					struct error *reterr);
/* Ends streams, lets requests finish for conf->drain_ms, closes and frees. Blocks; not from a
 * callback. NULL allowed. */
void gateway_stop(struct gateway *gateway);

/* ------------------------------------------------------------------ handle.c */

/* httpd_handle_fn: every request of the public port; ctx is the gateway. */
void handle_request(struct httpd_request *http, void *ctx);
/* httpd_head_fn: a request whose head has arrived. Its body is read only when the head is good. */
void handle_head(struct httpd_request *http, void *ctx);
/* httpd_refuse_fn. */
void handle_refusal(struct httpd_request *http, int32_t status, const char *reason,
		    const char *detail, void *ctx);

/* ------------------------------------------------------------------ route.c */

/* Finds the route of a method and a path (not decoded), and the text of its variable (decoded, in
 * arena). errors: NOT_FOUND route_unknown; UNIMPLEMENTED method_not_allowed, with another route of
 * the path in *ret, for Allow. */
_must_check_ enum status route_find(const char *http_method, const char *path, struct arena *arena,
				    const struct route **ret, const char **ret_variable,
				    struct error *reterr);
/* "GET, HEAD, POST": the methods of the path, in arena. */
const char *route_methods(const char *path, struct arena *arena);

/* ------------------------------------------------------------------ bind.c */

/* Makes the request message from path, query, body, cookies and headers, and checks it.
 * request->route becomes the streaming or the plain one of a pair. errors: INVALID_ARGUMENT with
 * the field, NOT_FOUND for a variable that is no id. */
_must_check_ enum status bind_message(struct request *request, ProtobufCMessage **ret,
				      struct error *reterr);

/* Whether the body goes to the method as it is, in a google.api.HttpBody. */
bool route_is_raw(const struct route *route);

/* ------------------------------------------------------------------ forward.c */

/* Fills in address, ids and trace of a request. Its headers count as far as its sender is
 * trusted. */
void forward_context(const struct gateway *gateway, const struct httpd_request *http,
		     struct rpc_context *ret);

/* ------------------------------------------------------------------ cookie.c */

/* Value of a cookie of ours in the request, in arena; NULL: it has none. */
const char *cookie_find(const struct gateway *gateway, const struct httpd_request *http,
			enum json_cookie cookie);
/* Set-Cookie of a value that ends at expire_seconds (0: with the browser's session). An empty value
 * ends the cookie now. In arena. */
const char *cookie_format(const struct gateway *gateway, enum json_cookie cookie, const char *value,
			  int64_t expire_seconds, struct arena *arena);

/* ------------------------------------------------------------------ reply.c */

#define REPLY_HEADERS_MAX 24

struct reply_headers {
	struct httpd_header list[REPLY_HEADERS_MAX];
	size_t n;
};

void reply_header(struct reply_headers *headers, const char *name, const char *value);
/* Sets the headers of every answer of the API: request id, policies, CORS. Values live as long as
 * the request. */
void reply_headers_init(struct reply_headers *headers, const struct request *request);
/* A whole answer; logs and counts it. */
void reply_send(struct request *request, const struct httpd_answer *answer);
/* Like reply_send, for text that is compressed when the client takes it. */
void reply_json(struct request *request, int32_t status, const char *content_type, const void *text,
		size_t len, struct reply_headers *headers);
/* problem+json, or the shape of the route's dialect. */
void reply_problem(struct request *request, const struct error *err);
/* Frees the buffers that a thread keeps for its answers, when the thread ends. */
void reply_thread_done(void);
/* The answer of a unary method. */
void reply_message(struct request *request, const ProtobufCMessage *message);
/* The format of the request's errors. */
enum route_dialect request_dialect(const struct request *request);
/* Appends an error in the JSON of a dialect, which spells the field's name too. route: NULL
 * allowed. */
void reply_problem_text(const struct route *route, enum route_dialect dialect,
			const struct error *err, const char *request_id, struct buf *out);

/* ------------------------------------------------------------------ unary.c, stream.c */

/* Both take the request over and answer it. */
void unary_start(struct request *request, const ProtobufCMessage *message);
void stream_start(struct request *request, const ProtobufCMessage *message);

struct streams *streams_new(void);
void streams_free(struct streams *streams);
/* Ends all streams of a session: authn_options.session_ended with the gateway as ctx. */
void streams_end_session(const char *session_id, void *ctx);
/* Ends all streams whose clients come back to another replica. Raw ones may come to their end: a
 * program cannot go on with half an answer. */
void streams_end_all(struct streams *streams);

/* ------------------------------------------------------------------ backends.c */

/* Opens one channel for each target. errors: INVALID_ARGUMENT when a package of a route has no
 * target. */
_must_check_ enum status backends_open(const struct gateway_conf *conf, struct backends **ret,
				       struct error *reterr);
_must_check_ enum status backends_reload(struct backends *backends, const struct gateway_conf *conf,
					 struct error *reterr);
void backends_close(struct backends *backends);
struct rpc_channel *backends_of_route(const struct backends *backends, const struct route *route);
struct rpc_channel *backends_of_package(const struct backends *backends, const char *package);

/* ------------------------------------------------------------------ docs.c, openapi.c, report.c */

/* The page that lists all routes, HTML in arena. */
const char *docs_page(struct arena *arena);

extern const char openapi_text[];
extern const size_t openapi_len;

/* report_init before the first answer, report_done after the last. */
void report_init(const struct gateway_conf *conf);
void report_done(void);
/* Writes one line of log, and counts. To be called before the answer, which ends the request. */
void report_answer(const struct request *request, int32_t status);
/* Counts a stream that began (+1) or ended (-1). */
void report_stream(int change);

#endif
