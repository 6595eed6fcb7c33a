/* Where a watched generation is: in this process, on another replica, over, or between two
 * replicas, when what is stored is all that can be shown. */
#include "chat/answer/internal.h"
#include "runtime/base/ensure.h"

#include <string.h>

struct look_job {
	struct job job;
	struct watch *watch;
	struct facts facts;
	char boot_id[UUID_SIZE]; /* of the process that runs it; "": it ended */
	char endpoint[256];
	struct event_log
		*log; /* ended: all of it; otherwise what is stored, if that was asked for */
};

static enum status damaged(const char *id, struct error *reterr)
{
	return error_set(reterr, INTERNAL, "internal_error", "the stored events of %s do not fit",
			 id);
}

static bool decode(struct event_log *log, const PGresult *rows, int row)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, JOB_ARENA_BYTES);
	const char *text = db_peek(rows, row, "text");
	const char *reasoning = db_peek(rows, row, "reasoning");
	size_t n;
	uint8_t *marks = db_bytes(arena, rows, row, "marks", &n);

	return marks && log_decode(log, marks, n, text, strlen(text), reasoning, strlen(reasoning));
}

enum status pieces_read(struct engine *engine, struct db *db, const char *user_id, const char *id,
			struct event_log **ret, struct error *reterr)
{
	_cleanup_(log_unrefp) struct event_log *log = NULL;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {id};
	enum status s;

	s = user_id ? db_query_as(db, user_id, &sql_generation_pieces, params, &rows, reterr)
		    : db_query(db, &sql_generation_pieces, params, &rows, reterr);
	if (s != OK || PQntuples(rows) == 0)
		return s;
	log = log_new(db_i32(rows, 0, "epoch"), (size_t)engine->conf->answer_bytes_max);
	for (int row = 0; row < PQntuples(rows); row++) {
		if (!decode(log, rows, row))
			return damaged(id, reterr);
	}
	*ret = TAKE_PTR(log);
	return OK;
}

static enum status read_ended(struct look_job *look, const PGresult *rows, struct facts *facts,
			      struct error *reterr)
{
	_cleanup_(log_unrefp) struct event_log *log =
		log_new(facts->attempt, 2 * strlen(db_peek(rows, 0, "text")) +
						2 * strlen(db_peek(rows, 0, "reasoning")));

	if (!decode(log, rows, 0))
		return damaged(facts->id, reterr);
	log->facts = *facts;
	family_read(&log->facts.family, rows);
	log->ended = true;
	look->log = TAKE_PTR(log);
	return OK;
}

static enum status read_running(struct look_job *look, struct db *db, const PGresult *rows,
				struct facts *facts, struct error *reterr)
{
	enum status s;

	snprintf(look->boot_id, UUID_SIZE, "%s", db_peek(rows, 0, "boot_id"));
	snprintf(look->endpoint, sizeof look->endpoint, "%s", db_peek(rows, 0, "owner_endpoint"));
	if (strcmp(look->boot_id, look->watch->avoid) != 0)
		return OK;
	s = pieces_read(look->job.engine, db, look->watch->user_id, facts->id, &look->log, reterr);
	if (s == OK && look->log) {
		look->log->facts = *facts;
		look->log->facts.accepted = true; /* text was seen */
	}
	return s;
}

static void run_look(struct crew_member *member, struct job *job)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct look_job *look = (struct look_job *)job;
	const struct watch *watch = look->watch;
	const char *const params[] = {watch->id};
	struct facts *facts = &look->facts;

	job->status = db_query_as(member->app, watch->user_id, &sql_generation_watch, params, &rows,
				  &job->err);
	if (job->status == OK && PQntuples(rows) == 0)
		job->status =
			error_set(&job->err, NOT_FOUND, "not_found", "there is no such generation");
	if (job->status != OK)
		return;
	facts_read(facts, rows);
	if (facts->end_us)
		job->status = read_ended(look, rows, facts, &job->err);
	else
		job->status = read_running(look, member->app, rows, facts, &job->err);
}

static void take_look(struct look_job *look)
{
	struct watch *watch = look->watch;
	struct engine *engine = watch->engine;
	struct generation *generation;

	if (look->log && look->log->ended) {
		if (watch_read(watch, look->log, true))
			watch_pump(watch);
		return;
	}
	generation = engine_find(engine, watch->id);
	if (generation) {
		watch_attach(watch, generation);
		return;
	}
	if (look->boot_id[0] && strcmp(look->boot_id, engine->boot_id) != 0 &&
	    strcmp(look->boot_id, watch->avoid) != 0) {
		relay_begin(watch, look->endpoint, look->boot_id, &look->facts);
		return;
	}
	if (look->log && watch_read(watch, look->log, false))
		watch_pump(watch);
	watch_look_later(watch);
}

static void look_done(struct job *job)
{
	struct look_job *look = (struct look_job *)job;
	struct watch *watch = look->watch;

	if (job->status == NOT_FOUND && watch->req && !watch->again && !watch->finished) {
		watch->again = true; /* what it repeats was refused meanwhile, and is gone */
		start_begin(watch);
	} else if (job->status != OK) {
		watch_finish(watch, job->status, &job->err);
	} else if (!watch->finished) {
		take_look(look);
	}
	log_unref(look->log);
	watch_unref(watch);
	free(look);
}

/* Another replica asks: what does not run here is not ours to find. */
static void look_here(struct watch *watch, struct generation *generation)
{
	struct error err;

	if (generation && strcmp(watch->boot_id, watch->engine->boot_id) == 0) {
		watch_attach(watch, generation);
		return;
	}
	err.code = error_set(&err, FAILED_PRECONDITION, "generation_moved",
			     "the generation does not run here");
	watch_finish(watch, FAILED_PRECONDITION, &err);
}

void watch_look(struct watch *watch)
{
	struct generation *generation = engine_find(watch->engine, watch->id);
	struct look_job *look;

	if (watch->finished || watch->engine->stopping)
		return;
	if (generation && strcmp(generation->log->facts.user_id, watch->user_id) != 0)
		generation = NULL;
	if (watch->kind == WATCH_FORWARD) {
		look_here(watch, generation);
		return;
	}
	if (generation) {
		watch_attach(watch, generation);
		return;
	}
	look = calloc(1, sizeof *look);
	ensure(look);
	look->job.run = run_look;
	look->job.done = look_done;
	look->job.user_id = watch->user_id;
	look->watch = watch_ref(watch);
	engine_submit(watch->engine, &look->job);
}

static void look_again(void *ctx)
{
	struct watch *watch = ctx;

	watch_look(watch);
	watch_unref(watch);
}

void watch_look_later(struct watch *watch)
{
	if (!watch->finished)
		http_timer(watch->engine->http, watch->engine->conf->follow_ms, look_again,
			   watch_ref(watch));
}
