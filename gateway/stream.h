/* A server stream on its way to a client. stream.c has its life, stream_body.c what is raw. */
#ifndef GATEWAY_STREAM_H
#define GATEWAY_STREAM_H

#include "gateway/gateway.h"
#include "google/api/httpbody.pb-c.h"

/* `lock` guards everything below it. A stream ends when both sides have ended: the call by on_end,
 * the answer by httpd_stream_end or as a plain answer. */
struct stream {
	struct stream *next, *previous; /* in the list */
	atomic_int refs; /* one for the list, and one for each thread that took it from the list */
	struct gateway *gateway;
	const struct route *route;
	enum route_dialect dialect; /* of its errors */
	bool raw;                   /* its messages are pieces of a body, and not events */
	char session_id[UUID_SIZE];
	char request_id[64];

	struct httpd_lock *lock;
	struct httpd_request *http;
	struct request *request;      /* NULL once the stream has begun */
	struct rpc_client_call *call; /* NULL once it has ended */
	const char *content_type;     /* of a body that is no events; NULL: none came yet */
	struct buf pending; /* bytes that httpd has not taken yet, or that are collected */
	bool paused;        /* httpd is full: the source waits */
	bool ended;         /* the call has ended; pending events go out still */
	bool revoked;       /* its session ended */
	bool leaving;       /* this process is about to end */
	bool cut; /* the reader was too slow and comes back with its cursor, or it gets half a body */
};

/* Whether a first piece begins server-sent events. */
bool stream_body_is_events(const Google__Api__HttpBody *piece);
/* Keeps a piece until the end. False: there is no room, so what is kept goes out. */
bool stream_body_collect(struct stream *stream, const Google__Api__HttpBody *piece);
/* Answers with what was collected. */
void stream_body_answer(struct stream *stream);

#endif
