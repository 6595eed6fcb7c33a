/* Calls that follow a generation, from its first event on or after a cursor. watch.c, lookup.c and
 * relay.c call each other on purpose: reading, finding and relaying take turns in one call's life. */
#ifndef CHAT_WATCH_WATCH_H
#define CHAT_WATCH_WATCH_H

#include "chat/answer/engine.h"
#include "chat/answer/generation.h"

#include <stdatomic.h>

enum watch_kind {
	WATCH_STREAM,  /* all events */
	WATCH_ANSWER,  /* one answer when the generation is accepted */
	WATCH_FORWARD, /* another replica's stream: only what runs here */
};

struct watch;

/* Events in the form of another API. Engine thread. */
struct watch_form {
	/* Takes an event. False: there is no room for it yet, or the watch is over. */
	bool (*send)(struct watch *watch, const Chat__V1__GenerationEvent *event);
	/* Sends what waits. False: there is no room yet, or the watch is over. */
	bool (*flush)(struct watch *watch);
	/* The call ends. alone: the last reader of an answer leaves that ends then. */
	void (*over)(struct watch *watch, enum status status, bool alone);
};

struct watch {
	struct listener listener;
	_Atomic int refs;
	struct engine *engine;
	struct watch *next, *previous; /* in the engine */
	enum watch_kind kind;
	struct rpc_call *call;
	char id[UUID_SIZE];
	char user_id[UUID_SIZE];
	char boot_id[UUID_SIZE]; /* WATCH_FORWARD: of the process that is meant */
	char avoid[UUID_SIZE];   /* boot id of an owner that did not answer */
	bool fresh;              /* has no event yet: `accepted` is due */
	struct cursor cursor;    /* of the last event it has */
	int64_t waits_us;        /* the time of the last `waiting` it has */
	/* Of a call that starts what it watches. */
	const ProtobufCMessage *req;
	bool starting; /* the crew reads req: the call must live */
	void (*lost)(struct watch *
			     watch); /* once: the request that it repeats was refused and is gone */
	const struct watch_form *form; /* NULL: events go out as they are */
	void *form_ctx;
	int64_t bytes; /* of its request, that places_give gives back */
	bool gone;     /* its caller */
	bool finished;
	bool blocked; /* its queue is full */
	int64_t blocked_us;
	struct event_log *log; /* that it reads; may outlive the generation */
	struct place place;
	struct relay *relay;
};

/* For handlers, any thread. Both take the call over and finish it; the handler returns RPC_LATER. */
/* The events after cursor ("": all) of a generation of this user, wherever it runs. */
void watch_begin(struct engine *engine, struct rpc_call *call, const char *generation,
		 const char *cursor);
/* The same for another replica: only if it runs here, in the process with this boot_id.
 * errors: FAILED_PRECONDITION generation_moved. */
void watch_begin_here(struct engine *engine, struct rpc_call *call, const char *generation,
		      const char *user_id, const char *boot_id, const char *cursor);

/* Takes the call over. One reference is the hooks', one the engine's from watch_enter on. */
struct watch *watch_new(struct engine *engine, struct rpc_call *call, enum watch_kind kind,
			const char *user_id);
void watch_enter(struct watch *watch);
struct watch *watch_ref(struct watch *watch);
void watch_unref(struct watch *watch);
void watch_finish(struct watch *watch, enum status status, const struct error *err);
/* Follows a generation that runs here. */
void watch_attach(struct watch *watch, struct generation *generation);
/* Sends what there is to send. */
void watch_pump(struct watch *watch);
/* Reads log from the cursor on. whole: the log has all events that there are, so a cursor beyond
 * it is invalid. False: the cursor is beyond it; when whole, the watch is finished. */
bool watch_read(struct watch *watch, struct event_log *log, bool whole);
/* The one answer of a WATCH_ANSWER. */
void watch_answer(struct watch *watch, const struct facts *facts);
/* The generation waits in the background: tells so, once for each time that it is due. */
void watch_wait(struct watch *watch, const struct facts *facts);
/* Sends one event. False: the queue is full, or the watch is over. */
bool watch_send(struct watch *watch, const Chat__V1__GenerationEvent *event);

/* Ends those that take nothing for too long. */
void watch_tick(struct engine *engine, int64_t now_us);
/* The service stops. */
void watch_end_all(struct engine *engine);

#endif
