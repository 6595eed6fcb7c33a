/* Inside of runtime/rpc only: one HTTP/2 connection and its streams, the same for server and
 * client.
 *
 * Threads. nghttp2 and everything marked (lock) is touched under net_lock only. Users' callbacks
 * run without it, for one connection on one thread at a time (session_run); what they and other
 * threads want of the session they leave in `ops`, a stack without lock: who finds it empty sees to
 * it that it is taken up, so replies that many threads give at once go out in one write. */
#ifndef RUNTIME_RPC_SESSION_H
#define RUNTIME_RPC_SESSION_H

#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/net/net.h"
#include "runtime/rpc/message.h"
#include "runtime/rpc/wire.h"
#include <nghttp2/nghttp2.h>
#include <pthread.h>
#include <stdatomic.h>

#define STREAM_WINDOW_BYTES (256 * 1024) /* of one stream, inbound */
#define SESSION_WINDOW_BYTES \
	(16 * 1024 * 1024)           /* of one connection, inbound; streams bound the memory */
#define HEADERS_MAX_BYTES (8 * 1024) /* names and values of one block, 32 for each pair */
#define HEADERS_MAX_N 100
#define UNSENT_MAX_BYTES \
	(64 * 1024 * 1024) /* of one connection: packed messages that the peer does not take, \
			      unless the server's options say another number */
#define UNREAD_MAX_BYTES \
	(64 * 1024 * 1024)      /* of one connection: message bytes received and not yet unpacked, \
			      unless UNREAD_MESSAGES are more */
#define UNREAD_MESSAGES 4       /* as large as one may be: that many come at once */
#define UNREAD_FAIR (16 * 1024) /* of one stream, also when that is reached */
#define WAITING_PATIENCE 2 /* times a connection's limit: then streams end though they are read */
#define STREAM_LOST UINT32_MAX /* error code of a stream whose connection ended */
#define IDLE_FRAMES_MAX \
	1000 /* PING, SETTINGS, empty DATA … that a peer may send without a call moving on */
/* Streams that a client may abandon: all those of a trusted one at once, few more after it. */
#define RESETS_BURST 20000
#define RESETS_PER_SECOND 1000

struct session;
struct stream;

/* Events of a stream that are not yet told (lock). Told in this order. */
enum stream_event {
	EVENT_START = 1 << 0,      /* server: the request is there: run the handler */
	EVENT_HEADERS = 1 << 1,    /* client: leading metadata */
	EVENT_DATA = 1 << 2,       /* bytes of messages in `in` */
	EVENT_HALF_CLOSE = 1 << 3, /* server: no more will come */
	EVENT_WRITABLE = 1 << 4,
	EVENT_CANCEL = 1 << 5, /* server: the caller is gone */
	EVENT_END = 1 << 6,    /* client: the attempt is over; the last event */
	EVENT_RESUME = 1 << 7, /* the user wants the messages to go on */
	EVENT_DONE = 1 << 8,   /* server: rpc_finish was called */
	EVENT_DRAIN = 1 << 9,  /* server: it is going away */
};

/* Base of a call on either side. */
struct stream {
	_Atomic int refs;
	void (*free)(struct stream *stream); /* after the last reference; no lock or any */
	struct session *session;             /* holds a reference of it; NULL: not attached */
	int32_t id;                          /* (lock) 0: none yet or no more */
	struct stream *previous, *next;      /* (lock) the session's open streams */

	_Atomic bool op_waits;
	struct stream *op_next;

	bool event_waits; /* (lock) in the session's list */
	unsigned events;  /* (lock) */
	struct stream *event_next;
	unsigned told; /* session_run's own: what it took from events */
	struct stream *told_next;

	struct buf in;      /* (lock) received, not yet taken by session_run */
	struct buf taken;   /* session_run's own: received, not yet told … */
	size_t taken_at;    /* … from here on */
	size_t taken_given; /* of `taken`, what the peer's window has back already */
	bool eager; /* (lock) one message, bounded by its limit: the peer's window opens at once */
	size_t scan_left; /* (lock) bytes until the next message's prefix */
	uint8_t scan_prefix[WIRE_PREFIX_BYTES];
	uint8_t scan_prefix_len;    /* (lock) */
	bool gzip;                  /* (lock) grpc-encoding: gzip */
	_Atomic size_t got_bytes;   /* received in all */
	_Atomic size_t unread;      /* of those, not told and counted in the session's */
	_Atomic int64_t moved_us;   /* when the reader took something last */
	_Atomic size_t consumed;    /* bytes told, for the peer's window */
	_Atomic bool stopped;       /* set by session_run alone: a hook returned false */
	_Atomic bool resume_wanted; /* … and the user resumed since */

	pthread_mutex_t out_lock;
	struct buf out;   /* (out_lock) packed messages with prefixes */
	size_t out_sent;  /* (out_lock) of those, given to nghttp2 */
	size_t put_bytes; /* (out_lock) packed in all */
	bool out_end;     /* (out_lock) nothing follows */
	bool out_kept;    /* (out_lock) all of it may be needed again for another attempt */
	bool out_wanted;  /* (out_lock) a send was refused: tell when there is room */
	bool deferred;    /* (lock) nghttp2 waits for resume_data */
};

/* The differences between a server and a client. */
struct session_side {
	/* (lock) The stream was in ops: submit, resume, reset as its fields say. Also after the
	 * session's end (session->closed). */
	void (*on_op)(struct stream *stream);
	/* No lock, one at a time for a session: tell the events. */
	void (*on_events)(struct stream *stream, unsigned events);
	/* (lock) What came is no sequence of messages, or too much. */
	void (*on_refused)(struct stream *stream, enum status s, const char *reason,
			   const char *message);
	/* (lock) RST_STREAM, END_STREAM both ways, or the end of the connection. id is 0
	 * already. */
	void (*on_stream_close)(struct stream *stream, uint32_t error_code);
	/* (lock) All output of a stream has been given to nghttp2: trailers or END_STREAM; adds
	 * flags of NGHTTP2_DATA_FLAG_. */
	void (*on_output_end)(struct stream *stream, uint32_t *flags);
	/* (lock) The user whom the stream serves; "": nobody. */
	const char *(*user_of)(const struct stream *stream);
	/* (lock) May the stream be ended so that others have room? Its reader comes back. */
	bool (*may_end)(const struct stream *stream);
	/* (lock) Ends it: its waiting bytes count no more. */
	void (*end_slow)(struct stream *stream);
	/* (lock) The connection is over; its streams were closed. */
	void (*on_close)(struct session *session);
	/* No lock. */
	void (*free_session)(struct session *session);
};

struct session {
	struct net_conn *net; /* the session lives as long as it: net_ref */
	nghttp2_session *h2;  /* (lock) */
	const struct session_side *side;
	size_t message_bytes_max;
	size_t unsent_max; /* beyond it a stream that has its share takes no more */

	_Atomic(struct stream *) ops;
	_Atomic bool later; /* a posted session_kick will come */

	struct stream *streams;               /* (lock) */
	int32_t n_streams;                    /* (lock) */
	struct stream *events, **events_tail; /* (lock) */
	bool running;                         /* (lock) a thread is in session_run */
	bool posted;                          /* (lock) net_post will start one */
	bool closed;                          /* (lock) */

	const uint8_t *output; /* (lock) of nghttp2, what did not fit into the last write */
	size_t output_len;
	_Atomic size_t unsent; /* bytes in `out` of all streams */
	_Atomic size_t unread; /* bytes in `in` and `taken` of all streams */
	size_t unread_max;
	_Atomic int64_t flushed_us;
	bool relieving;           /* (lock) relief.c is at work */
	int64_t relief_due_us[2]; /* (lock) it found too little a moment ago, among the stalled
				     ones and among all: not before then */
	int64_t relief_streams, relief_said_us; /* (lock) ended and not yet said; when it was */
	int idle_frames;                        /* (lock) since a call moved on */
	int64_t heard_us;                       /* (lock) when something came */
	int32_t keepalive_ms, keepalive_timeout_ms;
	bool keepalive_idle;         /* also without calls */
	bool ping_waits;             /* (lock) for its answer */
	struct net_timer *keepalive; /* (lock) */
};

/* Fills a zeroed session; the caller then makes h2 by session_start. */
void session_init(struct session *session, struct net_conn *net, const struct session_side *side,
		  size_t message_bytes_max);
extern const struct net_hooks session_hooks;

/* Callbacks that both sides share; the caller adds on_begin_headers, on_header and
 * on_frame_recv. */
nghttp2_session_callbacks *session_callbacks_new(void);
nghttp2_option *session_option_new(void);

static inline struct session *session_ref(struct session *session)
{
	net_ref(session->net);
	return session;
}

static inline void session_unref(struct session *session)
{
	net_unref(session->net);
}

static inline struct stream *stream_ref(struct stream *stream)
{
	atomic_fetch_add_explicit(&stream->refs, 1, memory_order_relaxed);
	return stream;
}

static inline void stream_unref(struct stream *stream)
{
	if (atomic_fetch_sub(&stream->refs, 1) == 1)
		stream->free(stream);
}

/* session_run.c: the lock, outside of net's hooks: a thread is found for the events that come up
 * under it. */
void session_lock(struct session *session);
void session_unlock(struct session *session);
/* Asks for side->on_op(stream) under the lock, now or with what goes on; takes a reference until
 * then. Any thread. later: may wait for more, so that a run of messages is not a run of writes. */
void session_op(struct stream *stream, bool later);
/* As session_op, never on this thread: it may be one that others should not wait for. */
void session_op_post(struct stream *stream);
/* As session_op, when this thread calls session_release, which it must do before it sleeps. */
void session_op_hold(struct stream *stream);
void session_release(void);
/* (lock) Takes up what was asked for. */
void session_ops_run(struct session *session);
/* (lock) */
void session_tell(struct stream *stream, unsigned events);
/* (lock) Events that came up outside of a receive need a thread to tell them. */
void session_run_post(struct session *session);
/* Tells events until there are none. One thread at a time; another one finds `running` and
 * leaves. */
void session_run(struct session *session, bool flush);

/* stream.c */
void stream_init(struct stream *stream);
/* The session that the stream goes by from now on. */
void stream_attach(struct stream *stream, struct session *session);
/* The end of the struct: frees what it holds. */
void stream_done(struct stream *stream);
/* A message at the end of the stream's output, packed here. errors: RESOURCE_EXHAUSTED overloaded
 * above queue_max (then on_writable). */
_must_check_ enum status stream_put(struct stream *stream, const ProtobufCMessage *message,
				    size_t queue_max, struct error *reterr);
/* Bytes of messages that wait to be sent. */
size_t stream_unsent(struct stream *stream);
/* At most n of the received bytes count no more: they were told, or will be thrown away. */
void stream_uncount(struct stream *stream, size_t n);
/* (lock) Nobody will read the output that waits: it is dropped. */
void stream_discard(struct stream *stream);
/* (lock) Provider of nghttp2 for `out`. */
nghttp2_data_provider stream_provider(struct stream *stream);
/* (lock) The common steps of on_op: window of what was told, output that came. */
void stream_on_op(struct stream *stream);
/* session_run's own: whether a whole message is left in stream->taken. */
bool stream_has_message(const struct stream *stream);
/* session_run's own: the next whole message of stream->taken, valid until the one after it. OK and
 * *ret_data NULL: there is none. plain: of a message that was compressed, else NULL; freed by the
 * caller. */
_must_check_ enum status stream_next_message(struct stream *stream, const uint8_t **ret_data,
					     size_t *ret_len, uint8_t **ret_plain,
					     struct error *reterr);
/* session_run's own, after a row of them: gives memory and the peer's window back. */
void stream_messages_told(struct stream *stream);
/* session_run's own: messages that were not told are of no interest. */
void stream_forget_taken(struct stream *stream);
/* Arenas for calls, kept for reuse. */
struct arena *rpc_arena_take(size_t max_bytes);
void rpc_arena_give(struct arena *arena);

/* relief.c: (lock) More than the limit waits to be sent on this connection, or to be read. */
void relief_unsent(struct session *session);
void relief_unread(struct session *session);

/* session.c: fills a zeroed session; the caller then makes h2. */
void session_init(struct session *session, struct net_conn *net, const struct session_side *side,
		  size_t message_bytes_max);
extern const struct net_hooks session_hooks;
/* Callbacks that both sides share; the caller adds on_begin_headers, on_header and
 * on_frame_recv. */
nghttp2_session_callbacks *session_callbacks_new(void);
nghttp2_option *session_option_new(void);
/* (lock) The stream is on the wire under this id, until on_stream_close. */
void session_add(struct session *session, struct stream *stream, int32_t id);
/* (lock) Nobody wants the stream any more: RST_STREAM, no further callback. */
void session_drop(struct stream *stream, uint32_t error_code);
/* (lock) The peer has ended the stream: RST_STREAM only where this side has not. */
void session_forget(struct stream *stream);
/* (lock) The peer will send no more. False: in the middle of a message. */
bool stream_scan_whole(const struct stream *stream);
/* (lock) The peer does what it must not: GOAWAY ENHANCE_YOUR_CALM, then the end. */
void session_cut(struct session *session, const char *why);
/* (lock) Counts a frame that moves nothing on. False: too many, the session is being cut. */
bool session_idle_frame(struct session *session);
/* (lock) PING when nothing was heard for keepalive_ms, the end when nothing is for timeout_ms after
 * it. idle: also without calls. 0: never. */
void session_keepalive(struct session *session, int32_t keepalive_ms, int32_t timeout_ms,
		       bool idle);
/* (lock) A frame came; shared part of on_frame_recv. 0 or an nghttp2 error. */
int session_frame_received(struct session *session, const nghttp2_frame *frame);

#endif
