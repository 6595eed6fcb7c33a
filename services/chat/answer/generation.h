/* A generation: one answer that this process makes. Those that run here are found by their ids. */
#ifndef CHAT_ANSWER_GENERATION_H
#define CHAT_ANSWER_GENERATION_H

#include "chat/answer/engine.h"
#include "chat/answer/log.h"
#include "chat/message/send.h"
#include "chat/provider/answer.h"
#include "runtime/http/http.h"

#define GENERATION_ARENA_BYTES (64u << 20)

/* The states of an answer in this process; stage.c has the moves. */
enum stage {
	STAGE_NEW,   /* it was read or stored, and is not begun */
	STAGE_HOLD,  /* its price is being held */
	STAGE_TRY,   /* a provider is asked */
	STAGE_PAUSE, /* between two tries */
	STAGE_END,   /* its end is being stored */
	STAGE_GONE,  /* not ours any more, or over */
	STAGES_N,
};

/* Somebody who follows a generation; the first member of what it needs. Its functions run on the
 * engine thread. */
struct listener {
	struct generation *generation; /* NULL: none */
	struct listener *next, **here;
	/* Its price was held, or events came. NULL allowed. */
	void (*changed)(struct listener *listener);
	/* It runs here no more, and nothing is known of its end. It has left the generation. */
	void (*dropped)(struct listener *listener);
	/* Its end is stored: log has all of it. It has left the generation. */
	void (*over)(struct listener *listener, struct event_log *log);
};

/* The provider's part of a generation. */
struct provider_try {
	int32_t n; /* tries begun */
	int64_t first_us;
	int64_t pause_us; /* until the next */
	struct provider_pick pick;
	struct provider_avoid avoid;
	uint8_t without; /* parameters that this answer does without */
	uint8_t omitted; /* parameters that this try does without */
	int32_t mends;   /* repeats without what was refused */
	struct http_transfer *transfer;
	struct provider_answer answer;
	size_t odd_events; /* of the answer, that were noted */
	int32_t http_status;
	char retry_after[RETRY_AFTER_SIZE];
	struct buf refusal; /* the body, when the status says that there is no answer */
	struct provider_fault fault;
};

/* How it ends. */
struct outcome {
	Chat__V1__Generation__State state;
	Chat__V1__StopReason stop;
	struct error err; /* code OK: it did not fail */
	bool refused;     /* its price was not held: nothing stays of a first attempt */
	int64_t wait_ms;  /* state WAITING: until the next round */
	int32_t rounds;   /* … after so many */
};

#define GENERATION_BUDGETS_MAX 2

struct generation {
	struct engine *engine;
	struct generation *next; /* in its bucket */
	int refs;
	enum stage stage;
	void (*advance)(struct generation *generation, enum stage next); /* stage.c's */
	struct event_log *log;    /* of this attempt; facts are the generation's */
	struct event_log *former; /* what earlier attempts stored, shown until this one writes */
	struct listener *listeners;
	struct arena *arena; /* holds the prompt */
	struct catalogue *catalogue;
	const struct model *asked; /* that the user chose */
	const struct model *model; /* that answers: it, or a fallback */
	size_t n_fallbacks;        /* of asked, that were looked at */
	struct prompt prompt;
	int32_t prompt_bytes;
	int32_t counted_tokens; /* of the prompt, in o200k */
	int64_t bytes;          /* that places_give gives back with it */
	int64_t hold_microcredits;
	/* Ids of the API key and the project whose budgets count the price, too. Set before the
	 * hold, for each attempt anew. */
	char budgets[GENERATION_BUDGETS_MAX][UUID_SIZE];
	size_t n_budgets;
	struct rpc_context context;
	struct chat_before before; /* of the first attempt */
	int32_t lost;              /* attempts whose replica died */
	bool background;           /* it may wait */
	bool cancel_unread;        /* it ends when its last reader leaves */
	bool seen_whole;           /* its reader sees nothing of it before its end */
	int32_t rounds;            /* that failed */
	struct error doom;         /* why this attempt can only end; code OK: it can be made */
	int64_t lease_token;
	int64_t lease_us;        /* microseconds since 1970, by the database's clock */
	bool cancel;             /* asked to stop */
	bool written;            /* the provider wrote something */
	bool unpaid;             /* and nobody pays for it */
	bool held;               /* credits holds the price */
	bool reset_due;          /* watchers may have text of an earlier attempt */
	int64_t embedded_tokens; /* by the provider's counts, of inputs that are done */
	bool embedded_unseen;    /* … which it did not tell of all */
	struct provider_try try;
	struct place saved;  /* what checkpoints have */
	struct place saving; /* what the one under way brings */
	struct outcome outcome;
};

struct generation *generation_new(struct engine *engine, const char *id);
struct generation *generation_ref(struct generation *generation);
void generation_unref(struct generation *generation);
/* Row of generation_claim or generation_retry. */
void generation_read(struct generation *generation, const PGresult *rows, int row);
void provider_try_done(struct provider_try *try);
/* The budget of an API key or a project ("": none) counts its price, too. */
void generation_budget(struct generation *generation, const char *id);

/* Among those that run here. NULL: it does not. */
struct generation *generation_find(struct engine *engine, const char *id);
/* It runs here from now on; takes the caller's reference. */
void generation_enter(struct generation *generation);
/* Begins the stage GONE. */
void generation_leave(struct generation *generation);

void generation_listen(struct generation *generation, struct listener *listener);
void listener_leave(struct listener *listener);
/* Tells listeners of a change. */
void generation_changed(struct generation *generation);

/* The log that watchers see: this attempt's once it wrote something, before that the former
 * ones'. */
struct event_log *generation_shown(const struct generation *generation);
/* Before the first event of an attempt that is not the first. */
void generation_begin_events(struct generation *generation);

/* The next step. */
static inline void generation_advance(struct generation *generation, enum stage next)
{
	generation->advance(generation, next);
}
/* Ends it: DONE with a stop reason, or FAILED with err. */
void generation_end(struct generation *generation, Chat__V1__Generation__State state,
		    Chat__V1__StopReason stop, const struct error *err);
void generation_end_cancelled(struct generation *generation);
/* Ends it with err: its price was not held. */
void generation_end_refused(struct generation *generation, const struct error *err);
/* Asks it to end as soon as it can. */
void generation_cancel(struct generation *generation);
/* A reader has left. */
void generation_unread(struct generation *generation);
/* Whether it answers a program (docs/modules/api.md), so that it has no chat. */
static inline bool generation_is_call(const struct generation *generation)
{
	return generation->log->facts.chat_id[0] == '\0';
}

/* Out of the engine. Nothing is written: another replica may have it, or it is taken over later. */
void generation_drop(struct generation *generation);
void generation_drop_all(struct engine *engine);
/* Out of the engine: its end is stored. */
void generation_over(struct generation *generation);

#endif
