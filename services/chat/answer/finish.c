#include "chat/answer/finish.h"

#include "chat/answer/charge.h"
#include "chat/answer/end.h"
#include "chat/catalogue/tokens.h"
#include "chat/provider/item.h"
#include "chat/title/naming.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/feed/feed.h"
#include "runtime/log/log.h"

#include <string.h>

#define RETRY_MS 200              /* while the database is away */
#define HIDDEN_TOKENS 4096        /* that a provider may add to a prompt of ours */
#define BATCHES_MAX 1             /* at a time: with two there are fewer ends in each */
#define BATCH_BYTES_MAX (1 << 20) /* of one with several ends: nobody waits for long texts */

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
static void learn(const struct generation *generation, const struct end *end)
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

static void meter(const struct generation *generation, struct end *end)
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
static void count(struct end *end)
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

/* ---------------------------------------------------------------- they are stored together */

/* Ends that one thread of the crew stores. */
struct end_batch {
	struct work work;
	struct engine *engine;
	struct end *ends[ENDS_MAX];
	size_t n;
};

static void end_free(struct end *end)
{
	generation_unref(end->generation);
	free(end);
}

static void tell(struct end *end)
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
	if (end->generation->background)
		feed_wake(end->generation->engine->options.events);
	naming_begin(end->generation);
	generation_over(end->generation);
}

static void submit(struct engine *engine, struct end *first);

static void end_again(void *ctx)
{
	struct end *end = ctx;

	if (end->generation->stage == STAGE_END)
		submit(end->generation->engine, end);
	else
		end_free(end);
}

static void end_failed(struct end *end, const struct error *err)
{
	const struct generation *generation = end->generation;

	log_warn("end_not_stored", LOG_S("generation", generation->log->facts.id),
		 LOG_S("request_id", generation->log->facts.request_id),
		 LOG_S("reason", err->reason), LOG_S("message", err->message));
	http_timer(generation->engine->http, RETRY_MS, end_again, end);
}

static void end_done(struct end *end)
{
	struct generation *generation = end->generation;

	if (generation->stage == STAGE_END) { /* it was not dropped meanwhile */
		if (end->lost || end_waits(end))
			generation_drop(generation); /* its watchers look where it is */
		else
			tell(end);
	}
	end_free(end);
}

/* One bad end must not keep the others: each is tried alone. */
static void batch_done(struct work *work)
{
	struct end_batch *batch = (struct end_batch *)work;
	struct engine *engine = batch->engine;
	bool alone = batch->ends[0]->alone;

	engine->end_batches -= !alone;
	for (size_t i = 0; i < batch->n; i++) {
		struct end *end = batch->ends[i];

		if (work->status == OK) {
			end_done(end);
		} else if (alone) {
			end_failed(end, &work->err);
		} else {
			end->alone = true;
			end_again(end);
		}
	}
	free(batch);
	if (engine->first_end && engine->end_batches < BATCHES_MAX)
		submit(engine, NULL);
}

static void run_batch(struct crew_member *member, struct work *work)
{
	struct end_batch *batch = (struct end_batch *)work;

	for (size_t i = 0; i < batch->n; i++) {
		if (!batch->ends[i]->withdrawn)
			count(batch->ends[i]);
	}
	work->status = end_store(member->worker, batch->ends, batch->n, &work->err);
}

/* Of the parameters, without numbers. */
static size_t end_bytes(const struct end *end)
{
	const struct event_log *log = end->generation->log;

	return log->text.len + log->reasoning.len + log->items.len + log->n_marks;
}

/* Takes those that wait, in their order. */
static void fill(struct engine *engine, struct end_batch *batch)
{
	size_t bytes = 0;

	while (engine->first_end && batch->n < ENDS_MAX) {
		struct end *end = engine->first_end;

		bytes += end_bytes(end);
		if (batch->n > 0 && bytes > BATCH_BYTES_MAX)
			return;
		engine->first_end = end->next;
		batch->ends[batch->n++] = end;
	}
}

/* first: an end that is alone; NULL: those that wait. */
static void submit(struct engine *engine, struct end *first)
{
	struct end_batch *batch = calloc(1, sizeof *batch);

	ensure(batch);
	batch->work.run = run_batch;
	batch->work.done = batch_done;
	batch->engine = engine;
	if (first) {
		batch->ends[batch->n++] = first;
		first->alone = true;
	} else {
		fill(engine, batch);
		engine->end_batches++;
	}
	engine_submit(engine, &batch->work);
}

/* Ends that come while others are stored wait for them, and share the next transaction. One that
 * comes alone waits for nobody. */
static void store(struct engine *engine, struct end *end)
{
	if (end->alone) {
		submit(engine, end);
		return;
	}
	if (engine->first_end)
		engine->last_end->next = end;
	else
		engine->first_end = end;
	engine->last_end = end;
	if (engine->end_batches < BATCHES_MAX)
		submit(engine, NULL);
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

static struct end *end_new(struct generation *generation)
{
	struct end *end = calloc(1, sizeof *end);

	ensure(end);
	end->list_microcredits = -1;
	end->generation = generation_ref(generation);
	return end;
}

static bool failed_or_stopped(const struct generation *generation)
{
	return generation->outcome.state != CHAT__V1__GENERATION__STATE__DONE;
}

/* Its last events and its cost. */
static void conclude(struct generation *generation, struct end *end)
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
	struct end *end = end_new(generation);

	/* Watchers may have seen a later attempt, so its refusal is an end like others. */
	if (generation->outcome.refused && generation->log->facts.attempt == 1) {
		end->withdrawn = true;
		end->last[end->n_last++] = EVENT_ERROR;
	} else if (!end_waits(end)) {
		conclude(generation, end);
	}
	end->alone = end->withdrawn || generation->background ||
		     generation->model != generation->asked || generation->prompt.embedding.input;
	store(generation->engine, end);
}
