#include "chat/answer/finish.h"

#include "chat/answer/attempt.h"
#include "chat/answer/charge.h"
#include "chat/answer/vectors.h"
#include "chat/answer/wait.h"
#include "chat/catalogue/tokens.h"
#include "chat/provider/item.h"
#include "chat/words/state.h"
#include "credits/v1/rpc.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/feed/feed.h"
#include "runtime/log/log.h"

#include <string.h>

#define RETRY_MS 200           /* while the database is away */
#define HIDDEN_TOKENS 4096     /* that a provider may add to a prompt of ours */
#define ARENA_BYTES (16 << 20) /* parameters of the statement: texts, marks in hex */

struct end_work {
	struct work work;
	struct generation *generation;
	const char *source; /* of the token counts; NULL: nothing is charged */
	bool counted;       /* … by us */
	bool begun;         /* … the output alone: the provider told that of the beginning */
	struct usage usage;
	int32_t text_tokens; /* in o200k */
	int64_t cost_microcredits;
	int64_t list_microcredits; /* by the provider's list price; -1: not known */
	enum event_kind last[2];   /* that tell the watchers */
	size_t n_last;
	bool stored;    /* checkpoints may exist */
	bool withdrawn; /* refused: nothing of it stays */
	bool lost;
	int64_t end_us;
	struct family family;
};

/* Vectors have no tokens of their own. */
static bool completion_fits(const struct generation *generation, int64_t completion)
{
	if (generation->prompt.embedding.input)
		return completion == 0;
	return (completion >= 1 ||
		(generation->try.answer.stream.usage_begun && completion == 0)) &&
	       completion <= generation->prompt.max_output_tokens;
}

/* Of an embedding each input has a window. */
static int64_t prompt_max(const struct generation *generation)
{
	int64_t n =
		generation->prompt.embedding.input ? (int64_t)generation->prompt.embedding.n : 1;

	return generation->model->window_tokens * n;
}

/* A count of the provider's is believed as long as it is possible. Otherwise we count. */
static bool believable(const struct generation *generation)
{
	const struct provider_stream *stream = &generation->try.answer.stream;
	int64_t prompt;

	if (!stream->has_usage || !price_usage_valid(&stream->usage))
		return false;
	prompt = usage_prompt(&stream->usage);
	return prompt >= 1 && prompt <= prompt_max(generation) &&
	       prompt <= generation->prompt_bytes + HIDDEN_TOKENS &&
	       completion_fits(generation, usage_completion(&stream->usage));
}

/* A program that wants the answer whole gets nothing of one that failed, and will ask again. */
static bool shown_nothing(const struct generation *generation)
{
	return generation_is_call(generation) && generation->seen_whole &&
	       generation->outcome.state == CHAT__V1__GENERATION__STATE__FAILED;
}

static bool paid(const struct generation *generation)
{
	const struct charge_facts facts = {
		.state = generation->outcome.state,
		.stop = generation->outcome.stop,
		.written = generation->written,
		.worthless = generation->unpaid || shown_nothing(generation),
		.lost = generation->doom.code != OK,
	};

	return charge_rules[charge_end(&facts)].paid;
}

/* The prompt's count is compared with the provider's, where both are of the same text. */
static void learn(const struct generation *generation, const struct end_work *end)
{
	const struct provider_route *route = generation->try.pick.route;
	const struct prompt *prompt = &generation->prompt;

	if (prompt->embedding.input)
		return;
	for (size_t i = 0; i < prompt->n_messages; i++) {
		if (prompt->messages[i].n_parts > 0)
			return;
	}
	if (prompt->n_tools == 0 && route && !route->provider->demo)
		tokens_learn(generation->engine->options.tokens, generation->model->family,
			     generation->counted_tokens, usage_prompt(&end->usage));
}

/* Of the prompt, by our count. Tokens of the caller's are what they are. */
static int64_t expected(const struct generation *generation)
{
	if (generation->prompt.embedding.tokens > 0)
		return generation->prompt.embedding.tokens;
	return tokens_expected(generation->engine->options.tokens, generation->model->family,
			       generation->counted_tokens);
}

static void meter(const struct generation *generation, struct end_work *end)
{
	if (!paid(generation))
		return;
	if (believable(generation)) {
		end->begun = generation->try.answer.stream.usage_begun;
		end->source = end->begun ? "COUNTED" : "PROVIDER";
		end->usage = generation->try.answer.stream.usage;
		learn(generation, end);
	} else {
		end->counted = true;
		end->source = "COUNTED";
		end->usage = (struct usage){.input = expected(generation)};
	}
}

/* Tokens of what the model wrote beside its text: names and arguments of calls. */
static int64_t count_items(struct tokens *tokens, const char *family, const struct buf *items)
{
	_cleanup_(buf_done) struct buf words;

	buf_init(&words, items->max);
	item_words(buf_text(items), items->len, &words);
	return tokens_count_of(tokens, family, buf_text(&words), words.len);
}

/* The provider's list price of it, whatever was held. -1: the list has no such model. */
static int64_t list_cost(const struct generation *generation, const struct usage *usage)
{
	const struct price *price =
		list_price_find(generation->catalogue->list, generation->model->id);

	return price ? price_cost(price, usage) : -1;
}

/* What takes time or the whole text: on the crew. A repeat finds the same. */
static void count(struct end_work *end)
{
	const struct generation *generation = end->generation;
	const struct buf *text = &generation->log->text, *reasoning = &generation->log->reasoning;
	struct tokens *tokens = generation->engine->options.tokens;
	const char *family;

	end->text_tokens = tokens_count(tokens, buf_text(text), text->len);
	if (!end->source)
		return;
	family = generation->model->family;
	if ((end->counted || end->begun) && !generation->prompt.embedding.input) {
		end->usage.output = tokens_count_of(tokens, family, buf_text(text), text->len) +
				    count_items(tokens, family, &generation->log->items);
		end->usage.reasoning =
			tokens_count_of(tokens, family, buf_text(reasoning), reasoning->len);
	}
	end->cost_microcredits = charge_bounded(price_cost(&generation->model->price, &end->usage),
						generation->hold_microcredits);
	end->list_microcredits = list_cost(generation, &end->usage);
}

static enum status add_settle(struct db *db, const struct end_work *end, const char *hold_id,
			      struct error *reterr)
{
	const struct generation *generation = end->generation;
	const struct facts *facts = &generation->log->facts;
	Credits__V1__SettleRequest req = CREDITS__V1__SETTLE_REQUEST__INIT;
	char id[UUID_SIZE];

	attempt_id(facts->id, facts->attempt, &CREDITS_V1_ID_SETTLE, id);
	req.settle_id = id;
	req.hold_id = (char *)hold_id;
	req.amount_microcredits = end->cost_microcredits;
	req.price_version = (char *)generation->model->price_version;
	return outbox_add(db, id, facts->id, &credits_v1_settle_method, &req.base, reterr);
}

static enum status add_void(struct db *db, const struct end_work *end, const char *hold_id,
			    struct error *reterr)
{
	const struct facts *facts = &end->generation->log->facts;
	Credits__V1__VoidRequest req = CREDITS__V1__VOID_REQUEST__INIT;
	char id[UUID_SIZE];

	attempt_id(facts->id, facts->attempt, &CREDITS_V1_ID_VOID, id);
	req.void_id = id;
	req.hold_id = (char *)hold_id;
	return outbox_add(db, id, facts->id, &credits_v1_void_hold_method, &req.base, reterr);
}

/* The last statement of an end, but of one in the background, which is told to its user. */
static enum status release_hold(struct db *db, const struct end_work *end, struct error *reterr)
{
	const struct facts *facts = &end->generation->log->facts;
	char hold_id[UUID_SIZE];

	if (!end->generation->held)
		return OK;
	if (!end->generation->background)
		db_tx_ends(db);
	attempt_id(facts->id, facts->attempt, &CREDITS_V1_ID_HOLD, hold_id);
	if (end->cost_microcredits > 0)
		return add_settle(db, end, hold_id, reterr);
	return add_void(db, end, hold_id, reterr);
}

static const char *marks_param(struct arena *arena, const struct end_work *end)
{
	_cleanup_(buf_done) struct buf marks;

	buf_init(&marks, ARENA_BYTES);
	log_encode(end->generation->log, 0, end->generation->log->n_marks, &marks);
	for (size_t i = 0; i < end->n_last; i++)
		buf_addc(&marks, (char)end->last[i]); /* events without text are their kind */
	return db_param_bytes(arena, marks.data, marks.len);
}

static enum status withdraw_call_tx(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct end_work *end = ctx;
	const struct generation *generation = end->generation;
	const char *const params[] = {generation->log->facts.id,
				      db_param_i64(arena, generation->lease_token)};
	enum status s = db_query(db, &sql_api_call_withdraw, params, &rows, reterr);

	if (s != OK)
		return s;
	end->lost = PQntuples(rows) == 0;
	return end->lost ? OK : release_hold(db, end, reterr);
}

/* The rows of a refused send go, and a hold that may exist is released. */
static enum status withdraw_tx(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 4096);
	_cleanup_(PQclearp) PGresult *chat_rows = NULL, *rows = NULL;
	struct end_work *end = ctx;
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
	return end->lost ? OK : release_hold(db, end, reterr);
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

static enum status end_tx(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, ARENA_BYTES * 4);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct end_work *end = ctx;
	const struct generation *generation = end->generation;
	const struct event_log *log = generation->log;
	const struct outcome *outcome = &generation->outcome;
	bool failed = outcome->err.code != OK;
	const char *const params[] = {
		log->facts.id,
		db_param_i64(arena, generation->lease_token),
		state_word(outcome->state),
		buf_text(&log->text),
		buf_text(&log->reasoning),
		db_param_i64(arena, end->text_tokens),
		marks_param(arena, end),
		stop_word(outcome->stop),
		log->facts.accepted ? "true" : "false",
		failed ? db_param_i64(arena, outcome->err.code) : NULL,
		failed ? outcome->err.reason : NULL,
		failed ? outcome->err.message : NULL,
		generation->try.pick.route ? generation->try.pick.route->provider->name : "",
		db_param_i64(arena, usage_prompt(&end->usage)),
		db_param_i64(arena, usage_completion(&end->usage)),
		db_param_i64(arena, end->cost_microcredits),
		end->source,
		generation->model ? generation->model->price_version : "",
		generation->prompt.embedding.input ? "" : buf_text(&log->items),
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
	enum status s = OK;

	if (generation->model != generation->asked)
		s = answered_by(db, generation, arena, reterr);
	if (s == OK)
		s = db_query(db, &sql_generation_end, params, &rows, reterr);
	if (s != OK)
		return s;
	end->lost = PQntuples(rows) == 0;
	if (end->lost)
		return OK;
	end->end_us = db_i64(rows, 0, "end_us");
	family_read(&end->family, rows);
	if (end->stored)
		s = db_exec(db, &sql_generation_forget, params, NULL, reterr);
	if (s == OK && generation->prompt.embedding.input)
		s = vectors_store(db, log, reterr);
	if (s == OK && generation->background)
		s = wait_end(db, generation, arena, reterr);
	if (s == OK)
		s = release_hold(db, end, reterr);
	return s == OK && generation->background ? wait_tell(db, generation, arena, reterr) : s;
}

/* It waits for its next round. Nothing is held meanwhile. */
static enum status wait_tx(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 65536);
	struct end_work *end = ctx;
	enum status s = wait_store(db, end->generation, arena, &end->lost, reterr);

	return s == OK && !end->lost ? release_hold(db, end, reterr) : s;
}

static bool is_waiting(const struct generation *generation)
{
	return generation->outcome.state == CHAT__V1__GENERATION__STATE__WAITING;
}

static void run_end(struct crew_member *member, struct work *work)
{
	struct end_work *end = (struct end_work *)work;
	db_tx_fn *fn = end_tx;

	if (!end->withdrawn)
		count(end);
	if (end->withdrawn)
		fn = generation_is_call(end->generation) ? withdraw_call_tx : withdraw_tx;
	else if (is_waiting(end->generation))
		fn = wait_tx;
	work->status = db_tx(member->worker, NULL, fn, work, &work->err);
}

static void end_free(struct end_work *end)
{
	generation_unref(end->generation);
	free(end);
}

static void tell(struct end_work *end)
{
	const struct outcome *outcome = &end->generation->outcome;
	struct event_log *log = end->generation->log;
	struct facts *facts = &log->facts;

	facts->state = outcome->state;
	facts->stop_reason = outcome->stop;
	facts->prompt_tokens = (int32_t)usage_prompt(&end->usage);
	facts->completion_tokens = (int32_t)usage_completion(&end->usage);
	facts->cached_tokens = (int32_t)end->usage.cached_input;
	facts->cache_write_tokens =
		(int32_t)(end->usage.cache_write_5m + end->usage.cache_write_1h);
	facts->reasoning_tokens = (int32_t)end->usage.reasoning;
	facts->cost_microcredits = end->cost_microcredits;
	facts->end_us = end->end_us;
	facts->err = outcome->err;
	facts->family = end->family;
	for (size_t i = 0; i < end->n_last; i++)
		log_add(log, end->last[i]);
	log->ended = true;
	outbox_wake(end->generation->engine->options.outbox);
	if (end->generation->background)
		feed_wake(end->generation->engine->options.events);
	generation_over(end->generation);
}

static void end_again(void *ctx)
{
	struct end_work *end = ctx;

	if (end->generation->stage == STAGE_END)
		engine_submit(end->generation->engine, &end->work);
	else
		end_free(end);
}

static void end_done(struct work *work)
{
	struct end_work *end = (struct end_work *)work;
	struct generation *generation = end->generation;

	if (generation->stage != STAGE_END) { /* it was dropped meanwhile */
		end_free(end);
		return;
	}
	if (work->status != OK) {
		log_warn("end_not_stored", LOG_S("generation", generation->log->facts.id),
			 LOG_S("request_id", generation->log->facts.request_id),
			 LOG_S("reason", work->err.reason), LOG_S("message", work->err.message));
		http_timer(generation->engine->http, RETRY_MS, end_again, end);
		return;
	}
	if (end->lost || is_waiting(generation))
		generation_drop(generation); /* its watchers look where it is */
	else
		tell(end);
	end_free(end);
}

/* An attempt that wrote nothing keeps the text of an earlier one. It costs nothing. */
static void keep_former(struct generation *generation)
{
	const struct event_log *former = generation->former;

	if (generation->written || !former)
		return;
	generation_begin_events(generation);
	log_add_all(generation->log, former);
}

static struct end_work *end_new(struct generation *generation)
{
	struct end_work *end = calloc(1, sizeof *end);

	ensure(end);
	end->list_microcredits = -1;
	end->work.run = run_end;
	end->work.done = end_done;
	end->generation = generation_ref(generation);
	return end;
}

static bool failed_or_stopped(const struct generation *generation)
{
	return generation->outcome.state != CHAT__V1__GENERATION__STATE__DONE;
}

/* Its last events and its cost. */
static void conclude(struct generation *generation, struct end_work *end)
{
	bool failed = generation->outcome.err.code != OK;

	meter(generation, end);
	end->stored = generation->log->facts.attempt > 1 || generation->saving.index > 0;
	if (generation->prompt.embedding.input && failed_or_stopped(generation))
		log_clear(generation->log); /* some vectors are of no use */
	generation_begin_events(generation);
	keep_former(generation);
	if (generation->log->facts.accepted && (!failed || end->source))
		end->last[end->n_last++] = EVENT_USAGE;
	end->last[end->n_last++] = failed ? EVENT_ERROR : EVENT_DONE;
}

void finish_begin(struct generation *generation)
{
	struct end_work *end = end_new(generation);

	/* Watchers may have seen a later attempt, so its refusal is an end like others. */
	if (generation->outcome.refused && generation->log->facts.attempt == 1) {
		end->withdrawn = true;
		end->last[end->n_last++] = EVENT_ERROR;
	} else if (!is_waiting(generation)) {
		conclude(generation, end);
	}
	engine_submit(generation->engine, &end->work);
}
