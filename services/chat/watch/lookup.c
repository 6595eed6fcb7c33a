#include "chat/watch/lookup.h"

#include "chat/answer/stored.h"
#include "chat/watch/relay.h"
#include "runtime/base/ensure.h"

#include <string.h>

#define WAITING_FOLLOW_MS 2000 /* between two looks at an answer that waits */

struct look_work {
	struct work work;
	struct watch *watch;
	struct facts facts;
	char boot_id[UUID_SIZE]; /* of the process that runs it; "": it ended */
	char endpoint[256];
	/* All of it when it ended; otherwise what is stored, if that was asked for. */
	struct event_log *log;
};

static enum status read_running(struct look_work *look, struct db *db, const PGresult *rows,
				struct facts *facts, struct error *reterr)
{
	enum status s;

	snprintf(look->boot_id, UUID_SIZE, "%s", db_peek(rows, 0, "boot_id"));
	snprintf(look->endpoint, sizeof look->endpoint, "%s", db_peek(rows, 0, "owner_endpoint"));
	if (strcmp(look->boot_id, look->watch->avoid) != 0)
		return OK;
	s = stored_pieces(db, look->watch->user_id, facts->id, LOG_STORED_MAX, &look->log, reterr);
	if (s == OK && look->log) {
		look->log->facts = *facts;
		look->log->facts.accepted = true; /* text was seen */
	}
	return s;
}

static void run_look(struct crew_member *member, struct work *work)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct look_work *look = (struct look_work *)work;
	const struct watch *watch = look->watch;
	const char *const params[] = {watch->id};
	struct facts *facts = &look->facts;

	work->status = db_query_as(member->app, watch->user_id, &sql_generation_watch, params,
				   &rows, &work->err);
	if (work->status == OK && PQntuples(rows) == 0)
		work->status = error_set(&work->err, NOT_FOUND, "not_found",
					 "there is no such generation");
	if (work->status != OK)
		return;
	facts_read(facts, rows);
	if (facts->end_us)
		work->status = stored_whole(member->app, watch->user_id, facts, rows, &look->log,
					    &work->err);
	else
		work->status = read_running(look, member->app, rows, facts, &work->err);
}

static void look_again(void *ctx)
{
	struct watch *watch = ctx;

	watch_look(watch);
	watch_unref(watch);
}

static void look_after(struct watch *watch, int64_t ms)
{
	if (!watch->finished)
		http_timer(watch->engine->http, ms, look_again, watch_ref(watch));
}

void watch_look_later(struct watch *watch)
{
	look_after(watch, watch->engine->conf->follow_ms);
}

static void take_look(struct look_work *look)
{
	struct watch *watch = look->watch;
	struct engine *engine = watch->engine;
	struct generation *generation;

	if (look->log && look->log->ended) {
		if (watch_read(watch, look->log, true))
			watch_pump(watch);
		return;
	}
	generation = generation_find(engine, watch->id);
	if (generation) {
		watch_attach(watch, generation);
		return;
	}
	if (look->boot_id[0] && strcmp(look->boot_id, engine->boot_id) != 0 &&
	    strcmp(look->boot_id, watch->avoid) != 0) {
		relay_begin(watch, look->endpoint, look->boot_id, &look->facts);
		return;
	}
	if (look->facts.run_us) {
		watch_wait(watch, &look->facts);
		look_after(watch, look->facts.state == CHAT__V1__GENERATION__STATE__WAITING
					  ? WAITING_FOLLOW_MS
					  : (int32_t)engine->conf->follow_ms);
		return;
	}
	/* A program cannot take back what it was shown. */
	if (look->log && *look->facts.chat_id && watch_read(watch, look->log, false))
		watch_pump(watch);
	watch_look_later(watch);
}

static void look_done(struct work *work)
{
	struct look_work *look = (struct look_work *)work;
	struct watch *watch = look->watch;

	if (work->status == NOT_FOUND && watch->lost && !watch->finished) {
		TAKE_PTR(watch->lost)(watch);
	} else if (work->status != OK) {
		watch_finish(watch, work->status, &work->err);
	} else if (!watch->finished) {
		take_look(look);
	}
	log_unref(look->log);
	watch_unref(watch);
	free(look);
}

/* Another replica asks, so only this process is searched. */
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
	struct generation *generation = generation_find(watch->engine, watch->id);
	struct look_work *look;

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
	look->work.run = run_look;
	look->work.done = look_done;
	look->work.user_id = watch->user_id;
	look->watch = watch_ref(watch);
	engine_submit(watch->engine, &look->work);
}
