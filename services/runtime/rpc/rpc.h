/* gRPC (PROTOCOL-HTTP2.md of grpc/grpc) with nghttp2 sessions over nng byte streams and protobuf-c
 * messages.
 *
 * Threads. nng's callback threads frame, queue and flush and never block. Unary handlers run on
 * worker threads, except those whose method is `inline`. Streaming handlers start on a callback
 * thread and return RPC_LATER. Memory. A call's arena holds the request, the answer and every
 * string in them, and ends with the call. */
#ifndef RUNTIME_RPC_RPC_H
#define RUNTIME_RPC_RPC_H

#include "runtime/base/arena.h"
#include "runtime/base/status.h"
#include "runtime/base/uuid.h"
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ------------------------------------------------------------ methods: tables made by tools/gen */

enum rpc_kind {
	RPC_UNARY,
	RPC_CLIENT_STREAM,
	RPC_SERVER_STREAM,
	RPC_BIDI_STREAM,
};

/* limitless.MethodRule.Access. */
enum rpc_access {
	RPC_ACCESS_PUBLIC = 1,
	RPC_ACCESS_USER = 2,
	RPC_ACCESS_ADMIN = 3,
	RPC_ACCESS_SERVICE = 4,
};

/* limitless.MethodRule.Lane: which workers run a unary method. */
enum rpc_lane {
	RPC_LANE_MAIN,
	RPC_LANE_HEAVY,
	RPC_LANES,
};

struct rpc_method {
	const char *path; /* "/credits.v1.CreditsService/Hold" */
	enum rpc_kind kind;
	const ProtobufCMessageDescriptor *req;
	const ProtobufCMessageDescriptor *resp;
	enum rpc_access access;
	const char *const *callers; /* NULL-terminated; NULL: every service */
	uint32_t timeout_ms;        /* deadline when the caller gives none; 0: none */
	bool idempotent;            /* may be retried on UNAVAILABLE */
	bool run_inline;            /* the handler runs on the receiving thread */
	bool pipelined;             /* … on a fiber, with others on one worker: it may wait where
				       fiber_wait is called, and nowhere else for long */
	enum rpc_lane lane;
};

struct rpc_call;

/* Returned by a handler that finishes the call later by rpc_finish. */
#define RPC_LATER ((enum status)100)

/* A thunk made by tools/gen around the typed handler. Unary: req is the request, resp an
 * initialised answer to fill. Server streaming: resp is NULL. Client and bidirectional streaming:
 * req and resp are NULL, the handler installs hooks. */
typedef enum status rpc_handle_fn(struct rpc_call *call, const ProtobufCMessage *req,
				  ProtobufCMessage *resp);

struct rpc_handler {
	const struct rpc_method *method;
	rpc_handle_fn *handle; /* NULL: planned; answered UNIMPLEMENTED not_implemented */
};

/* --------------------------------------------------------------- who calls, and in what context */

/* The user on whose behalf a call runs, from the gateway's verified token. Empty texts: nobody. */
struct rpc_subject {
	char user_id[UUID_SIZE];
	char session_id[UUID_SIZE];
	bool admin;
	char api_key_id[UUID_SIZE]; /* of the key that called instead of a session; empty: none */
	char on_disconnect[8];      /* the key's DEFAULT, CANCEL or FINISH; empty without a key */
};

/* A call passes this on to the calls that it causes. */
struct rpc_context {
	char request_id[64];
	char traceparent[56]; /* W3C trace context; empty: none */
	struct rpc_subject subject;
	char idempotency_key[256]; /* empty: none */
	char client_address[46];   /* of the browser, from the gateway; empty: unknown */
	char user_agent[256];      /* of the browser, cut; empty: unknown */
	int64_t deadline_us;       /* clock_mono_us; 0: none */
};

/* A call as its handler sees it. Fields above the line may be read; the rest belongs to rpc. */
struct rpc_call {
	const struct rpc_method *method;
	struct arena *arena; /* ends with the call */
	struct error err;    /* filled by rpc_fail, or passed as reterr to what the handler calls */
	struct rpc_context ctx;
	const char
		*subject; /* ctx.subject.user_id: the user; "" when access is not USER or ADMIN */
	char caller[32];  /* service that calls, from its token; empty: unauthenticated peer */
	void *worker; /* what the init hook made for this worker thread: the service's struct db;
			 NULL on callback threads */
	void *state;  /* of the service, as the server's options give it */
};

/* Sets call->err and returns code: return rpc_fail(call, NOT_FOUND, "not_found", "chat %s", id). */
_must_check_ _printf_(4, 5) enum status rpc_fail(struct rpc_call *call, enum status code,
						 const char *reason, const char *format, ...);

/* As rpc_fail with INVALID_ARGUMENT and the field's path (snake_case as in the proto). */
_must_check_ _printf_(4, 5) enum status rpc_fail_field(struct rpc_call *call, const char *reason,
						       const char *field, const char *format, ...);

/* Adds a pair to the ErrorInfo's metadata of a failing call (at most 8, strings copied), or to the
 * trailing metadata. */
void rpc_error_detail(struct rpc_call *call, const char *key, const char *value);

/* Text metadata of the request, or NULL. key is lower case. Lives as long as the call. */
const char *rpc_metadata(const struct rpc_call *call, const char *key);
/* Binary metadata ("…-bin"), decoded into the call's arena. */
const uint8_t *rpc_metadata_bin(struct rpc_call *call, const char *key, size_t *ret_len);
/* Adds leading metadata (before the first message) or trailing metadata. False: too late or above 8
 * KiB. */
bool rpc_send_header(struct rpc_call *call, const char *key, const void *value, size_t len);
bool rpc_send_trailer(struct rpc_call *call, const char *key, const void *value, size_t len);

/* -------------------------------------------------- calls that go on after the handler returned */

/* Hooks of a call whose handler returned RPC_LATER. All run on callback threads, one at a time for
 * one call, and must not block. */
struct rpc_stream_hooks {
	/* Client and bidirectional streams: a message came. It lives until the hook returns unless
	 * the hook returns false, which keeps it and stops the flow until rpc_stream_resume. */
	bool (*on_message)(struct rpc_call *call, const ProtobufCMessage *message, void *ctx);
	/* The caller will send no more. */
	void (*on_half_close)(struct rpc_call *call, void *ctx);
	/* After rpc_stream_send said RESOURCE_EXHAUSTED: there is room again. */
	void (*on_writable)(struct rpc_call *call, void *ctx);
	/* The caller is gone or its deadline passed; at most once. rpc_finish is still due. */
	void (*on_cancel)(struct rpc_call *call, void *ctx);
	/* The server is draining: a stream that could go on for ever should end soon, with
	 * UNAVAILABLE and a cursor to come back with. A call that still runs after drain_ms is
	 * cut. At most once. */
	void (*on_drain)(struct rpc_call *call, void *ctx);
	/* After rpc_finish, when no hook runs or will run any more: free ctx here. NULL allowed, as
	 * for all of them. */
	void (*on_done)(void *ctx);
};

/* Installs hooks; call it before the handler returns RPC_LATER. */
void rpc_stream_hooks_set(struct rpc_call *call, const struct rpc_stream_hooks *hooks, void *ctx);

/* Queues one message of a stream (packed here, so message may be reused). Any thread, between
 * RPC_LATER's handler and rpc_finish. RESOURCE_EXHAUSTED: the stream's queue (config
 * stream_queue_bytes, 1 MiB) is full and the message was NOT taken; wait for on_writable or end
 * with a cursor to come back with. CANCELLED: nobody listens any more. */
_must_check_ enum status rpc_stream_send(struct rpc_call *call, const ProtobufCMessage *message);

/* Takes the message that on_message kept (lives until the next one) and lets the flow go on. */
void rpc_stream_resume(struct rpc_call *call);

/* Ends a call whose handler returned RPC_LATER, exactly once, from any thread. status other than
 * OK: call->err says why. resp: the answer of a unary or client-streaming call; NULL for the
 * others. The call must not be touched afterwards. */
void rpc_finish(struct rpc_call *call, enum status status, const ProtobufCMessage *resp);

/* True when the caller is gone: long work may stop. Any thread. */
bool rpc_cancelled(const struct rpc_call *call);

/* ------------------------------------------------------------------ server */

struct rpc_server;
struct token_verifier;

/* Workers and a queue apart from those of the other methods. */
struct rpc_lane_options {
	int32_t workers;        /* 0: the methods of this lane run in the main one */
	int32_t queue_max;      /* calls that wait; full: RESOURCE_EXHAUSTED */
	int32_t queue_user_max; /* … of one user, or of one address without a user */
	int32_t nice;           /* added to the workers' niceness: others' threads go first */
	const char *busy;       /* reason of the refusal; a text that stays */
};

struct rpc_server_options {
	const char *const *listen; /* NULL-terminated urls: ipc:///path, tcp://host:port,
				      tls+tcp://host:port */
	int32_t workers;           /* threads for unary handlers; default 8 */
	int32_t queue_max; /* calls that wait for a worker; default 1,024; full: RESOURCE_EXHAUSTED
			      overloaded */
	int32_t queue_user_max; /* … of one user, or of one address without a user; default 256;
				   more: RESOURCE_EXHAUSTED calls_too_many */
	struct rpc_lane_options heavy;
	size_t message_bytes_max;    /* default 4 MiB */
	size_t stream_queue_bytes;   /* unsent bytes of one stream; default 1 MiB */
	size_t unsent_bytes_max;     /* … of one connection; default 64 MiB; beyond it the streams
					that are not read end with RESOURCE_EXHAUSTED reader_slow */
	int32_t connections_max;     /* default 1,024 */
	int32_t streams_max;         /* per connection; default 1,000 */
	int32_t streams_trusted_max; /* per connection of a peer with a service token; default
					16,384 */
	int32_t user_streams_max;    /* open streams of one user; default 64 */
	int32_t session_streams_max; /* … of one session; default 32; more: RESOURCE_EXHAUSTED
					streams_too_many */
	int32_t drain_ms; /* what runs may finish in this time at SIGTERM; default 30,000 */
	int32_t connection_age_ms; /* MAX_CONNECTION_AGE; 0: none */
	int32_t handshake_ms; /* a connection that has not begun HTTP/2 by then is closed; default
				 10,000 */
	int32_t keepalive_ms; /* PING when nothing came for so long; default 60,000 */
	int32_t keepalive_timeout_ms; /* … and the end when nothing answers; default 20,000 */
	const char *service; /* own name: `aud` of the service tokens that callers show; needed with
				verifier */
	const struct token_verifier *
		verifier; /* of service tokens; NULL: every peer is taken for any service (tests) */
	bool keep_texts;  /* texts of INTERNAL, UNKNOWN and UNAVAILABLE go out as they are, without
			     ErrorInfo (interoperability tests) */
	const char *tls_certificate_file, *tls_key_file, *tls_ca_file; /* for tls+tcp: */
	/* Per worker thread: what call->worker is. NULL allowed. */
	void *(*worker_init)(void *ctx);
	void (*worker_done)(void *worker, void *ctx);
	/* Before each unary handler on that worker, and when one of several goes on (sets the
	 * connection's deadline, say). */
	void (*worker_call)(void *worker, struct rpc_call *call, void *ctx);
	void *worker_ctx;
	void *state; /* what call->state is: all that the handlers of this server share */
};

/* Copies options. Nothing listens yet. */
struct rpc_server *rpc_server_new(const struct rpc_server_options *options);

/* Each of these before rpc_server_start. A table made by tools/gen. */
void rpc_server_register(struct rpc_server *server, const struct rpc_handler *handlers, size_t n);
/* grpc.health.v1, for all services of the tables; once. Anybody may ask. */
void rpc_health_register(struct rpc_server *server);
/* grpc.reflection.v1 and v1alpha. */
void rpc_reflection_register(struct rpc_server *server);

/* Listens and starts the workers. Errors: UNAVAILABLE with the url that could not be bound. */
_must_check_ enum status rpc_server_start(struct rpc_server *server, struct error *reterr);

/* Port that the i-th tcp url of `listen` was bound to; 0: not bound, or no tcp. */
uint16_t rpc_server_port(const struct rpc_server *server, size_t i);

/* Health says SERVING from start until drain, and in between as set here. */
void rpc_server_set_serving(struct rpc_server *server, bool serving);

/* NOT_SERVING, GOAWAY, waits for running calls up to drain_ms, then closes. Blocks. */
void rpc_server_drain(struct rpc_server *server);
void rpc_server_free(struct rpc_server *server);

/* Sends the answers that this thread holds back for company. A handler that waits for long, as
 * in the database's client, calls it first. Any thread. */
void rpc_answers_send(void);
/* For a thread that serves many streams in turns: while hold, it keeps back what it sends on them,
 * and the ends of calls, so that those of one connection share a write. It must call
 * rpc_answers_send before it sleeps. */
void rpc_answers_hold(bool hold);

/* ------------------------------------------------------------------ client */

struct rpc_channel;
struct token_signer;

struct rpc_channel_options {
	const char *target;  /* dns:///host:port, tcp://…, tls+tcp://…, each also as a list
				host:port,host:port; or ipc:///path */
	const char *service; /* callee's name: `aud` of the service token */
	const struct token_signer *signer; /* signs service tokens; NULL: none is sent (tests) */
	size_t message_bytes_max;          /* default 4 MiB */
	int32_t connect_timeout_ms;        /* default 5,000 */
	int32_t keepalive_ms;         /* PING when idle with calls open; default 20,000; 0: none */
	int32_t keepalive_timeout_ms; /* default 10,000 */
	int32_t resolve_interval_ms;  /* default 10,000 */
	int32_t backoff_initial_ms;   /* default 1,000; connection-backoff.md of gRPC */
	int32_t backoff_max_ms;       /* default 120,000; make run sets 1,000 */
	int32_t retries_max; /* attempts after the first, for idempotent methods; default 3; below
				0: none */
	size_t stream_queue_bytes; /* unsent bytes of one stream; default 1 MiB */
	const char *tls_certificate_file, *tls_key_file, *tls_ca_file;
	const char *tls_server_name; /* that the servers' certificates must name; NULL: the target's
					host */
};

/* Copies options; never blocks, never NULL. Unary calls and streams have connections of their own,
 * each opened when the first of its calls comes. */
struct rpc_channel *rpc_channel_open(const struct rpc_channel_options *options);
/* Open calls end with CANCELLED. Blocks until their callbacks have run. Not from a callback. */
void rpc_channel_close(struct rpc_channel *channel);

struct rpc_metadata {
	const char *key; /* lower case; "…-bin" for bytes */
	const void *value;
	size_t len;
};

/* parent: what to carry on (request id, trace, subject, earlier deadline); NULL: a new request
 * id. */
struct rpc_call_options {
	const struct rpc_context *parent;
	uint32_t timeout_ms; /* 0: the method's */
	const struct rpc_metadata *metadata;
	size_t n_metadata;
	bool wait_for_ready; /* wait for a connection until the deadline instead of failing fast */
};

/* Blocks until the answer (*ret_resp in arena) or the error. For workers and other own threads;
 * aborts on a callback thread. errors: the callee's own, with its reason · UNAVAILABLE
 * service_unavailable · DEADLINE_EXCEEDED deadline. */
_must_check_ enum status rpc_call_blocking(struct rpc_channel *channel,
					   const struct rpc_method *method,
					   const struct rpc_call_options *options,
					   const ProtobufCMessage *req, struct arena *arena,
					   ProtobufCMessage **ret_resp, struct error *reterr);

/* A call under way on the client's side. */
struct rpc_client_call;

/* The end of an asynchronous unary call; once, on a callback thread, also on cancel. resp is NULL
 * unless status is OK and lives until the function returns. */
typedef void rpc_reply_fn(void *ctx, enum status status, const ProtobufCMessage *resp,
			  const struct error *err);

/* Starts a unary call. req is packed here. The reply function always runs, later, on another thread
 * than the caller's stack. Returns a handle for rpc_client_cancel, valid until the reply function
 * has returned; NULL is never returned. */
struct rpc_client_call *rpc_call_async(struct rpc_channel *channel, const struct rpc_method *method,
				       const struct rpc_call_options *options,
				       const ProtobufCMessage *req, rpc_reply_fn *reply, void *ctx);

/* Hooks of a stream seen from the client; callback threads, one at a time for one stream. */
struct rpc_client_hooks {
	/* Leading metadata came (before the first message). */
	void (*on_headers)(struct rpc_client_call *call, void *ctx);
	/* A message came; it lives until the hook returns. False stops the flow until
	 * rpc_client_resume (the message counts as taken). */
	bool (*on_message)(struct rpc_client_call *call, const ProtobufCMessage *message,
			   void *ctx);
	/* Room in the send queue again after RESOURCE_EXHAUSTED. */
	void (*on_writable)(struct rpc_client_call *call, void *ctx);
	/* The end, exactly once, also after cancel. The handle is invalid afterwards: other threads
	 * that use it do so under a lock that on_end takes. */
	void (*on_end)(struct rpc_client_call *call, enum status status, const struct error *err,
		       void *ctx);
};

/* Opens a stream of any kind; for server streaming req is the request and the sending side is
 * closed, otherwise req is NULL. */
struct rpc_client_call *rpc_stream_open(struct rpc_channel *channel,
					const struct rpc_method *method,
					const struct rpc_call_options *options,
					const ProtobufCMessage *req,
					const struct rpc_client_hooks *hooks, void *ctx);
_must_check_ enum status rpc_client_send(struct rpc_client_call *call,
					 const ProtobufCMessage *message);
void rpc_client_close_send(struct rpc_client_call *call);
void rpc_client_resume(struct rpc_client_call *call);
/* Whether another message, or the end, is told right after this one: what both lead to may go out
 * together. Inside on_message only. */
bool rpc_client_more(const struct rpc_client_call *call);
/* RST_STREAM(CANCEL); on_end follows with CANCELLED. Any thread while the handle is valid. */
void rpc_client_cancel(struct rpc_client_call *call);
/* Metadata of the answer; inside hooks and the reply function only. trailing: that of the end.
 * NULL: none. */
const char *rpc_client_metadata(struct rpc_client_call *call, const char *key, bool trailing);
const uint8_t *rpc_client_metadata_bin(struct rpc_client_call *call, const char *key, bool trailing,
				       struct arena *arena, size_t *ret_len);

#endif
