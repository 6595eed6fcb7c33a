#include "chat/answer/stage.h"

#include "chat/answer/finish.h"
#include "chat/answer/hold.h"
#include "chat/answer/try.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"

#define TO(name) (1u << STAGE_##name)

static const struct {
	const char *name;
	void (*begin)(struct generation *generation);
	unsigned next; /* states that may follow */
} stages[STAGES_N] = {
	[STAGE_NEW] = {"new", NULL, TO(HOLD)},
	[STAGE_HOLD] = {"hold", hold_begin, TO(TRY) | TO(END) | TO(GONE)},
	[STAGE_TRY] = {"try", try_begin, TO(TRY) | TO(PAUSE) | TO(END) | TO(GONE)},
	[STAGE_PAUSE] = {"pause", try_pause, TO(TRY) | TO(END) | TO(GONE)},
	[STAGE_END] = {"end", finish_begin, TO(GONE)},
	[STAGE_GONE] = {"gone", generation_leave, 0},
};

bool stage_allows(enum stage from, enum stage to)
{
	return stages[from].next & (1u << to);
}

static void drop_posted(void *ctx)
{
	struct generation *generation = ctx;

	generation_drop(generation);
	generation_unref(generation);
}

/* The step that asked may still use the generation, so it is dropped later. */
static void refuse(struct generation *generation, enum stage next)
{
	enum stage from = generation->stage;

	log_error("stage_refused", LOG_S("generation", generation->log->facts.id),
		  LOG_S("from", stages[from].name), LOG_S("to", stages[next].name));
	ensure(!generation->engine->options.strict);
	if (stage_allows(from, STAGE_GONE) && from != STAGE_END)
		engine_post(generation->engine, drop_posted, generation_ref(generation));
}

void stage_advance(struct generation *generation, enum stage next)
{
	if (!stage_allows(generation->stage, next)) {
		refuse(generation, next);
		return;
	}
	generation->stage = next;
	if (stages[next].begin)
		stages[next].begin(generation);
}

void stage_run(struct generation *generation)
{
	struct engine *engine = generation->engine;

	if (engine->stopping) { /* its lease is released with the others */
		generation_unref(generation);
		return;
	}
	generation->advance = stage_advance;
	generation_enter(generation);
	if (generation->lost > engine->conf->lost_max)
		generation->doom.code = error_set(
			&generation->doom, UNAVAILABLE, "generation_lost",
			"the service that wrote the answer stopped %d times", generation->lost);
	generation_advance(generation, STAGE_HOLD);
}
