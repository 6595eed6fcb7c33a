#include "chat/answer/generation.h"

#include "chat/answer/places.h"

#include "chat/answer/places.h"
#include "chat/words/state.h"
#include "runtime/base/ensure.h"
#include "runtime/metrics/metrics.h"

#include <string.h>

METRIC_FAMILY(ended_total) = {
	.name = "chat_generations_total",
	.help = "Generations that ended here, by state.",
	.labels = "state",
	.kind = METRIC_COUNTER,
};

#define ARENA_CHUNK_BYTES 1024 /* the first; a long prompt has larger ones */

/* ---------------------------------------------------------------- made and freed */

struct generation *generation_new(struct engine *engine, const char *id)
{
	struct generation *generation = calloc(1, sizeof *generation);

	ensure(generation);
	generation->engine = engine;
	generation->refs = 1;
	generation->arena = arena_new(ARENA_CHUNK_BYTES, GENERATION_ARENA_BYTES);
	generation->log = log_new(1, (size_t)engine->conf->answer_bytes_max);
	snprintf(generation->log->facts.id, UUID_SIZE, "%s", id);
	generation->log->facts.state = CHAT__V1__GENERATION__STATE__RUNNING;
	generation->log->facts.attempt = 1;
	return generation;
}

struct generation *generation_ref(struct generation *generation)
{
	generation->refs++;
	return generation;
}

void provider_try_done(struct provider_try *try)
{
	answer_done(&try->answer);
	buf_done(&try->refusal);
}

void generation_unref(struct generation *generation)
{
	if (--generation->refs > 0)
		return;
	places_give(generation->engine, generation->log->facts.user_id, generation->bytes);
	provider_try_done(&generation->try);
	log_unref(generation->log);
	log_unref(generation->former);
	catalogue_unref(generation->catalogue);
	arena_free(generation->arena);
	free(generation);
}

void generation_budget(struct generation *generation, const char *id)
{
	if (*id && generation->n_budgets < GENERATION_BUDGETS_MAX)
		snprintf(generation->budgets[generation->n_budgets++], UUID_SIZE, "%s", id);
}

static void copy(char *out, size_t size, const PGresult *rows, int row, const char *column)
{
	snprintf(out, size, "%s", db_peek(rows, row, column));
}

#define COPY(member, column) copy(facts->member, sizeof facts->member, rows, row, column)

void generation_read(struct generation *generation, const PGresult *rows, int row)
{
	struct facts *facts = &generation->log->facts;

	COPY(user_id, "user_id");
	COPY(chat_id, "chat_id");
	COPY(user_message, "user_message_id");
	COPY(assistant_message, "assistant_message_id");
	COPY(model, "model");
	COPY(request_id, "request_id");
	facts->attempt = db_i32(rows, row, "attempt");
	facts->create_us = db_i64(rows, row, "create_us");
	generation->log->epoch = facts->attempt;
	generation->lost = db_i32(rows, row, "lost");
	generation->lease_token = db_i64(rows, row, "lease_token");
	generation->lease_us = db_i64(rows, row, "lease_us");
	generation->cancel = db_bool(rows, row, "cancel_requested");
	generation->background = db_bool(rows, row, "background");
	generation->rounds = db_i32(rows, row, "rounds");
	generation->prompt.has_temperature = !db_is_null(rows, row, "temperature");
	generation->prompt.temperature = db_double(rows, row, "temperature");
	generation->prompt.has_top_p = !db_is_null(rows, row, "top_p");
	generation->prompt.top_p = db_double(rows, row, "top_p");
	snprintf(generation->context.request_id, sizeof generation->context.request_id, "%s",
		 facts->request_id);
}

/* ---------------------------------------------------------------- those that run here */

static struct generation **bucket(struct engine *engine, const char *id)
{
	return &engine->generations[bucket_of(id)];
}

struct generation *generation_find(struct engine *engine, const char *id)
{
	struct generation *generation = *bucket(engine, id);

	while (generation && strcmp(generation->log->facts.id, id) != 0)
		generation = generation->next;
	return generation;
}

void generation_enter(struct generation *generation)
{
	struct engine *engine = generation->engine;
	struct generation **at = bucket(engine, generation->log->facts.id);

	generation->next = *at;
	*at = generation;
	engine->n_generations++;
	engine->n_background += generation->background;
	places_run(engine, generation->log->facts.user_id);
}

void generation_leave(struct generation *generation)
{
	struct engine *engine = generation->engine;
	struct generation **at = bucket(engine, generation->log->facts.id);

	while (*at != generation)
		at = &(*at)->next;
	*at = generation->next;
	engine->n_generations--;
	engine->n_background -= generation->background;
	places_rest(engine, generation->log->facts.user_id);
	if (generation->try.transfer)
		http_cancel(generation->try.transfer);
}

/* ---------------------------------------------------------------- listeners */

void generation_listen(struct generation *generation, struct listener *listener)
{
	listener->generation = generation;
	listener->next = generation->listeners;
	listener->here = &generation->listeners;
	if (listener->next)
		listener->next->here = &listener->next;
	generation->listeners = listener;
}

void listener_leave(struct listener *listener)
{
	if (!listener->generation)
		return;
	*listener->here = listener->next;
	if (listener->next)
		listener->next->here = listener->here;
	listener->generation = NULL;
	listener->next = NULL;
	listener->here = NULL;
}

void generation_changed(struct generation *generation)
{
	struct listener *listener, *next;

	for (listener = generation->listeners; listener; listener = next) {
		next = listener->next;
		if (listener->changed)
			listener->changed(listener);
	}
}

static struct listener *listener_take(struct generation *generation)
{
	struct listener *listener = generation->listeners;

	if (listener)
		listener_leave(listener);
	return listener;
}

/* ---------------------------------------------------------------- events */

struct event_log *generation_shown(const struct generation *generation)
{
	if (generation->log->n_marks == 0 && generation->former)
		return generation->former;
	return generation->log;
}

void generation_begin_events(struct generation *generation)
{
	if (!generation->reset_due)
		return;
	generation->reset_due = false;
	log_add(generation->log, EVENT_RESET);
}

/* ---------------------------------------------------------------- the end */

void generation_end(struct generation *generation, Chat__V1__Generation__State state,
		    Chat__V1__StopReason stop, const struct error *err)
{
	generation->outcome.state = state;
	generation->outcome.stop = stop;
	if (err)
		generation->outcome.err = *err;
	generation_advance(generation, STAGE_END);
}

void generation_end_cancelled(struct generation *generation)
{
	generation_end(generation, CHAT__V1__GENERATION__STATE__CANCELLED,
		       CHAT__V1__STOP_REASON__CANCELLED, NULL);
}

void generation_end_refused(struct generation *generation, const struct error *err)
{
	generation->outcome.refused = true;
	generation_end(generation, CHAT__V1__GENERATION__STATE__FAILED, 0, err);
}

void generation_cancel(struct generation *generation)
{
	generation->cancel = true;
	if (generation->try.transfer)
		http_cancel(generation->try.transfer);
	else if (generation->stage == STAGE_PAUSE)
		generation_end_cancelled(generation);
}

void generation_unread(struct generation *generation)
{
	if (generation->cancel_unread && !generation->listeners && !generation->cancel &&
	    generation->stage < STAGE_END)
		generation_cancel(generation);
}

void generation_drop(struct generation *generation)
{
	struct listener *listener;

	if (generation->stage == STAGE_GONE)
		return;
	generation_advance(generation, STAGE_GONE);
	while ((listener = listener_take(generation)))
		listener->dropped(listener);
	generation_unref(generation);
}

void generation_drop_all(struct engine *engine)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		while (engine->generations[i])
			generation_drop(engine->generations[i]);
	}
}

void generation_over(struct generation *generation)
{
	const char *const labels[] = {state_word(generation->log->facts.state)};
	struct listener *listener;

	metric_add(metric_get(&ended_total, labels), 1);
	generation_advance(generation, STAGE_GONE);
	while ((listener = listener_take(generation)))
		listener->over(listener, generation->log);
	generation_unref(generation);
}
