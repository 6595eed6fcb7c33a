/* HTTP client on libcurl's multi interface: one engine thread for all transfers of a process,
 * with connection reuse and HTTP/2. State of transfers may live on that thread too and needs no
 * lock: http_post brings work there, http_timer brings it there later. docs/modules/http.md */
#ifndef RUNTIME_HTTP_HTTP_H
#define RUNTIME_HTTP_HTTP_H

#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_client;
struct http_transfer;

struct http_client_options {
	int32_t connections_max;          /* in all; default 256 */
	int32_t connections_per_host_max; /* default 64 */
	const char *user_agent;
	const char *ca_file; /* NULL: that of SSL_CERT_FILE in the environment, else the system's */
	void (*before_wait)(void); /* of the engine thread, also at its end; NULL: nothing */
};

/* Starts the engine thread. */
struct http_client *http_client_new(const struct http_client_options *options);
/* Runs what was posted before, cancels what runs, waits for its callbacks. Then the timers run,
 * early and for the last time: those that they start themselves are dropped. Not from the engine
 * thread. */
void http_client_free(struct http_client *client);

/* Runs fn(ctx) once on the engine thread, in the order of posting. Any thread, hooks included. */
void http_post(struct http_client *client, void (*fn)(void *ctx), void *ctx);
/* Runs fn(ctx) once on the engine thread after delay_ms. Engine thread only. */
void http_timer(struct http_client *client, int64_t delay_ms, void (*fn)(void *ctx), void *ctx);
/* Whether the caller is the engine thread. */
bool http_on_engine(const struct http_client *client);

struct http_request {
	const char *method; /* "GET", "POST" … */
	const char *url;
	const char *const *headers; /* "Name: value", NULL-terminated */
	const void *body;
	size_t body_len;
	/* http://, https://, socks5://, socks5h://; NULL: none (the environment's is never used) */
	const char *proxy;
	int32_t connect_timeout_ms;    /* default 10,000 */
	int32_t first_byte_timeout_ms; /* from start to the answer's first byte; default 60,000 */
	int32_t idle_timeout_ms;       /* between bytes of the answer; default 60,000 */
	int32_t total_timeout_ms;      /* default 600,000 */
	size_t answer_bytes_max;       /* default 16 MiB */
	bool guard_addresses; /* user-given url: refuse addresses that are not public (SSRF),
			       * checked on the connected socket; not with a proxy */
};

/* All on the engine thread; must not block. Strings live until the hook returns. */
struct http_hooks {
	/* Status line and headers are complete. header(name) via http_header. */
	void (*on_head)(struct http_transfer *transfer, int32_t status, void *ctx);
	/* Bytes of the body. False ends the transfer with CANCELLED. */
	bool (*on_data)(struct http_transfer *transfer, const void *data, size_t len, void *ctx);
	/* The end, exactly once, also after http_cancel. OK: the whole body came (whatever the HTTP
	 * status). Otherwise UNAVAILABLE service_unavailable (connect, reset, cut short) ·
	 * DEADLINE_EXCEEDED deadline · RESOURCE_EXHAUSTED call_too_large · CANCELLED call_cancelled
	 * · INVALID_ARGUMENT field_invalid (url, header) · PERMISSION_DENIED address_refused. */
	void (*on_end)(struct http_transfer *transfer, enum status status, const struct error *err,
		       void *ctx);
};

/* Starts a transfer; request and hooks are copied. Any thread. The handle is valid until on_end has
 * returned; hooks left NULL are not called. */
struct http_transfer *http_start(struct http_client *client, const struct http_request *request,
				 const struct http_hooks *hooks, void *ctx);
/* on_end follows with CANCELLED, unless the end was on its way. */
void http_cancel(struct http_transfer *transfer);
/* Another time between bytes from here on; inside hooks. */
void http_idle_timeout(struct http_transfer *transfer, int32_t timeout_ms);
/* A header of the answer, or NULL; inside hooks. */
const char *http_header(struct http_transfer *transfer, const char *name);
/* Whether the answer says where it ends (its length, chunks, HTTP/2). Otherwise an end with OK may
 * also be a connection that broke. Inside hooks. */
bool http_framed(struct http_transfer *transfer);
/* Ends the transfer with DEADLINE_EXCEEDED in delay_ms at the latest; a later call moves that.
 * Engine thread only. */
void http_deadline(struct http_transfer *transfer, int64_t delay_ms);

/* Blocks until the whole answer is there; for workers, never on the engine thread. body: in arena.
 * errors: those of on_end. */
struct http_answer {
	int32_t status;
	const char *content_type;
	const uint8_t *body;
	size_t body_len;
};
_must_check_ enum status http_call(struct http_client *client, const struct http_request *request,
				   struct arena *arena, struct http_answer *ret,
				   struct error *reterr);

/* Server-sent events (HTML Living Standard 9.2.6) out of a byte stream. One thread at a time. */
struct sse_reader {
	struct buf line, data;
	char event[64]; /* "": "message"; a longer name is left out */
	char id[64];    /* of the last event that had one; a longer one is left out */
	bool skip_lf;   /* the last line ended in CR: an LF belongs to it */
	bool started;   /* a first line was seen: no byte order mark is expected any more */
	bool too_long;  /* the event does not fit, and will be skipped */
	size_t skipped; /* events that did not fit */
};
/* event_bytes_max: of one line, and of one event's data. A longer one is skipped and counted. */
void sse_reader_init(struct sse_reader *reader, size_t event_bytes_max);
void sse_reader_done(struct sse_reader *reader);
/* on_event gets each complete event, data without its last line end and with a NUL behind it; it
 * returns false to stop: the rest of data is dropped, and the call returns CANCELLED. */
_must_check_ enum status sse_reader_feed(struct sse_reader *reader, const void *data, size_t len,
					 bool (*on_event)(const char *event, const char *data,
							  size_t data_len, const char *id,
							  void *ctx),
					 void *ctx);
/* The stream is over: tells the last event, to which a line end or the empty line is missing. */
void sse_reader_end(struct sse_reader *reader,
		    bool (*on_event)(const char *event, const char *data, size_t data_len,
				     const char *id, void *ctx),
		    void *ctx);

#endif
