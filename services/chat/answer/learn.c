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

enum status learn_store(struct db *db, const struct tokens_batch *batches, size_t batches_n,
			struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, ARENA_BYTES);
	const char *names[FAMILIES_MAX], *n[FAMILIES_MAX], *ratios[FAMILIES_MAX];
	const char *over[FAMILIES_MAX];

	for (size_t i = 0; i < batches_n; i++) {
		const struct tokens_batch *batch = &batches[i];

		names[i] = batch->name;
		n[i] = db_param_i64(arena, batch->n);
		ratios[i] = arena_printf(arena, "%.17g", batch->ratios);
		over[i] = db_param_i64(arena, batch->over);
	}
	const char *const params[] = {
		db_param_array(arena, names, batches_n),
		db_param_array(arena, n, batches_n),
		db_param_array(arena, ratios, batches_n),
		db_param_array(arena, over, batches_n),
	};
	return db_exec(db, &sql_token_factor_learn, params, NULL, reterr);
}

enum status learn_load(struct db *db, struct tokens *tokens, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query(db, &sql_token_factor_list, NULL, &rows, reterr);

	if (s != OK)
		return s;
	for (int row = 0; row < PQntuples(rows); row++) {
		struct tokens_family family = {
			.factor = db_double(rows, row, "factor"),
			.margin = db_double(rows, row, "margin"),
			.prompts = db_i64(rows, row, "prompts"),
		};

		snprintf(family.name, sizeof family.name, "%s", db_peek(rows, row, "family"));
		tokens_set(tokens, &family);
	}
	return OK;
}

static void run_learn(struct crew_member *member, struct work *work)
{
	struct learn_work *learn = (struct learn_work *)work;

	struct tokens *tokens = learn->engine->options.tokens;

	work->status = learn->n > 0
			       ? learn_store(member->worker, learn->batches, learn->n, &work->err)
			       : OK;
	if (work->status == OK)
		work->status = learn_load(member->worker, tokens, &work->err);
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
