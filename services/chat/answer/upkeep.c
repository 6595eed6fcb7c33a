#include "chat/answer/upkeep.h"

#include "chat/answer/attempt.h"
#include "chat/answer/generation.h"
#include "credits/v1/rpc.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"

#include <string.h>

#define PIECE_BYTES_MAX (256 << 10) /* of one generation in one checkpoint */
#define BATCH_BYTES_MAX (4 << 20)   /* of all of them; the rest comes with the next */
#define EVENT_BYTES 16              /* of a mark in the statement, at most */
/* Texts are copied and may double in the statement's arrays; the rest are numbers. One item may go
 * beyond the room. */
#define ARENA_BYTES(n) ((n)*4096 + 8 * (size_t)BATCH_BYTES_MAX)
#define MARKS_BYTES_MAX (2 * BATCH_BYTES_MAX)

struct upkeep_work {
	struct work work;
	struct engine *engine;
	struct arena *arena;
	struct generation **generations; /* a reference each */
	size_t n;
	/* The statement's arrays, one element a generation. */
	const char **ids, **tokens, **epochs, **firsts, **texts, **reasonings, **marks, **items;
	bool renew;
	/* The answer of the statement. */
	bool *held, *cancel;
	int64_t lease_us;
};

static const char **texts_of(struct arena *arena, size_t n)
{
	const char **texts = arena_array(arena, n, sizeof *texts);

	ensure(texts);
	return texts;
}

/* The end of the piece that goes into this checkpoint. */
static struct place piece_end(const struct generation *generation, size_t *room)
{
	const struct event_log *log = generation->log;
	struct place from = generation->saved, at = from, after;
	struct event event;
	size_t bytes = 0;

	while (bytes < PIECE_BYTES_MAX && bytes < *room && log_next(log, &at, &event, &after)) {
		bytes += event.len + EVENT_BYTES;
		at = after;
	}
	*room = *room > bytes ? *room - bytes : 0;
	return at;
}

static const char *marks_between(struct arena *arena, const struct event_log *log,
				 const struct place *from, const struct place *to)
{
	_cleanup_(buf_done) struct buf marks;

	buf_init(&marks, MARKS_BYTES_MAX);
	log_encode(log, from->index, to->index, &marks);
	return db_param_bytes(arena, marks.data, marks.len);
}

static void add(struct upkeep_work *upkeep, struct generation *generation, size_t *room)
{
	struct arena *arena = upkeep->arena;
	const struct event_log *log = generation->log;
	const struct place *from = &generation->saved, *to = &generation->saving;
	size_t i = upkeep->n++;

	/* An end brings the text, and deletes no piece that comes later. Vectors are stored at it. */
	if (generation->stage < STAGE_END && !generation->prompt.embedding.input)
		generation->saving = piece_end(generation, room);
	else
		generation->saving = generation->saved;
	upkeep->generations[i] = generation_ref(generation);
	upkeep->ids[i] = arena_strdup(arena, log->facts.id);
	upkeep->tokens[i] = db_param_i64(arena, generation->lease_token);
	upkeep->epochs[i] = db_param_i64(arena, log->epoch);
	upkeep->firsts[i] = db_param_i64(arena, (int64_t)from->index + 1);
	upkeep->texts[i] = arena_strndup(arena, buf_text(&log->text) + from->text_at,
					 to->text_at - from->text_at);
	upkeep->reasonings[i] = arena_strndup(arena, buf_text(&log->reasoning) + from->reasoning_at,
					      to->reasoning_at - from->reasoning_at);
	upkeep->marks[i] = marks_between(arena, log, from, to);
	upkeep->items[i] = arena_strndup(arena, buf_text(&log->items) + from->items_at,
					 to->items_at - from->items_at);
}

static enum status checkpoint(struct crew_member *member, struct upkeep_work *upkeep)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = upkeep->arena;
	size_t n = upkeep->n;
	const char *const params[] = {
		db_param_array(arena, upkeep->ids, n),
		db_param_array(arena, upkeep->tokens, n),
		db_param_array(arena, upkeep->epochs, n),
		db_param_array(arena, upkeep->firsts, n),
		db_param_array(arena, upkeep->texts, n),
		db_param_array(arena, upkeep->reasonings, n),
		db_param_array(arena, upkeep->marks, n),
		db_param_array(arena, upkeep->items, n),
	};
	enum status s;

	if (arena->exhausted)
		return error_set(&upkeep->work.err, RESOURCE_EXHAUSTED, "call_too_large",
				 "a checkpoint of %zu generations", n);
	s = db_query(member->worker, &sql_generation_checkpoint, params, &rows, &upkeep->work.err);
	if (s != OK)
		return s;
	for (int row = 0; row < PQntuples(rows); row++) {
		const char *id = db_peek(rows, row, "id");
		size_t i = 0;

		while (strcmp(upkeep->ids[i], id) != 0)
			i++;
		upkeep->held[i] = true;
		upkeep->cancel[i] = db_bool(rows, row, "cancel_requested");
	}
	return OK;
}

static enum status renew(struct crew_member *member, struct upkeep_work *upkeep)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = upkeep->arena;
	const char *const params[] = {
		db_param_array(arena, upkeep->ids, upkeep->n),
		db_param_array(arena, upkeep->tokens, upkeep->n),
		db_param_i64(arena, upkeep->engine->conf->lease_ms),
	};
	enum status s =
		db_query(member->worker, &sql_generation_renew, params, &rows, &upkeep->work.err);

	if (s == OK && PQntuples(rows) > 0)
		upkeep->lease_us = db_i64(rows, 0, "lease_us");
	return s;
}

static void run_upkeep(struct crew_member *member, struct work *work)
{
	struct upkeep_work *upkeep = (struct upkeep_work *)work;

	work->status = checkpoint(member, upkeep);
	if (work->status == OK && upkeep->renew)
		work->status = renew(member, upkeep);
}

static void extended_posted(void *ctx)
{
	engine_rest(ctx);
}

static void on_extended(void *ctx, enum status status, _unused_ const ProtobufCMessage *resp,
			const struct error *err)
{
	if (status != OK) /* the next renewal comes before they expire */
		log_warn("holds_not_extended", LOG_S("reason", err->reason));
	engine_post(ctx, extended_posted, ctx);
}

static void extend_holds(struct engine *engine, struct upkeep_work *upkeep)
{
	Google__Protobuf__Timestamp expire;
	Credits__V1__ExtendHoldsRequest req = CREDITS__V1__EXTEND_HOLDS_REQUEST__INIT;
	char **ids = arena_array(upkeep->arena, upkeep->n, sizeof *ids);
	char id[UUID_SIZE];

	ensure(ids);
	for (size_t i = 0; i < upkeep->n; i++) {
		const struct generation *generation = upkeep->generations[i];
		const struct facts *facts = &generation->log->facts;

		if (generation->stage == STAGE_GONE || !generation->held)
			continue;
		attempt_id(facts->id, facts->attempt, &CREDITS_V1_ID_HOLD, id);
		ids[req.n_hold_ids++] = arena_strdup(upkeep->arena, id);
	}
	if (req.n_hold_ids == 0)
		return;
	attempt_expire(engine->conf, upkeep->lease_us, &expire);
	req.hold_ids = ids;
	req.expire_time = &expire;
	engine_busy(engine);
	credits_v1_extend_holds_async(engine->options.credits, &(struct rpc_call_options){0}, &req,
				      on_extended, engine);
}

static void take_result(struct upkeep_work *upkeep, size_t i)
{
	struct generation *generation = upkeep->generations[i];

	if (generation->stage == STAGE_GONE || generation->stage == STAGE_END)
		return; /* the end names the lease itself */
	if (!upkeep->held[i]) {
		log_warn("lease_lost", LOG_S("generation", generation->log->facts.id),
			 LOG_S("request_id", generation->log->facts.request_id));
		generation_drop(generation);
		return;
	}
	generation->saved = generation->saving;
	if (upkeep->lease_us)
		generation->lease_us = upkeep->lease_us;
	if (upkeep->cancel[i] && !generation->cancel)
		generation_cancel(generation);
}

static void upkeep_done(struct work *work)
{
	struct upkeep_work *upkeep = (struct upkeep_work *)work;
	struct engine *engine = upkeep->engine;

	engine->upkeep_busy = false;
	if (work->status == OK) {
		for (size_t i = 0; i < upkeep->n; i++)
			take_result(upkeep, i);
		if (upkeep->lease_us && !engine->stopping)
			extend_holds(engine, upkeep);
	} else {
		log_warn("checkpoint_failed", LOG_S("reason", work->err.reason),
			 LOG_S("message", work->err.message));
		if (upkeep->renew)
			engine->renew_us = 0; /* try again with the next checkpoint */
	}
	for (size_t i = 0; i < upkeep->n; i++)
		generation_unref(upkeep->generations[i]);
	arena_free(upkeep->arena);
	free(upkeep);
}

void upkeep_begin(struct engine *engine)
{
	struct upkeep_work *upkeep = calloc(1, sizeof *upkeep);
	size_t n = (size_t)engine->n_generations, room = BATCH_BYTES_MAX;
	int64_t now_us = clock_mono_us();

	ensure(upkeep);
	upkeep->engine = engine;
	upkeep->work.run = run_upkeep;
	upkeep->work.done = upkeep_done;
	upkeep->arena = arena_new(16384, ARENA_BYTES(n));
	upkeep->generations = arena_array(upkeep->arena, n, sizeof *upkeep->generations);
	upkeep->held = arena_array(upkeep->arena, n, sizeof *upkeep->held);
	upkeep->cancel = arena_array(upkeep->arena, n, sizeof *upkeep->cancel);
	ensure(upkeep->generations && upkeep->held && upkeep->cancel);
	upkeep->ids = texts_of(upkeep->arena, n);
	upkeep->tokens = texts_of(upkeep->arena, n);
	upkeep->epochs = texts_of(upkeep->arena, n);
	upkeep->firsts = texts_of(upkeep->arena, n);
	upkeep->texts = texts_of(upkeep->arena, n);
	upkeep->reasonings = texts_of(upkeep->arena, n);
	upkeep->marks = texts_of(upkeep->arena, n);
	upkeep->items = texts_of(upkeep->arena, n);
	for (size_t b = 0; b < BUCKETS; b++) {
		for (struct generation *g = engine->generations[b]; g; g = g->next)
			add(upkeep, g, &room);
	}
	if (now_us >= engine->renew_us) {
		upkeep->renew = true;
		engine->renew_us = now_us + engine->conf->lease_ms / 3 * US_PER_MS;
	}
	engine->upkeep_busy = true;
	engine_submit(engine, &upkeep->work);
}
