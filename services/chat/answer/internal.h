/* What the files of the engine share.
 *
 * Threads. The engine thread is that of the HTTP client: generations, watchers and everything else
 * here without another word belong to it and need no lock. Database work runs on the crew's
 * threads as jobs, which belong to the crew until their done function runs on the engine thread.
 * Hooks of rpc only post to the engine thread. */
#ifndef CHAT_GENERATION_INTERNAL_H
#define CHAT_GENERATION_INTERNAL_H

#include "chat/answer/engine.h"
#include "chat/answer/log.h"
#include "chat/answer/title.h"
#include "chat/provider/answer.h"
#include "runtime/http/http.h"
#include <pthread.h>
#include <stdatomic.h>

#define BUCKETS 1024
#define JOB_ARENA_BYTES (64u << 20)

struct job;
struct crew;

/* Connections of one thread of the crew. */
struct crew_member {
	struct db *app;
	struct db *worker;
};

/* One piece of database work; the first member of what it needs. */
struct job {
	struct job *next;
	struct engine *engine;
	const char *user_id; /* who caused it, in memory that lives as long; NULL: the engine */
	void (*run)(struct crew_member *member, struct job *job); /* on a thread of the crew */
	void (*done)(struct job *job); /* on the engine thread; frees it */
	enum status status;            /* of run */
	struct error err;
};

struct engine {
	const struct chat_conf *conf;
	struct engine_options options;
	struct http_client *http;
	struct crew *crew;
	char boot_id[UUID_SIZE];

	struct generation *buckets[BUCKETS];
	struct tenant *tenants[BUCKETS];
	int64_t n_generations; /* in the buckets */
	int64_t n_starting;    /* on their way there */
	struct watch *watches;
	struct peer *peers;
	int64_t n_jobs;  /* the crew has */
	int64_t n_calls; /* whose answer is awaited */
	bool draining, stopping, released;
	bool upkeep_busy, sweep_busy;
	int64_t upkeep_us, renew_us, sweep_us; /* when each is due, clock_mono_us */

	pthread_mutex_t lock; /* guards stopped and peers */
	pthread_cond_t changed;
	bool stopped;
};

enum stage {
	STAGE_HOLD,  /* its price is being held */
	STAGE_TRY,   /* a provider is asked */
	STAGE_PAUSE, /* between two tries */
	STAGE_END,   /* its end is being stored */
	STAGE_GONE,  /* not ours any more, or over */
};

/* The provider's part of a generation. */
struct provider_try {
	int32_t n; /* tries begun */
	int64_t first_us;
	struct provider_pick pick;
	struct provider_avoid avoid;
	uint8_t without, omitted; /* parameters: that this answer does without; of this try */
	int32_t mends;            /* repeats without what was refused */
	struct http_transfer *transfer;
	struct provider_answer answer;
	size_t odd_events; /* of the answer, that were noted */
	int32_t http_status;
	char retry_after[RETRY_AFTER_SIZE];
	struct buf refusal; /* body of an answer that is none */
	struct provider_fault fault;
};

/* The chat before a send, which is brought back when the send is refused. */
struct chat_before {
	char leaf[UUID_SIZE]; /* "": none */
	char model[MODEL_BYTES_MAX + 1];
	char update_time[40];
	bool untitled;
	char title[TITLE_SIZE]; /* that the send gives to one without */
};

struct generation {
	struct engine *engine;
	struct generation *next; /* in its bucket */
	int refs;
	enum stage stage;
	struct event_log *log;    /* of this attempt; facts are the generation's */
	struct event_log *former; /* what earlier attempts stored, shown until this one writes */
	struct watch *watches;
	struct canceller *cancellers;
	struct arena *arena; /* holds the prompt */
	struct catalogue *catalogue;
	const struct model *model;
	struct prompt prompt;
	int32_t prompt_bytes;
	int32_t input_tokens; /* of the prompt, by our count */
	int64_t hold_microcredits;
	struct rpc_context context;
	struct chat_before before; /* of the first attempt */
	int32_t lost;              /* attempts whose replica died */
	struct error doom;         /* why this attempt can only end; code OK: it can be made */
	int64_t lease_token;
	int64_t lease_us; /* microseconds since 1970, by the database's clock */
	bool cancel;      /* asked to stop */
	bool written;     /* the provider wrote something */
	bool unpaid;      /* and nobody pays for it */
	bool held;        /* credits holds the price */
	bool reset_due;   /* watchers may have text of an earlier attempt */
	struct provider_try try;
	/* What checkpoints have, and what the one under way brings. */
	struct place saved, saving;
};

/* engine.c */
void engine_post(struct engine *engine, void (*fn)(void *ctx), void *ctx);
void engine_submit(struct engine *engine, struct job *job);
/* Something ended: the engine may be able to stop. */
void engine_rest(struct engine *engine);
struct generation *engine_find(struct engine *engine, const char *id);
/* Of an id, below BUCKETS. */
size_t engine_bucket(const char *id);
void engine_insert(struct engine *engine, struct generation *generation);
void engine_remove(struct engine *engine, struct generation *generation);

/* places.c: how many generations each user has in this process. */
/* A request begins, until places_end. errors: GENERATIONS_FULL (too many at once of this user). */
_must_check_ enum status places_begin(struct engine *engine, const char *user_id,
				      struct error *reterr);
void places_end(struct engine *engine, const char *user_id);
/* Whether it may become a generation. errors: GENERATIONS_FULL, OVERLOADED. */
_must_check_ enum status places_take(struct engine *engine, const char *user_id,
				     struct error *reterr);
/* A generation runs here, or does no more. */
void places_run(struct engine *engine, const char *user_id);
void places_rest(struct engine *engine, const char *user_id);
/* GENERATIONS_FULL. */
enum status places_refuse(const struct engine *engine, struct error *reterr);

/* crew.c */
struct crew *crew_start(struct engine *engine, int32_t n);
void crew_give(struct crew *crew, struct job *job);
void crew_stop(struct crew *crew);

/* generation.c */
struct generation *generation_new(struct engine *engine, const char *id);
struct generation *generation_ref(struct generation *generation);
void generation_unref(struct generation *generation);
/* Puts it into the engine and begins with its hold, or ends it when it is doomed; the engine takes
 * the caller's reference. */
void generation_run(struct generation *generation);
/* What watchers see: this attempt once it wrote something, before that the former ones. */
struct event_log *generation_shown(const struct generation *generation);
/* Before the first event of an attempt that is not the first. */
void generation_begin_events(struct generation *generation);
/* Out of the engine; its watchers look where it is now. Nothing is written. */
void generation_drop(struct generation *generation);
/* Its end is stored. */
void generation_over(struct generation *generation);
void generation_cancel(struct generation *generation);

/* prompt.c: on the crew's threads */
/* Chooses model and prompt for the branch that ends in the user's message. text_bytes: its length.
 * errors: those of db, CONTEXT_TOO_LONG, MODEL_UNKNOWN. */
_must_check_ enum status prompt_read(struct generation *generation, struct db *db,
				     int32_t max_output_tokens, struct error *reterr);
/* Row of generation_claim or generation_retry. */
void generation_read(struct generation *generation, const PGresult *rows, int row);

/* hold.c */
void hold_begin(struct generation *generation);
/* expire_time of a hold: the lease and a margin. */
void hold_expire(const struct engine *engine, int64_t lease_us, Google__Protobuf__Timestamp *ret);
/* The error that a user sees when credits refuses or does not answer. */
enum status hold_error(const struct error *err, struct error *reterr);
/* uuidv5(name_space, "generation:attempt"). */
void attempt_id(const struct generation *generation, const struct uuid *name_space, int32_t attempt,
		char out[UUID_SIZE]);

/* try.c */
void try_begin(struct generation *generation);
void try_done(struct provider_try *try);

/* finish.c */
/* Ends it: DONE with a stop reason, CANCELLED, or FAILED with err. */
void finish(struct generation *generation, Chat__V1__Generation__State state,
	    Chat__V1__StopReason stop, const struct error *err);

/* Its price was not held: ends it with err, and takes it back if this was its first attempt. */
void finish_refused(struct generation *generation, const struct error *err);

/* upkeep.c */
void upkeep_begin(struct engine *engine);

/* sweep.c */
void sweep_begin(struct engine *engine);
void sweep_former(struct engine *engine);

/* start.c */
void start_begin(struct watch *watch);

/* watch.c and lookup.c */
enum watch_kind {
	WATCH_STREAM,  /* all events */
	WATCH_ANSWER,  /* one answer when the generation is accepted */
	WATCH_FORWARD, /* another replica's stream: only what runs here */
};

/* One call that follows a generation. */
struct watch {
	_Atomic int refs;
	struct engine *engine;
	struct watch *next, *previous;   /* in the engine */
	struct watch *next_here, **here; /* in its generation */
	enum watch_kind kind;
	struct rpc_call *call;
	const Chat__V1__GenerateRequest *req; /* of a generation that is to be started */
	char id[UUID_SIZE];
	char user_id[UUID_SIZE];
	char boot_id[UUID_SIZE]; /* WATCH_FORWARD: of the process that is meant */
	char avoid[UUID_SIZE];   /* boot id of an owner that did not answer */
	bool fresh;              /* has no event yet: `accepted` is due */
	struct cursor cursor;    /* of the last event it has */
	bool starting;           /* the crew reads req: the call must live */
	bool again;              /* it was begun a second time */
	bool gone;               /* its caller */
	bool finished;
	bool blocked; /* its queue is full */
	int64_t blocked_us;
	struct generation *generation; /* that it is attached to */
	struct event_log *log;         /* that it reads; may outlive the generation */
	struct place place;
	struct relay *relay;
};

struct watch *watch_ref(struct watch *watch);
void watch_unref(struct watch *watch);
void watch_finish(struct watch *watch, enum status status, const struct error *err);
/* Sends what there is to send. */
void watch_pump(struct watch *watch);
void watch_pump_all(struct generation *generation);
void watch_attach(struct watch *watch, struct generation *generation);
/* Reads log from where the cursor is. whole: the log has all events that there are, so a cursor
 * beyond it is none of ours. False: it was, and the watch is finished. */
bool watch_read(struct watch *watch, struct event_log *log, bool whole);
/* lookup.c: what the newest attempt that wrote anything has stored; NULL: none did. user_id: under
 * row level security; NULL: of anybody. On the crew's threads. */
_must_check_ enum status pieces_read(struct engine *engine, struct db *db, const char *user_id,
				     const char *id, struct event_log **ret, struct error *reterr);
/* Finds out where the generation is, now or after a while. */
void watch_look(struct watch *watch);
void watch_look_later(struct watch *watch);
void watch_tick(struct engine *engine, int64_t now_us);
/* The one answer of a WATCH_ANSWER. */
void watch_answer(struct watch *watch, const struct facts *facts);
/* Sends one event. False: the queue is full, or the watch is over. */
bool watch_send(struct watch *watch, const Chat__V1__GenerationEvent *event);

/* forward.c */
void relay_begin(struct watch *watch, const char *endpoint, const char *boot_id,
		 const struct facts *facts);
void relay_pump(struct watch *watch);
void relay_end(struct watch *watch);
void peers_free(struct engine *engine);

#endif
