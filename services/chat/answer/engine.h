/* Runs generations: holds their price, asks providers, stores and hands out what they write.
 * docs/modules/generation.md has the picture and the order of the steps. */
#ifndef CHAT_GENERATION_ENGINE_H
#define CHAT_GENERATION_ENGINE_H

#include "chat/chat.h"
#include "runtime/outbox/outbox.h"

struct engine_options {
	const struct chat_conf *conf;
	struct current *current;
	const char *endpoint;  /* where other replicas reach this process */
	struct db_options app; /* connections of chat_app and chat_worker */
	struct db_options worker;
	struct rpc_channel *credits;
	struct outbox *outbox;
	/* A new channel to another replica; the engine closes it. */
	struct rpc_channel *(*dial)(void *ctx, const char *endpoint);
	void *dial_ctx;
};

/* Ends the leases of former processes at this endpoint, then looks for generations to take over. */
struct engine *engine_start(const struct engine_options *options);
/* Takes on no more; what runs goes on. */
void engine_drain(struct engine *engine);
/* Ends all watchers, gives the leases of what still runs to the other replicas, and waits. */
void engine_stop(struct engine *engine);
/* Name of this process among all that ever were. */
const char *engine_boot_id(const struct engine *engine);

/* For handlers, any thread: they take the call over and finish it; the handler returns RPC_LATER.
 * generate: a stream (Generate) or one answer (StartGeneration); req lives as long as the call. */
void engine_generate(struct engine *engine, struct rpc_call *call,
		     const Chat__V1__GenerateRequest *req);
/* The events after cursor ("": all) of a generation of this user, wherever it runs. */
void engine_watch(struct engine *engine, struct rpc_call *call, const char *generation,
		  const char *cursor);
/* The same for another replica: only what runs here, in the process with this boot_id.
 * errors: FAILED_PRECONDITION generation_moved. */
void engine_watch_here(struct engine *engine, struct rpc_call *call, const char *generation,
		       const char *user_id, const char *boot_id, const char *cursor);

/* Stops a generation that runs here and waits until its end is stored, at most wait_ms. False: it
 * does not run here. Any thread but the engine's. */
bool engine_cancel(struct engine *engine, const char *generation, int32_t wait_ms);
/* Tells the replica at endpoint to do so. For workers. */
_must_check_ enum status engine_cancel_elsewhere(struct engine *engine, const char *endpoint,
						 const char *boot_id, const char *generation,
						 const struct rpc_context *context,
						 struct error *reterr);

#endif
