/* HTTP/1.1 server (RFC 9110, RFC 9112) with llhttp on nng byte streams: the gateway, the admin port
 * of every process, and the stand-in.
 *
 * Threads. Handlers and hooks run on nng's callback threads and must not block. They run under the
 * lock of their connection. A caller that holds a lock must therefore not call into httpd when one
 * of its hooks takes that lock. Everything else here may be called from any thread. Order. One
 * request of a connection is handled at a time; pipelined ones wait for its answer. */
#ifndef RUNTIME_HTTPD_HTTPD_H
#define RUNTIME_HTTPD_HTTPD_H

#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct httpd;

struct httpd_header {
	const char *name; /* of a request: lower case */
	const char *value;
};

/* A request whose head and body are complete. Read only; valid until it is answered (or
 * httpd_stream_begin), by every handler exactly once: httpd_answer, or httpd_stream_begin and later
 * httpd_stream_end. Answering late is fine, also when the client is gone. */
struct httpd_request {
	const char *method; /* "GET" */
	const char *path;   /* as sent, up to the "?": not decoded; begins with "/" */
	const char *query;  /* as sent, behind the "?"; "" when there is none */
	const struct httpd_header *headers;
	size_t n_headers;
	const uint8_t *body; /* NULL when empty; a NUL stands behind the last byte */
	size_t body_len;
	const char *peer_address; /* "127.0.0.1"; "" on ipc */
	int64_t received_us;      /* clock_mono_us of the head's last byte */
	struct arena *arena; /* ends with the request; for the handler too, one thread at a time */
	void *owner;         /* for the head's and the request's handler; httpd does not look */
};

/* Answers now or lets another thread do it later. */
typedef void httpd_handle_fn(struct httpd_request *req, void *ctx);

/* Answers, with httpd_answer and at once, a request that httpd itself refuses; the connection
 * closes afterwards. method, path, query and headers are what was understood so far ("" and none at
 * worst). reason: http_invalid, headers_too_large, body_too_large, request_timeout, overloaded,
 * uploads_too_many. */
typedef void httpd_refuse_fn(struct httpd_request *req, int32_t status, const char *reason,
			     const char *detail, void *ctx);

/* Decides on a request with a body when its head is complete and nothing of the body was read: lets
 * it come by httpd_body_read, after which the handler gets the request, or answers; now or later,
 * from any thread. After such an answer the connection closes, unless all of the body came with the
 * head. */
typedef void httpd_head_fn(struct httpd_request *req, void *ctx);

/* 0 and NULL mean the default. */
struct httpd_options {
	const char *const *listen; /* NULL-terminated urls: tcp://host:port, ipc:///path (mode 0600,
				      same user) */
	httpd_handle_fn *handle;   /* required */
	httpd_refuse_fn *refuse;   /* default: a plain text */
	httpd_head_fn *head;       /* default: every body may come */
	void *ctx;
	int32_t connections_max;             /* default 1,024; then who waits longest gives way */
	int32_t connections_reserved;        /* of these for httpd_promote; default none */
	int32_t connections_per_address_max; /* default connections_max; IPv6: of a /64 */
	int32_t connections_per_proxy_max;   /* of an address of trusted; default connections_max */
	const char *const *trusted;          /* ranges of addresses, "127.0.0.0/8"; NULL: none */
	size_t head_bytes_max;               /* request line and headers; default 16 KiB; 431 */
	int32_t headers_max;                 /* default 100; 431 */
	size_t url_bytes_max;                /* default 8 KiB; 414 */
	size_t body_bytes_max;               /* default 1 MiB; 413 */
	size_t request_arena_bytes; /* cap on what a handler may take from the request's arena;
				       default 4 MiB */
	int32_t head_timeout_ms;    /* first to last byte of a head; default 10,000; 408 */
	int32_t body_rate_min;      /* bytes a second, in each body_window_ms; default 1,024; 408 */
	int32_t body_window_ms;     /* default 5,000 */
	int32_t body_timeout_ms;    /* for all of a body; default 120,000; 408 */
	size_t bodies_bytes_max; /* of all bodies that are on their way or in work; default 64 MiB;
				    503 */
	size_t bodies_bytes_reserved;       /* of these for promoted connections; default none */
	size_t bodies_bytes_per_client_max; /* default 8 MiB; 429 */
	int32_t idle_timeout_ms;            /* between requests; default 75,000 */
	int32_t send_timeout_ms;   /* without progress; default 30,000; and the whole answer at
				      body_rate_min after that */
	size_t stream_queue_bytes; /* unsent bytes of one stream; default 256 KiB */
};

/* Copies options, listens and serves. errors: UNAVAILABLE service_unavailable with the url that
 * could not be bound; INVALID_ARGUMENT field_invalid with a range of trusted. */
_must_check_ enum status httpd_start(const struct httpd_options *options, struct httpd **ret,
				     struct error *reterr);

/* Port that the i-th url is bound to (tcp), else 0. */
uint16_t httpd_port(const struct httpd *httpd, size_t i);

/* Connections that are open now. */
int32_t httpd_connections(const struct httpd *httpd);

/* Accepts no more, answers with "Connection: close", closes what is idle, waits up to drain_ms for
 * running requests, then closes those too. Blocks; not from a callback. */
void httpd_drain(struct httpd *httpd, int32_t drain_ms);

/* Closes everything and waits until every request has been answered by its owner. Blocks; not from
 * a callback. */
void httpd_free(struct httpd *httpd);

/* ------------------------------------------------------------------ reading */

/* Value of the first header with this name (lower case), or NULL. Host, Content-Length and
 * Content-Type never occur twice. */
const char *httpd_header(const struct httpd_request *req, const char *name);

/* Percent-decoding (RFC 3986) into arena; plus: "+" means a space (query). NULL: a broken escape,
 * or NUL. */
char *httpd_decode(struct arena *arena, const char *text, size_t len, bool plus);

/* Takes the next name=value pair off *query, decoded into arena. False: no more. A pair that does
 * not decode has a NULL name. */
bool httpd_query_next(struct arena *arena, const char **query, const char **ret_name,
		      const char **ret_value);

/* Lets the body of a request come, in httpd_head_fn or later. The request is httpd's again, until
 * the handler gets it; where the client is gone, or the body is refused, it never does. */
struct httpd_body {
	size_t bytes_max; /* 0: body_bytes_max; 413 */
	const char
		*client; /* who is charged for it: an address, a user; NULL: the peer's address */
};
void httpd_body_read(struct httpd_request *req, const struct httpd_body *body);

/* The request has a session: its connection may have a reserved place from now on. By whoever has
 * the request. */
void httpd_promote(struct httpd_request *req);

/* False: the connection was not promoted, and so many others without a session are served that
 * it stands on a reserved place. The owner should refuse expensive work for it. */
bool httpd_has_place(const struct httpd_request *req);

/* ------------------------------------------------------------------ answering */

struct httpd_answer {
	int32_t status;
	const char *content_type; /* NULL: none */
	const struct httpd_header *headers;
	size_t n_headers;
	const void *body;
	size_t body_len;
	bool body_lives; /* body outlives the connection (static data): sent from where it is, else
			    copied */
	bool close;      /* close the connection afterwards */
	int32_t heartbeat_ms; /* of a stream: an SSE comment when nothing went out for so long; 0:
				 none */
};

/* Sends a whole answer; Content-Length, Date and Connection are added, the body is left out for
 * HEAD, 204 and 304. The request is gone. */
void httpd_answer(struct httpd_request *req, const struct httpd_answer *answer);

/* Notices about a request that is not answered yet, or a stream; at most one at a time, under the
 * connection's lock. */
struct httpd_hooks {
	/* The client is gone (or too slow). The answer, or httpd_stream_end, is still due. */
	void (*on_close)(struct httpd_request *req, void *ctx);
	/* After httpd_stream_send said RESOURCE_EXHAUSTED: the queue is empty again. */
	void (*on_writable)(struct httpd_request *req, void *ctx);
};

/* The lock under which the handler and the hooks of a request run, for state that they share with
 * other threads. A reference; it outlives the request. take returns what release must be given:
 * false where this thread has the lock already. httpd may be called meanwhile. */
struct httpd_lock;
struct httpd_lock *httpd_lock_of(struct httpd_request *req);
bool httpd_lock_take(struct httpd_lock *lock);
void httpd_lock_release(struct httpd_lock *lock, bool taken);
void httpd_lock_unref(struct httpd_lock *lock);

/* Installs hooks. False: the client is gone already, on_close will not come. */
bool httpd_hooks_set(struct httpd_request *req, const struct httpd_hooks *hooks, void *ctx);

/* Sends the head of an answer of unknown length (chunked; until close for HTTP/1.0). Only status,
 * content_type, headers are used. From here on the request's fields and arena are gone (an idle
 * stream costs 2 to 4 KB), the pointer is the stream's handle. */
void httpd_stream_begin(struct httpd_request *req, const struct httpd_answer *head);

/* Queues one piece. RESOURCE_EXHAUSTED: the queue is full and nothing was taken; wait for
 * on_writable. CANCELLED: nobody reads any more. */
_must_check_ enum status httpd_stream_send(struct httpd_request *req, const void *data, size_t len);

/* One server-sent event (HTML Living Standard 9.2), all of it or nothing; errors as
 * httpd_stream_send. event, id: NULL to leave out, no line breaks; data: each line becomes a data
 * line. */
_must_check_ enum status httpd_sse_send(struct httpd_request *req, const char *event,
					const char *id, const void *data, size_t len);

/* Ends the stream once its queue is sent; the handle is gone. complete false: the connection is cut
 * so that the client can tell. */
void httpd_stream_end(struct httpd_request *req, bool complete);

/* ----------------------------------------------------------------- admin endpoints of a process */

struct httpd_admin_options {
	const char *listen; /* tcp://127.0.0.1:9000 or ipc:///path */
	/* Ready to serve? NULL: always. *ret_why (static storage) says why not. */
	bool (*ready)(const char **ret_why, void *ctx);
	void *ctx;
};

/* Serves GET /healthz (200 while the process lives), /readyz (200 or 503), /metrics (text format
 * 0.0.4). Freed by httpd_free. */
_must_check_ enum status httpd_admin_start(const struct httpd_admin_options *options,
					   struct httpd **ret, struct error *reterr);

#endif
