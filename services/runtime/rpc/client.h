/* Inside of runtime/rpc only: channels, their connections, and calls.
 *
 * Locks. A session's lock comes before the channel's: nothing takes a session's lock while it holds
 * channel->lock. */
#ifndef RUNTIME_RPC_CLIENT_H
#define RUNTIME_RPC_CLIENT_H

#include "runtime/metrics/metrics.h"
#include "runtime/rpc/rpc.h"
#include "runtime/rpc/session.h"
#include "runtime/token/token.h"

#define RETRY_TOKENS_MAX 1000.0

struct client_session;

/* How a connection tells its subchannel. (lock), not channel->lock, except in freed. */
struct client_session_owner {
	/* It can be used, for so many streams. */
	void (*settled)(struct client_session *session, int32_t streams_max);
	/* It takes no more calls. */
	void (*going_away)(struct client_session *session);
	/* It is over. */
	void (*lost)(struct client_session *session);
	void (*freed)(struct client_session *session);
};

struct client_session {
	struct session session; /* first */
	const struct client_session_owner *owner;
	struct subchannel *sub; /* holds a reference, which owner->freed gives back */
	bool settled;           /* (lock) the peer's SETTINGS came: it speaks HTTP/2 */
	bool going_away;        /* channel->lock: takes no new calls */
	int32_t in_flight;      /* channel->lock */
	int32_t streams_max;    /* channel->lock: what the peer allows */
	char *token;            /* (lock) service token that is sent now */
	int64_t token_renew_us; /* (lock) wall clock */
	uint64_t token_version; /* (lock) of the signer that made it */
};

/* Unary calls and streams go over connections of their own, so what streams have under way delays
 * no unary call. */
enum conn_class {
	CONN_UNARY,
	CONN_STREAMS,
	CONN_CLASSES,
};

enum sub_state {
	SUB_IDLE, /* nobody has called yet */
	SUB_CONNECTING,
	SUB_READY,
	SUB_BACKOFF,
	SUB_GONE, /* the address is no more; waits for its references to go */
};

/* One address, and the connection to it for one class of calls. Guarded by channel->lock. */
struct subchannel {
	_Atomic int refs;
	struct rpc_channel *channel; /* holds a reference */
	char *url;
	enum conn_class class;
	bool extra; /* opened because the others were at their limit of streams */
	bool seen;  /* in the latest resolution */
	enum sub_state state;
	struct client_session *session;    /* READY */
	struct client_session *connecting; /* CONNECTING, and the peer has not spoken yet */
	struct net_timer *timer;           /* BACKOFF */
	int64_t try_started_us, ready_us;
	double backoff_ms; /* of the next failure */
	struct subchannel *next;
};

struct rpc_channel {
	_Atomic int refs;
	struct rpc_channel_options options; /* texts copied */
	char *authority, *scheme;           /* of the requests; url scheme of the addresses */
	char *names; /* "host:port,…" to be resolved; NULL: the target is one address */
	char *host;  /* of the first name; NULL as names */

	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct subchannel *subs;
	bool resolved;              /* at least once */
	bool wanted[CONN_CLASSES];  /* a call of this class came: connected from then on */
	bool failing[CONN_CLASSES]; /* the last attempts failed: calls fail at once until one
				       succeeds */
	bool closing;
	struct error why;                                /* failing: of the last failure */
	struct rpc_client_call *calls;                   /* all that did not end */
	struct rpc_client_call *pending, **pending_last; /* wait for a connection */
	int32_t n_calls, n_subs;
	unsigned turn; /* breaks ties */
	double retry_tokens;
	/* No lock: calls that wait may go on, for a connection came or none will. */
	void (*on_change)(struct rpc_channel *channel);

	pthread_t resolver;
	pthread_cond_t resolver_wake;
	bool resolver_runs;
	bool resolve_now;
};

struct attempt {
	struct stream stream;                     /* first */
	struct rpc_client_call *call;             /* holds a reference */
	void (*on_over)(struct attempt *attempt); /* on the thread of the events, the last one */
	bool submitted;                           /* (lock) */
	bool over;                                /* (lock) EVENT_END is told */
	_Atomic bool slow;                   /* … because its reader took too long: what came is
						thrown away */
	bool refused;                        /* the server did not begin with it: may be repeated */
	bool answered;                       /* (lock) headers came */
	bool end_due;                        /* session_run's own: told when the messages are */
	bool told_end;                       /* session_run's own */
	int http_status;                     /* (lock) */
	int grpc_status;                     /* (lock) -1: none yet */
	bool bad_content_type, bad_encoding; /* (lock) */
	size_t header_bytes;                 /* (lock) */
	struct meta initial, trailing;
	enum status status; /* after over */
	struct error err;
};

/* Where a call is; channel->lock. */
enum call_place {
	PLACE_PENDING,
	PLACE_SENT,    /* has a session */
	PLACE_BACKOFF, /* waits to be tried again */
	PLACE_ENDED,
};

struct call_waiter {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool done;
};

struct rpc_client_call {
	_Atomic int refs;
	struct rpc_channel *channel;             /* holds a reference */
	struct rpc_client_call *previous, *next; /* channel->calls */
	struct rpc_client_call *pending_next;
	const struct rpc_method *method;
	struct meta headers;  /* context and user's metadata, as on the wire */
	char user[UUID_SIZE]; /* on whose behalf; "": nobody's */
	int64_t start_us, deadline_us;
	struct net_timer *deadline; /* channel->lock */
	struct net_timer *retry;    /* channel->lock */
	enum call_place place;
	bool wait_for_ready;
	int attempts, refusals;
	_Atomic int aborted; /* enum status; OK: not. Set under channel->lock */
	bool told; /* the events' own: the user has seen something of an answer, so there is no
		      second try */
	struct client_metrics *metrics;

	pthread_mutex_t send_lock;
	struct attempt *attempt; /* send_lock, where another thread than that of the events looks */

	/* Exactly one of these. */
	struct call_waiter *waiter;
	rpc_reply_fn *reply;
	struct rpc_client_hooks hooks;
	void *ctx;

	enum status status;
	struct error err;
};

static inline struct attempt *attempt_of(struct stream *stream)
{
	return (struct attempt *)stream;
}

/* target.c */
struct rpc_channel *channel_new(const struct rpc_channel_options *options);
struct rpc_channel *channel_ref(struct rpc_channel *channel);
void channel_unref(struct rpc_channel *channel);
/* channel->lock held: the names are looked up again now. */
void channel_look_up(struct rpc_channel *channel);
/* "host:port" or "[v6]:port" of len bytes; cut where it does not fit. */
void target_split(const char *address, size_t len, char *host, size_t host_size, char *port,
		  size_t port_size);

/* request.c: (lock) puts a request on the wire. Its id, or an error of nghttp2. */
int32_t request_submit(struct client_session *session, struct attempt *attempt);

/* attempt.c */
/* (lock) The attempt ends so; once. */
_printf_(4, 5) void attempt_end(struct attempt *attempt, enum status status, const char *reason,
				const char *format, ...);
/* (lock) By what the trailers say. */
void attempt_end_by_trailers(struct attempt *attempt);
void attempt_on_op(struct stream *stream);
void attempt_on_events(struct stream *stream, unsigned events);
void attempt_on_stream_close(struct stream *stream, uint32_t error_code);
const char *attempt_user_of(const struct stream *stream);
bool attempt_may_end(const struct stream *stream);
void attempt_end_slow(struct stream *stream);

/* client_session.c */
/* channel->lock held. Takes the caller's reference of sub. */
struct client_session *client_session_new(struct subchannel *sub,
					  const struct client_session_owner *owner,
					  struct net_conn *conn);
/* No lock. */
void client_session_start(struct client_session *session);

/* subchannel.c; channel->lock held unless said otherwise */
struct subchannel *sub_new(struct rpc_channel *channel, enum conn_class class, const char *url,
			   bool extra);
/* The first call of its class came. */
void sub_want(struct subchannel *sub);
void sub_remove(struct subchannel *sub);

/* pick.c; channel->lock held */
/* An address of the target. */
void channel_add(struct rpc_channel *channel, const char *url);
/* A session for one more call, counted in its in_flight; NULL: none is ready. */
struct client_session *channel_pick(struct rpc_channel *channel, enum conn_class class);
bool channel_may_wait(const struct rpc_channel *channel, enum conn_class class);

/* resolve.c */
void resolver_start(struct rpc_channel *channel);
void resolver_stop(struct rpc_channel *channel);

/* client_report.c */
void client_report_start(struct rpc_client_call *call);
void client_report_end(struct rpc_client_call *call);
void client_report_retry(struct rpc_client_call *call);

/* client_call.c */
struct rpc_client_call *client_call_ref(struct rpc_client_call *call);
void client_call_unref(struct rpc_client_call *call);
/* A connection came or none will come: pending calls go on. No lock held. */
void client_calls_go_on(struct rpc_channel *channel);
/* Ends the call from outside; any thread, no lock. */
void client_call_abort(struct rpc_client_call *call, enum status status);
struct rpc_client_call *client_call_new(struct rpc_channel *channel,
					const struct rpc_method *method,
					const struct rpc_call_options *options);
/* The request is in the attempt's output. */
void client_call_start(struct rpc_client_call *call);
/* The one message of the answer to a call that ended OK. */
_must_check_ enum status client_call_take_answer(struct rpc_client_call *call, struct arena *arena,
						 ProtobufCMessage **ret, struct error *reterr);
/* The caller that was waiting has taken what it wants. */
void client_call_end_blocking(struct rpc_client_call *call);

#endif
