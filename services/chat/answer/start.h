/* Step 0: a request is looked up, its user's balance is looked at, and a place is taken for it.
 * Until it is stored nothing of it stays. */
#ifndef CHAT_ANSWER_START_H
#define CHAT_ANSWER_START_H

#include "chat/answer/places.h"
#include "chat/answer/store.h"
#include "chat/catalogue/groups.h"
#include "chat/watch/watch.h"

/* A request on its way. The crew has it twice: to look it up, and to store it. */
struct start {
	struct work work; /* first */
	struct request request;
	struct watch *watch;
	int64_t floor_microcredits; /* what it will cost to hold at least */
	struct plan_list paying;    /* plans that may pay it */
	const struct start_steps *steps;
	/* Of memory. body: of the request, which the call keeps; twice that, for it is read, too.
	 * vectors: that find has set. */
	int64_t body_bytes, vector_bytes, weighed;
};

/* The steps of one kind of request. */
struct start_steps {
	/* On the crew: request.existing is set, or floor_microcredits. */
	enum status (*find)(struct crew_member *member, struct start *start, struct error *reterr);
	/* On the crew: request.generation is set, or request.existing. */
	enum status (*store)(struct crew_member *member, struct start *start, struct error *reterr);
	/* There is an answer to follow. generation: that begins here; NULL: it is another's. NULL
	 * allowed. */
	void (*begun)(struct start *start, const struct generation *generation);
	void (*free)(struct start *start);
	enum places_of places;
};

/* Takes the call over and finishes it; the handler returns RPC_LATER. It answers with a stream
 * (Generate) or once (StartGeneration). req lives as long as the call. Any thread. */
void start_begin(struct engine *engine, struct rpc_call *call,
		 const Chat__V1__GenerateRequest *req);

/* The same for another kind of request: begin makes a start of watch->req and runs it. It is called
 * again when what the request repeats has gone meanwhile. */
void start_call(struct watch *watch, const ProtobufCMessage *req,
		void (*begin)(struct watch *watch));
/* start: zeroed, and freed by its steps. Engine thread. */
void start_run(struct start *start, struct watch *watch, const struct start_steps *steps);

#endif
