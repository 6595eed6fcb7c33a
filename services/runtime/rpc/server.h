/* Inside of runtime/rpc only: the server and its calls. */
#ifndef RUNTIME_RPC_SERVER_H
#define RUNTIME_RPC_SERVER_H

#include "runtime/metrics/metrics.h"
#include "runtime/rpc/rpc.h"
#include "runtime/rpc/session.h"
#include "runtime/token/token.h"

#define DETAILS_MAX 8
#define PAYER_SIZE 48 /* a user's id, "session " and its id, an address; with the NUL */
#define PAYERS_BUCKETS 1024

/* A method that the server knows, with what is counted of it. */
struct method_entry {
	struct rpc_handler handler;
	bool anyone; /* also without a service token: health */
	struct metric *in_flight, *seconds, *received, *sent;
	_Atomic(struct metric *) codes[STATUS_N];
};

/* Where a call is (lock). */
enum call_phase {
	CALL_RECEIVING, /* headers or the request are not complete */
	CALL_RUNNING,   /* the handler has it; rpc_finish or its return is due */
	CALL_REFUSED,   /* answered without the handler */
};

struct detail {
	char key[64];
	char value[192];
};

struct server_call {
	struct rpc_call pub; /* first: what handlers see */
	struct stream stream;
	struct rpc_server *server;
	struct method_entry *entry; /* NULL: unknown */
	struct server_call *queue_next;
	char payer[PAYER_SIZE]; /* the user that causes it, also when another service calls for
				   him; without one the browser's address; "": nobody */
	uint32_t payer_hash;
	struct payer *user, *session; /* of a stream, where it is counted */
	bool counted;
	int64_t start_us;
	bool reported; /* counted as in flight */
	enum call_phase phase;

	struct meta metadata;               /* of the request, the keys that rpc does not know */
	struct meta headers, user_trailers; /* the handler's, on the wire as they are */
	struct meta trailers;               /* made once, by the one that ends the call */
	size_t header_bytes;                /* names and values received */
	int header_n;
	bool bad_content_type, bad_method, bad_timeout, bad_encoding, bad_subject;
	bool headers_too_large;
	bool half_closed;   /* (lock) the caller sends no more */
	bool headers_sent;  /* (lock) */
	bool trailers_sent; /* (lock) */

	_Atomic bool ending; /* somebody says how it ends: the handler, or the server that waits no
				longer */
	_Atomic bool ended;  /* … and the trailers are ready */
	_Atomic bool cancelled; /* the caller is gone or its deadline passed */
	_Atomic bool later;     /* the handler returned RPC_LATER */
	_Atomic bool finished;  /* the handler's part is over */
	enum status status;
	struct error *refusal; /* the server's words, where they are not those of pub.err */
	bool sending; /* the handler's own: a message was sent, so no more leading metadata */
	bool half_close_due;     /* session_run's own: to be told after the messages */
	bool cancel_told;        /* session_run's own */
	bool done_told;          /* (lock) EVENT_DONE is on its way */
	struct net_timer *timer; /* (lock) deadline of a call whose handler returned RPC_LATER */

	struct rpc_stream_hooks hooks;
	void *hooks_ctx;
	struct arena *kept; /* of the message that on_message kept */
	struct detail *details;
	int n_details;
};

/* The service token that was verified last. A connection shows the same one in each call until it gets
 * a new one, so one verification serves them all, until the keys change. */
struct peer_identity {
	struct buf token;
	int64_t expires_at;
	uint64_t version; /* of the verifier that verified it */
	char caller[32];
};

struct server_session {
	struct session session; /* first */
	struct rpc_server *server;
	struct server_session *previous, *next; /* server->lock */
	bool going_away;                        /* (lock) */
	bool trusted;                           /* (lock) showed a service token */
	struct net_timer *age;                  /* (lock) */
	struct peer_identity identity;          /* (lock) */
};

/* A call of a pipelined method under way on a worker. */
struct fiber_run {
	struct fiber *fiber;
	struct worker *worker;
	struct server_call *call;
	struct fiber_run *next;
};

/* queue.c */
struct line;
struct call_queue {
	struct line *first, **last; /* in turn */
	struct line *spare;
	struct line **buckets;
	size_t mask;
	int32_t calls_max, line_max;
	_Atomic int32_t n; /* calls */
};

enum queue_answer {
	QUEUE_TAKEN,
	QUEUE_FULL,
	QUEUE_LINE_FULL, /* … for this user */
};

/* Workers and the calls that wait for them. */
struct worker_lane {
	struct rpc_server *server;
	pthread_mutex_t lock;
	struct call_queue queue;
	struct worker *workers, *idle;
	int32_t n_workers;
	int32_t nice;
	bool waking; /* a worker is on its way */
	bool stopping;
};

struct worker {
	pthread_t thread;
	struct worker_lane *lane;
	void *state; /* what the init hook made, or NULL */
	pthread_cond_t wake;
	bool idle;
	struct worker *idle_next;
	struct fiber_run *waiting, **waiting_last; /* in the order in which they go on */
	int n_waiting;
	struct fiber_run *spare;
};

/* How somebody is told that the server begins or ceases to serve. */
struct serving_hook {
	void (*changed)(void *ctx);
	void (*free)(void *ctx); /* at the server's end */
	void *ctx;
};

struct rpc_server {
	struct rpc_server_options options; /* texts copied */
	char **listen;
	struct net_listener **listeners;
	size_t n_listeners;

	struct method_entry *methods;
	size_t n_methods;
	uint32_t *index; /* hash of path → method + 1 */
	size_t index_size;

	pthread_mutex_t lock; /* sessions, drain */
	pthread_cond_t changed;
	struct server_session *sessions;
	int32_t n_sessions;
	bool started;
	_Atomic bool draining;
	_Atomic int32_t n_calls; /* between headers and finish */
	_Atomic bool serving;
	struct serving_hook on_serving;

	struct worker_lane lanes[RPC_LANES];

	pthread_mutex_t payers_lock; /* taken last */
	struct payer *payers[PAYERS_BUCKETS];

	_Atomic int64_t refusals_second; /* in which refusals_said log lines were written */
	_Atomic int32_t refusals_said;
};

static inline struct server_call *call_of_stream(struct stream *stream)
{
	return (struct server_call *)((char *)stream - offsetof(struct server_call, stream));
}

static inline struct server_call *call_of_pub(const struct rpc_call *pub)
{
	return (struct server_call *)pub;
}

/* server_session.c */
net_accept_fn server_accept;
/* (lock) GOAWAY in two steps: no stream that is on its way is lost. */
void server_session_go_away(struct server_session *session);

/* server_call.c */
struct server_call *server_call_new(struct server_session *session);
/* The first one says how the call ends and makes the trailers. False: somebody did. Any thread. */
bool server_call_end(struct server_call *call, enum status status, struct error *err);
/* The handler's part is over, or there was none: the last step of its owner. */
void server_call_leave(struct server_call *call);
/* The handler returned RPC_LATER: its hooks may be called, and the deadline is watched. */
void server_call_later(struct server_call *call);
/* handler.c: runs the handler on this thread. worker: what the init hook made, or NULL. */
void server_call_run(struct server_call *call, void *worker);
/* (lock) Ends a call that has no handler yet or will not wait for it. False: it had ended. */
_printf_(4, 5) bool server_call_refuse(struct server_call *call, enum status status,
				       const char *reason, const char *format, ...);
/* (lock) */
void server_call_on_op(struct stream *stream);
void server_call_on_output_end(struct stream *stream, uint32_t *flags);
void server_call_on_stream_close(struct stream *stream, uint32_t error_code);
const char *server_call_user_of(const struct stream *stream);
bool server_call_may_end(const struct stream *stream);
void server_call_end_slow(struct stream *stream);

/* server_events.c */
void server_call_on_events(struct stream *stream, unsigned events);

/* server_headers.c */
int server_on_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
		     void *ctx);
/* (lock) All headers are there: is this call allowed? False: it was refused. */
bool server_call_admit(struct server_call *call);

/* identity.c */
/* Afterwards known->caller names the service that shows this token. errors: those of
 * token_verify */
_must_check_ enum status identity_check(struct peer_identity *known,
					const struct token_verifier *verifier, const char *service,
					const uint8_t *token, size_t len, struct error *reterr);
/* May the call's method be called by its caller, for its user? The reason is in call->pub.err. */
_must_check_ enum status identity_access(struct server_call *call);

/* worker.c */
void workers_start(struct rpc_server *server);
void workers_stop(struct rpc_server *server);
_must_check_ enum queue_answer workers_queue(struct server_call *call);
/* The lane of a method here: the main one when the server has no workers for its own. */
struct worker_lane *worker_lane_of(struct rpc_server *server, const struct rpc_method *method);

/* queue.c: under a lock of the caller, except that `n` may be read. line_max: calls of one
 * payer. */
void queue_init(struct call_queue *queue, int32_t calls_max, int32_t line_max);
void queue_done(struct call_queue *queue);
_must_check_ enum queue_answer queue_put(struct call_queue *queue, struct server_call *call);
/* The one that is next; NULL: none. */
struct server_call *queue_first(const struct call_queue *queue);
/* Takes it; there must be one. */
struct server_call *queue_take(struct call_queue *queue);
/* Calls that wait in all lanes; no lock. */
int32_t queues_waiting(const struct rpc_server *server);

/* payer.c */
/* Once all headers are there, before what the caller may not say of the user is forgotten. */
void payer_name(struct server_call *call);
/* Counts a stream. False: its user or session (*ret_whose) has *ret_max already. */
_must_check_ bool payer_enter(struct server_call *call, const char **ret_whose, int32_t *ret_max);
void payer_leave(struct server_call *call);

/* methods.c */
void methods_init(struct rpc_server *server);
void methods_done(struct rpc_server *server);
/* anyone: callers without a service token too. */
void methods_add(struct rpc_server *server, const struct rpc_handler *handlers, size_t n,
		 bool anyone);
/* All are there: from now on they can be found. */
void methods_index(struct rpc_server *server);
struct method_entry *methods_find(struct rpc_server *server, const char *path, size_t len);

/* trailers.c: status, message and google.rpc.Status of a call that ended, as trailers. err: why,
 * for a status other than OK. */
void trailers_make(struct server_call *call, struct error *err);

/* report.c */
void report_start(struct server_call *call);
void report_end(struct server_call *call);
void report_method(struct method_entry *entry);
void report_server(struct rpc_server *server);

#endif
