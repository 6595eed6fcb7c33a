#include "chat/answer/learn.h"

#include "runtime/base/ensure.h"
#include "runtime/log/log.h"

#define ARENA_BYTES (64 << 10)

struct learn_work {
	struct work work;
	struct engine *engine;
	struct tokens_batch batches[FAMILIES_MAX];
	size_t n;
};

static enum status store(struct crew_member *member, struct learn_work *learn)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, ARENA_BYTES);
	const char *names[FAMILIES_MAX], *n[FAMILIES_MAX], *ratios[FAMILIES_MAX];
	const char *over[FAMILIES_MAX];

	for (size_t i = 0; i < learn->n; i++) {
		const struct tokens_batch *batch = &learn->batches[i];

		names[i] = batch->name;
		n[i] = db_param_i64(arena, batch->n);
		ratios[i] = arena_printf(arena, "%.17g", batch->ratios);
		over[i] = db_param_i64(arena, batch->over);
	}
	const char *const params[] = {
		db_param_array(arena, names, learn->n),
		db_param_array(arena, n, learn->n),
		db_param_array(arena, ratios, learn->n),
		db_param_array(arena, over, learn->n),
	};
	return db_exec(member->worker, &sql_token_factor_learn, params, NULL, &learn->work.err);
}

static enum status load(struct crew_member *member, struct learn_work *learn)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s =
		db_query(member->worker, &sql_token_factor_list, NULL, &rows, &learn->work.err);

	if (s != OK)
		return s;
	for (int row = 0; row < PQntuples(rows); row++) {
		struct tokens_family family = {
			.factor = db_double(rows, row, "factor"),
			.margin = db_double(rows, row, "margin"),
			.prompts = db_i64(rows, row, "prompts"),
		};

		snprintf(family.name, sizeof family.name, "%s", db_peek(rows, row, "family"));
		tokens_set(learn->engine->options.tokens, &family);
	}
	return OK;
}

static void run_learn(struct crew_member *member, struct work *work)
{
	struct learn_work *learn = (struct learn_work *)work;

	work->status = learn->n > 0 ? store(member, learn) : OK;
	if (work->status == OK)
		work->status = load(member, learn);
}

/* A batch that was not stored is lost: the next prompts say the same. */
static void learn_done(struct work *work)
{
	struct learn_work *learn = (struct learn_work *)work;

	learn->engine->learn_busy = false;
	if (work->status != OK)
		log_warn("token_factors_not_stored", LOG_S("reason", work->err.reason),
			 LOG_S("message", work->err.message));
	free(learn);
}

void learn_begin(struct engine *engine)
{
	struct learn_work *learn = calloc(1, sizeof *learn);

	ensure(learn);
	learn->engine = engine;
	learn->n = tokens_take(engine->options.tokens, learn->batches);
	learn->work.run = run_learn;
	learn->work.done = learn_done;
	engine->learn_busy = true;
	engine_submit(engine, &learn->work);
}
