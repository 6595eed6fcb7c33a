/* Shared by the files of httpd: the server, its connections, and the exchange of one request and
 * its answer.
 *
 * A connection holds an exchange only from a request's first byte to the answer's last, so an idle
 * one is small. An exchange belongs to the connection until its request is dispatched. Then the
 * owner of the request has it, and from the answer on the connection again, until its output is
 * sent. */
#ifndef RUNTIME_HTTPD_CONN_H
#define RUNTIME_HTTPD_CONN_H

#include "runtime/base/ensure.h"
#include "runtime/httpd/httpd.h"
#include "runtime/net/address.h"
#include "runtime/net/net.h"

#include <llhttp.h>
#include <pthread.h>
#include <stdatomic.h>

#define EXCHANGE_MAGIC 0x45584348u
#define EXCHANGES_POOLED_MAX 256       /* kept for reuse by a server */
#define EXCHANGE_BUFFER_KEPT_MAX 16384 /* bytes of a buffer that a pooled exchange keeps */
#define ARENA_CHUNK_BYTES 4096
#define LINGER_MS \
	2000 /* after a refusal, so that the client reads it before it learns of the close */

enum phase {
	PHASE_IDLE,    /* no exchange */
	PHASE_HEAD,    /* bytes of a head came */
	PHASE_BODY,    /* the head is complete */
	PHASE_OWNED,   /* dispatched: the owner of the request answers */
	PHASE_STREAM,  /* httpd_stream_begin was called */
	PHASE_SENDING, /* answered: output is left to send */
	PHASE_LINGER,  /* refused: further bytes are dropped */
	PHASE_GONE,    /* the connection is closed */
};

/* Why a request is refused. */
struct refusal {
	int32_t status;
	const char *reason, *detail; /* static storage */
};

struct account;

struct exchange {
	struct httpd_request req; /* first: the public handle */
	uint32_t magic;
	struct conn *conn;     /* holds a reference of conn->net */
	struct exchange *next; /* in the pool */
	struct arena *arena;   /* given back to the pool by httpd_stream_begin */

	/* Reading. */
	llhttp_t parser;
	struct buf
		head; /* request line and headers; names and values of the request point into it */
	struct buf body;
	struct httpd_header *headers; /* headers_max of them; kept in the pool */
	size_t headers_max;
	size_t body_max;
	uint64_t body_raw_bytes; /* with chunk framing */
	int64_t started_us;      /* first byte of the head, then when its body was let in */
	int64_t window_us;       /* of the body: since when its bytes are counted, */
	size_t window_len;       /* and how many had come then */
	struct account *account; /* that the body is charged to; NULL: there is none */
	size_t charged;          /* bytes */
	struct refusal unaffordable;
	size_t extensions_len; /* of chunks */
	bool body_due;         /* the owner of the request has not let the body in yet */
	bool body_here;        /* all of it came with the head */
	size_t line_len;       /* of the head's current line */
	uint8_t previous;      /* last byte of the head, then of the body, that was seen */
	bool head_done;        /* llhttp has seen the end of the head */
	bool complete;         /* the whole message was parsed */
	bool too_many_headers, body_too_large, expect_continue;
	char *target;

	/* Answering. */
	bool is_head, keep_alive, http10, chunked;
	bool refused; /* by httpd itself: the connection lingers, then closes */
	bool full;    /* httpd_stream_send said RESOURCE_EXHAUSTED */
	/* Of a stream that wants heartbeats: sends one. False: the queue is full. */
	bool (*heartbeat)(struct exchange *exchange);
	int32_t heartbeat_ms;
	int64_t output_us; /* of a stream with heartbeats: when something was last sent */
	struct buf out;
	size_t out_sent;
	const uint8_t *lives; /* body that is sent from where it is */
	size_t lives_len;
	struct httpd_hooks hooks;
	void *hooks_ctx;
};

/* Lists of connections: of those who showed a session, of the others, and of those that were told
 * to leave. */
enum conn_list {
	CONN_STRANGERS,
	CONN_MEMBERS,
	CONN_LEAVING,
	CONN_LISTS,
};

struct conn_queue {
	struct conn *first, *last;
	atomic_int n; /* read without the mutex, too */
};

struct conn {
	struct net_conn *net;
	struct httpd *httpd;
	struct conn *next, *previous; /* in a list; these five are guarded by httpd->mutex */
	enum conn_list list;
	struct account *account;  /* of its address; NULL: ipc */
	int64_t seen_us;          /* waits_us when it was looked at last */
	bool member;              /* a request of it had a session */
	_Atomic int64_t waits_us; /* since when it could go to make room; 0: a request is served */
	enum phase phase;
	struct exchange *exchange;
	struct buf rest; /* bytes that came behind the current request; receiving is paused
			    meanwhile */
	size_t rest_used;
	bool parsing;            /* read_some is on the stack */
	bool close_after;        /* the answer says "Connection: close" */
	bool deadline;           /* net_set_deadline is in force */
	struct net_timer *timer; /* answers 408, or sends heartbeats */
	struct conn *outer;      /* whose lock the thread held already when it took this one */
};

struct httpd {
	struct httpd_options options; /* defaults filled in; `listen` is not kept */
	struct net_listener **listeners;
	size_t n_listeners;
	atomic_int n_connections;
	atomic_bool draining;
	struct net_range *trusted;
	size_t n_trusted;
	pthread_mutex_t mutex;  /* of all below; no other lock is taken with it */
	pthread_cond_t changed; /* a connection was closed while draining */
	struct conn_queue lists[CONN_LISTS];
	struct account **accounts; /* ACCOUNT_BUCKETS */
	uint64_t account_seed;
	size_t body_bytes; /* charged to all accounts */
	int64_t warned_us, unsaid;
	struct exchange *pool;
	size_t n_pooled;
	void *owned; /* freed with the server */
};

/* ------------------------------------------------------------------ lock.c */

/* Locks unless this thread has the lock, inside a hook, say. False: it has. */
bool conn_lock(struct conn *conn);
void conn_unlock(struct conn *conn, bool locked);
/* A hook of net begins, with the lock that net holds. Returns what conn_leave gets at its end. */
struct conn *conn_enter(struct conn *conn);
void conn_leave(struct conn *outer);

/* ------------------------------------------------------------------ pool.c */

struct exchange *exchange_take(struct httpd *httpd);
void exchange_give(struct httpd *httpd, struct exchange *exchange);
/* Gives memory back that a stream does not need. */
void exchange_slim(struct exchange *exchange);
void pool_free(struct httpd *httpd);

/* ------------------------------------------------------------------ parse.c */

enum parse {
	PARSE_MORE,     /* all bytes used, more are needed */
	PARSE_HEAD,     /* the head is complete and a body follows */
	PARSE_COMPLETE, /* the request is complete */
	PARSE_REFUSED,  /* see the refusal */
};

/* *ret_used: bytes of data that belong to this request. */
enum parse parse_head(struct exchange *exchange, const struct httpd_options *options,
		      const uint8_t *data, size_t len, size_t *ret_used, struct refusal *reterr);
enum parse parse_body(struct exchange *exchange, const uint8_t *data, size_t len, size_t *ret_used,
		      struct refusal *reterr);

/* ------------------------------------------------------------------ conn.c */

void *conn_accept(struct net_conn *net, struct net_hooks *hooks, void *ctx);
/* The owner has answered: exchange->out goes out, then the next request is read. Under the lock. */
void conn_answered(struct conn *conn, bool close_after);
/* Output was added: the client must take it in time. Under the lock. */
void conn_output_added(struct conn *conn);
/* A stream begins: heartbeats, when it wants any. Under the lock. */
void conn_stream_begun(struct conn *conn);

/* ------------------------------------------------------------------ places.c */

/* A new connection: false when there is no place for it. */
bool place_take(struct conn *conn);
void place_leave(struct conn *conn);

/* ------------------------------------------------------------------ write.c */

/* Status line and headers into exchange->out. */
void write_head(struct exchange *exchange, const struct httpd_answer *answer, bool stream,
		bool close_after);

static inline struct exchange *exchange_of(struct httpd_request *req)
{
	struct exchange *exchange = (struct exchange *)req;

	ensure(exchange->magic == EXCHANGE_MAGIC);
	return exchange;
}

#endif
