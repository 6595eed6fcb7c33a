/* All files of answer/ and watch/ stand on this: the engine's thread, its crew, and the count of
 * what is under way. docs/modules/generation.md has the order of the steps.
 *
 * Threads. The engine thread is that of the HTTP client: what says nothing else here belongs
 * to it and needs no lock, such as generations and watchers. Database work runs on the crew's
 * threads. Hooks of rpc only post to the engine thread. */
#ifndef CHAT_ANSWER_ENGINE_H
#define CHAT_ANSWER_ENGINE_H

#include "chat/catalogue/current.h"
#include "chat/catalogue/tokens.h"
#include "chat/chat.h"
#include "chat/work/bucket.h"
#include "chat/work/crew.h"
#include "runtime/outbox/outbox.h"

struct engine_options {
	const struct chat_conf *conf;
	struct current *current;
	struct tokens *tokens;
	struct groups *groups;
	const char *endpoint;  /* where other replicas reach this process */
	struct db_options app; /* connections of chat_app and chat_worker */
	struct db_options worker;
	struct rpc_channel *credits;
	struct outbox *outbox;
	struct feed *events; /* NULL: nobody is told */
	/* A new channel to another replica; the engine closes it. */
	struct rpc_channel *(*dial)(void *ctx, const char *endpoint);
	void *dial_ctx;
	bool strict; /* a mistake in the program ends the process; for tests */
};

struct engine {
	const struct chat_conf *conf;
	struct engine_options options;
	char boot_id[UUID_SIZE]; /* of this process; no other has it, before or after */
	struct http_client *http;
	struct crew *crew;
	struct generation *generations[BUCKETS]; /* generation.c */
	int64_t n_generations;
	int64_t n_background;             /* of them */
	struct tenant *tenants[BUCKETS];  /* places.c */
	int64_t bytes;                    /* … of all of them */
	int64_t n_starting;               /* on their way to be generations */
	struct watch *watches;            /* watch/watch.c */
	struct peers *peers;              /* watch/peers.c */
	struct marks *marks;              /* api/mark.c */
	struct purses *purses;            /* purse.c */
	struct naming *namings;           /* title/naming.c */
	struct end *first_end, *last_end; /* that wait to be stored; finish.c */
	int32_t end_batches;              /* that are stored at the moment */
	int64_t n_busy;
	void (*on_idle)(struct engine *engine); /* when n_busy comes to 0; NULL: nobody asks */
	bool draining, stopping;
	bool upkeep_busy, sweep_busy, learn_busy;
	/* When each is due, clock_mono_us. */
	int64_t upkeep_us, renew_us, sweep_us, beat_us, learn_us;
};

/* Runs fn(ctx) on the engine thread. Any thread. */
void engine_post(struct engine *engine, void (*fn)(void *ctx), void *ctx);
/* One thing more is under way, until engine_rest. Engine thread. */
void engine_busy(struct engine *engine);
void engine_rest(struct engine *engine);
/* Gives work to the crew; it counts as under way until it is done. */
void engine_submit(struct engine *engine, struct work *work);

/* The service stops. errors: UNAVAILABLE service_unavailable. */
enum status engine_refuse(struct error *reterr);

#endif
