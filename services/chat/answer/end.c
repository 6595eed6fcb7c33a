#include "chat/answer/end.h"

#include "chat/answer/attempt.h"
#include "chat/answer/vectors.h"
#include "chat/answer/wait.h"
#include "chat/words/state.h"
#include "credits/v1/rpc.h"
#include "runtime/base/ensure.h"

#include <stdlib.h>
#include <string.h>

#define MARKS_BYTES (16 << 20)
#define ARENA_BYTES (256 << 20) /* parameters: texts are copied, and marks are in hex */
#define COLUMNS 29              /* of generation_end */

/* The ends of one transaction. */
struct batch {
	struct end **ends;
	size_t n;
	struct outbox *outbox;
	struct outbox_left *left; /* their calls */
};

bool end_waits(const struct end *end)
{
	return end->generation->outcome.state == CHAT__V1__GENERATION__STATE__WAITING;
}

/* ---------------------------------------------------------------- credits is told */

/* A hold is settled, or voided where nothing is charged. */
struct release {
	char id[UUID_SIZE], hold_id[UUID_SIZE];
	Credits__V1__SettleRequest settle;
	Credits__V1__VoidRequest unhold;
};

static void release_call(const struct end *end, struct release *release, struct outbox_call *ret)
{
	const struct generation *generation = end->generation;
	const struct facts *facts = &generation->log->facts;
	bool charged = end->cost_microcredits > 0;

	attempt_id(facts->id, facts->attempt, &CREDITS_V1_ID_HOLD, release->hold_id);
	attempt_id(facts->id, facts->attempt, charged ? &CREDITS_V1_ID_SETTLE : &CREDITS_V1_ID_VOID,
		   release->id);
	credits__v1__settle_request__init(&release->settle);
	credits__v1__void_request__init(&release->unhold);
	*ret = (struct outbox_call){.id = release->id, .key = facts->id};
	if (charged) {
		release->settle.settle_id = release->id;
		release->settle.hold_id = release->hold_id;
		release->settle.amount_microcredits = end->cost_microcredits;
		release->settle.price_version = (char *)generation->model->price_version;
		ret->method = &credits_v1_settle_method;
		ret->req = &release->settle.base;
	} else {
		release->unhold.void_id = release->id;
		release->unhold.hold_id = release->hold_id;
		ret->method = &credits_v1_void_hold_method;
		ret->req = &release->unhold.base;
	}
}

/* The last statement of the transaction, but of an end in the background, which is told to its
 * user. */
static enum status release_holds(struct db *db, struct batch *batch, struct error *reterr)
{
	struct release releases[ENDS_MAX];
	struct outbox_call calls[ENDS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		if (!batch->ends[i]->lost && batch->ends[i]->generation->held) {
			release_call(batch->ends[i], &releases[n], &calls[n]);
			n++;
		}
	}
	if (n == 0)
		return OK;
	if (!batch->ends[0]->generation->background)
		db_tx_ends(db);
	return outbox_leave(batch->outbox, db, calls, n, &batch->left, reterr);
}

/* ---------------------------------------------------------------- one that is taken back */

static enum status withdraw_call_tx(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct batch *batch = ctx;
	struct end *end = batch->ends[0];
	const struct generation *generation = end->generation;
	const char *const params[] = {generation->log->facts.id,
				      db_param_i64(arena, generation->lease_token)};
	enum status s = db_query(db, &sql_api_call_withdraw, params, &rows, reterr);

	if (s != OK)
		return s;
	end->lost = PQntuples(rows) == 0;
	return end->lost ? OK : release_holds(db, batch, reterr);
}

/* The rows of a refused send go, and a hold that may exist is released. */
static enum status withdraw_tx(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 4096);
	_cleanup_(PQclearp) PGresult *chat_rows = NULL, *rows = NULL;
	struct batch *batch = ctx;
	struct end *end = batch->ends[0];
	const struct generation *generation = end->generation;
	const struct facts *facts = &generation->log->facts;
	const struct chat_before *before = &generation->before;
	const char *const chat_params[] = {facts->chat_id};
	const char *const params[] = {
		facts->id,
		db_param_i64(arena, generation->lease_token),
		*before->leaf ? before->leaf : NULL,
		facts->model,
		before->model,
		before->untitled ? before->title : NULL,
		before->update_time,
	};
	enum status s;

	s = db_query(db, &sql_generation_withdraw_chat, chat_params, &chat_rows, reterr);
	if (s == OK)
		s = db_query(db, &sql_generation_withdraw, params, &rows, reterr);
	if (s != OK)
		return s;
	end->lost = PQntuples(rows) == 0;
	return end->lost ? OK : release_holds(db, batch, reterr);
}

/* ---------------------------------------------------------------- those that ended */

static const char *marks_param(struct arena *arena, const struct end *end)
{
	_cleanup_(buf_done) struct buf marks;

	buf_init(&marks, MARKS_BYTES);
	log_encode(end->generation->log, 0, end->generation->log->n_marks, &marks);
	for (size_t i = 0; i < end->n_last; i++)
		buf_addc(&marks, (char)end->last[i]); /* events without text are their kind */
	return db_param_bytes(arena, marks.data, marks.len);
}

/* Rows name the model that answered, for its price counts. */
static enum status answered_by(struct db *db, const struct generation *generation,
			       struct arena *arena, struct error *reterr)
{
	const char *const params[] = {generation->log->facts.id,
				      db_param_i64(arena, generation->lease_token),
				      generation->model->id, generation->asked->id};

	return db_exec(db, &sql_generation_answered_by, params, NULL, reterr);
}

/* The parameters of one end, but for the users. */
static void describe(struct arena *arena, const struct end *end, const char *ret[COLUMNS])
{
	const struct generation *generation = end->generation;
	const struct event_log *log = generation->log;
	const struct outcome *outcome = &generation->outcome;
	const struct provider_route *route = generation->try.pick.route;
	bool failed = outcome->err.code != OK;
	const char *const values[COLUMNS] = {
		log->facts.id,
		db_param_i64(arena, generation->lease_token),
		NULL,
		state_word(outcome->state),
		buf_text(&log->text),
		buf_text(&log->reasoning),
		generation->prompt.embedding.input ? "" : buf_text(&log->items),
		db_param_i64(arena, end->text_tokens),
		marks_param(arena, end),
		stop_word(outcome->stop),
		log->facts.accepted ? "true" : "false",
		failed ? db_param_i64(arena, outcome->err.code) : NULL,
		failed ? outcome->err.reason : NULL,
		failed ? outcome->err.message : NULL,
		route ? route->provider->name : "",
		db_param_i64(arena, usage_prompt(&end->usage)),
		db_param_i64(arena, usage_completion(&end->usage)),
		db_param_i64(arena, end->cost_microcredits),
		end->source,
		generation->model ? generation->model->price_version : "",
		db_param_i64(arena, end->usage.cached_input),
		db_param_i64(arena, end->usage.cache_write_5m),
		db_param_i64(arena, end->usage.cache_write_1h),
		db_param_i64(arena, end->usage.image_input),
		db_param_i64(arena, end->usage.reasoning),
		db_param_i64(arena, end->usage.images),
		db_param_i64(arena, end->usage.audio_seconds),
		db_param_i64(arena, end->usage.tool_calls),
		end->list_microcredits >= 0 ? db_param_i64(arena, end->list_microcredits) : NULL,
	};

	memcpy(ret, values, sizeof values);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Their users, sorted, without repeats and those of API calls, which have no totals. */
static const char *users_param(struct arena *arena, const struct batch *batch)
{
	const char *users[ENDS_MAX];
	size_t n = 0, n_unique = 0;

	for (size_t i = 0; i < batch->n; i++) {
		if (!generation_is_call(batch->ends[i]->generation))
			users[n++] = batch->ends[i]->generation->log->facts.user_id;
	}
	qsort(users, n, sizeof *users, compare_texts);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(users[i], users[n_unique - 1]) != 0)
			users[n_unique++] = users[i];
	}
	return db_param_array(arena, users, n_unique);
}

static enum status end_rows(struct db *db, struct batch *batch, struct arena *arena,
			    struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *values[ENDS_MAX][COLUMNS], *column[ENDS_MAX], *params[COLUMNS];
	enum status s;

	for (size_t i = 0; i < batch->n; i++) {
		describe(arena, batch->ends[i], values[i]);
		batch->ends[i]->lost = true;
	}
	for (size_t c = 0; c < COLUMNS; c++) {
		for (size_t i = 0; i < batch->n; i++)
			column[i] = values[i][c];
		params[c] = db_param_array(arena, column, batch->n);
	}
	params[2] = users_param(arena, batch);
	if (arena->exhausted)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "%zu answers",
				 batch->n);
	s = db_query(db, &sql_generation_end, params, &rows, reterr);
	if (s != OK)
		return s;
	for (int row = 0; row < PQntuples(rows); row++) {
		struct end *end = batch->ends[db_i64(rows, row, "n") - 1];

		end->lost = false;
		end->end_us = db_i64(rows, row, "end_us");
		family_read(&end->family, rows, row);
	}
	return OK;
}

static enum status forget_checkpoints(struct db *db, const struct batch *batch, struct arena *arena,
				      struct error *reterr)
{
	const char *ids[ENDS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		if (batch->ends[i]->stored && !batch->ends[i]->lost)
			ids[n++] = batch->ends[i]->generation->log->facts.id;
	}
	if (n == 0)
		return OK;
	return db_exec(db, &sql_generation_forget,
		       (const char *const[]){db_param_array(arena, ids, n)}, NULL, reterr);
}

static enum status end_tx(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(16384, ARENA_BYTES);
	_cleanup_(db_ask_done) struct db_ask hurry = {&sql_generation_hurry, NULL, NULL};
	struct batch *batch = ctx;
	const struct end *first = batch->ends[0];
	const struct generation *generation = first->generation;
	bool background = generation->background;
	enum status s = OK;

	if (!first->alone)
		db_ahead(db, &hurry);
	if (generation->model != generation->asked)
		s = answered_by(db, generation, arena, reterr);
	if (s == OK)
		s = end_rows(db, batch, arena, reterr);
	if (s == OK)
		s = forget_checkpoints(db, batch, arena, reterr);
	if (s == OK && generation->prompt.embedding.input && !first->lost)
		s = vectors_store(db, generation->log, reterr);
	if (s == OK && background && !first->lost)
		s = wait_end(db, generation, arena, reterr);
	if (s == OK)
		s = release_holds(db, batch, reterr);
	if (s == OK && background && !first->lost)
		s = wait_tell(db, generation, arena, reterr);
	return s;
}

/* It waits for its next round. Nothing is held meanwhile. */
static enum status wait_tx(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 65536);
	struct batch *batch = ctx;
	struct end *end = batch->ends[0];
	enum status s = wait_store(db, end->generation, arena, &end->lost, reterr);

	return s == OK && !end->lost ? release_holds(db, batch, reterr) : s;
}

static int compare_ends(const void *a, const void *b)
{
	return strcmp((*(struct end *const *)a)->generation->log->facts.id,
		      (*(struct end *const *)b)->generation->log->facts.id);
}

static db_tx_fn *way_of(const struct end *end)
{
	if (end->withdrawn)
		return generation_is_call(end->generation) ? withdraw_call_tx : withdraw_tx;
	return end_waits(end) ? wait_tx : end_tx;
}

/* A transaction that repeats leaves its calls anew. */
static enum status run(struct db *db, void *ctx, struct error *reterr)
{
	struct batch *batch = ctx;

	outbox_left_free(TAKE_PTR(batch->left));
	return way_of(batch->ends[0])(db, batch, reterr);
}

enum status end_store(struct db *db, struct end **ends, size_t n, struct error *reterr)
{
	struct batch batch = {ends, n, ends[0]->generation->engine->options.outbox, NULL};
	enum status s;

	ensure(n <= ENDS_MAX);
	qsort(ends, n, sizeof *ends, compare_ends);
	s = db_tx(db, NULL, run, &batch, reterr);
	if (s == OK)
		outbox_go(batch.left);
	else
		outbox_left_free(batch.left);
	return s;
}
