#include "chat/answer/sweep.h"

#include "chat/answer/beat.h"
#include "chat/answer/prompt.h"
#include "chat/answer/stage.h"
#include "chat/answer/stored.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"

#include <string.h>

#define CLAIM_MAX 16 /* at once; the next look takes more */

struct claim {
	struct generation *generation;
	struct error err; /* code OK: it can be asked */
};

struct sweep_work {
	struct work work;
	struct engine *engine;
	int64_t due_max; /* background answers that there is room for */
	bool beat;       /* a sign of life is due */
	int64_t running; /* … of so many answers */
	struct claim claims[2 * CLAIM_MAX];
	size_t n;
};

/* The log that earlier attempts stored. NULL: nothing. */
static enum status read_former(struct generation *generation, struct db *db, struct error *reterr)
{
	_cleanup_(log_unrefp) struct event_log *log = NULL;
	enum status s =
		stored_pieces(db, NULL, generation->log->facts.id, LOG_STORED_MAX, &log, reterr);

	if (s != OK || !log)
		return s;
	log->facts = generation->log->facts;
	generation->former = TAKE_PTR(log);
	return OK;
}

static void run_claim(struct crew_member *member, struct sweep_work *sweep, const PGresult *rows,
		      int row)
{
	struct engine *engine = sweep->engine;
	struct claim *claim = &sweep->claims[sweep->n++];
	struct generation *generation = generation_new(engine, db_peek(rows, row, "id"));
	struct error err;
	enum status s;

	claim->generation = generation;
	generation_read(generation, rows, row);
	generation->reset_due = generation->log->facts.attempt > 1;
	s = read_former(generation, member->worker, &err);
	/* It wrote text, so its price had been held. */
	generation->log->facts.accepted = generation->former != NULL;
	if (s == OK)
		s = prompt_read(generation, member->worker, db_i32(rows, row, "max_output_tokens"),
				&err);
	if (s != OK)
		claim->err = err;
}

/* Those that waited in the background and are due. */
static enum status claim_due(struct crew_member *member, struct sweep_work *sweep,
			     const char *const *claim_params, struct arena *arena,
			     struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {claim_params[0], claim_params[1], claim_params[2],
				      db_param_i64(arena, sweep->due_max)};
	enum status s = db_query(member->worker, &sql_generation_claim_due, params, &rows, reterr);

	for (int row = 0; s == OK && row < PQntuples(rows); row++)
		run_claim(member, sweep, rows, row);
	return s;
}

static void run_sweep(struct crew_member *member, struct work *work)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 4096);
	struct sweep_work *sweep = (struct sweep_work *)work;
	struct engine *engine = sweep->engine;
	const char *const params[] = {
		engine->boot_id,
		engine->options.endpoint,
		db_param_i64(arena, engine->conf->lease_ms),
		db_param_i64(arena, CLAIM_MAX),
	};

	work->status = db_query(member->worker, &sql_generation_claim, params, &rows, &work->err);
	for (int row = 0; work->status == OK && row < PQntuples(rows); row++)
		run_claim(member, sweep, rows, row);
	if (work->status == OK && sweep->beat)
		work->status = beat_run(member, engine, sweep->running, &work->err);
	if (work->status == OK && sweep->due_max > 0)
		work->status = claim_due(member, sweep, params, arena, &work->err);
}

static void take_claim(struct claim *claim)
{
	struct generation *generation = claim->generation;

	log_info(generation->background ? "generation_claimed" : "generation_taken_over",
		 LOG_S("generation", generation->log->facts.id),
		 LOG_S("request_id", generation->log->facts.request_id),
		 LOG_I("attempt", generation->log->facts.attempt));
	if (claim->err.code == UNAVAILABLE || claim->err.code == DEADLINE_EXCEEDED) {
		generation_unref(generation); /* its lease lapses again */
		return;
	}
	generation->doom = claim->err; /* its model left the catalogue, say */
	stage_run(generation);
}

static void sweep_done(struct work *work)
{
	struct sweep_work *sweep = (struct sweep_work *)work;
	struct engine *engine = sweep->engine;

	engine->sweep_busy = false;
	if (work->status != OK)
		log_warn("sweep_failed", LOG_S("reason", work->err.reason),
			 LOG_S("message", work->err.message));
	for (size_t i = 0; i < sweep->n; i++)
		take_claim(&sweep->claims[i]);
	if (sweep->n >= CLAIM_MAX)
		engine->sweep_us = 0; /* there may be more */
	free(sweep);
}

static struct sweep_work *sweep_new(struct engine *engine)
{
	struct sweep_work *sweep = calloc(1, sizeof *sweep);

	ensure(sweep);
	sweep->engine = engine;
	return sweep;
}

void sweep_begin(struct engine *engine)
{
	struct sweep_work *sweep = sweep_new(engine);
	int64_t room = engine->conf->background_max - engine->n_background;

	sweep->running = engine->n_generations;
	sweep->beat = clock_mono_us() >= engine->beat_us;
	if (sweep->beat)
		engine->beat_us = clock_mono_us() + BEAT_MS * US_PER_MS;
	sweep->due_max = room < CLAIM_MAX ? room : CLAIM_MAX;
	sweep->work.run = run_sweep;
	sweep->work.done = sweep_done;
	engine->sweep_busy = true;
	engine_submit(engine, &sweep->work);
}

static void run_former(struct crew_member *member, struct work *work)
{
	const struct engine *engine = ((struct sweep_work *)work)->engine;
	const char *const params[] = {engine->options.endpoint, engine->boot_id};

	work->status =
		db_exec(member->worker, &sql_generation_end_former, params, NULL, &work->err);
}

static void former_done(struct work *work)
{
	if (work->status != OK)
		log_warn("former_leases_not_ended", LOG_S("reason", work->err.reason),
			 LOG_S("message", work->err.message));
	free(work);
}

void sweep_former(struct engine *engine)
{
	struct sweep_work *sweep = sweep_new(engine);

	sweep->work.run = run_former;
	sweep->work.done = former_done;
	engine_submit(engine, &sweep->work);
}
