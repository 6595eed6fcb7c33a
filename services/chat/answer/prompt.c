#include "chat/answer/prompt.h"

#include "chat/message/context.h"
#include "chat/provider/embeddings.h"

#include <inttypes.h>

#define REACH_PERCENT \
	125 /* of our count of the prompt: what the provider may count, for the tier */

int64_t prompt_price(const struct model *model, int64_t prompt_tokens, int64_t output_tokens)
{
	return price_most(&model->price, prompt_tokens, prompt_tokens * REACH_PERCENT / 100,
			  output_tokens);
}

static struct prompt_size size_of(const struct generation *generation)
{
	return (struct prompt_size){generation->counted_tokens,
				    generation->prompt.max_output_tokens};
}

/* The longest answer that the model may give to this question. */
static int32_t output_of(const struct prompt_size *size, const struct model *model)
{
	return size->output < model->max_output_tokens ? size->output : model->max_output_tokens;
}

/* bound: what 99 of 100 prompts stay within. */
static bool fits(const struct prompt_size *size, const struct model *model, int64_t bound)
{
	return bound + output_of(size, model) <= model->window_tokens;
}

bool prompt_fits(const struct generation *generation, const struct model *model)
{
	const struct prompt_size size = size_of(generation);

	return fits(&size, model,
		    tokens_bound(generation->engine->options.tokens, model->family, size.counted));
}

int64_t prompt_hold(struct tokens *tokens, const struct catalogue *catalogue,
		    const struct model *asked, const struct prompt_size *size)
{
	int64_t bound = tokens_bound(tokens, asked->family, size->counted);
	int64_t most = prompt_price(asked, bound, size->output);

	for (const char *const *id = asked->fallback; id && *id; id++) {
		const struct model *model = catalogue_find(catalogue, *id);
		int64_t cost;

		if (!model)
			continue;
		bound = tokens_bound(tokens, model->family, size->counted);
		if (!fits(size, model, bound))
			continue;
		cost = prompt_price(model, bound, output_of(size, model));
		if (cost > most)
			most = cost;
	}
	return most;
}

static void set_model(struct generation *generation, const struct model *model)
{
	const struct prompt_size size = size_of(generation);

	generation->asked = generation->model = model;
	generation->hold_microcredits = prompt_hold(generation->engine->options.tokens,
						    generation->catalogue, model, &size);
}

/* Vectors that are too many are refused before anybody is asked. */
static enum status embedding_fits(const struct api_limits *limits, const struct question *question,
				  const struct model *model, struct error *reterr)
{
	const struct prompt_embedding *embedding = &question->request.prompt.embedding;
	int32_t dimensions = embedding->dimensions ? embedding->dimensions : model->dimensions;

	if (dimensions > model->dimensions)
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "dimensions",
				   "%s has at most %" PRId32, model->name, model->dimensions);
	if (embeddings_bytes((int64_t)embedding->n, dimensions) > limits->vectors_bytes)
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "input",
				   "%zu vectors of %" PRId32
				   " dimensions are more than the %" PRId64
				   " bytes of an answer: send fewer, or ask for fewer dimensions",
				   embedding->n, dimensions, limits->vectors_bytes);
	if (question->tokens > limits->input_tokens)
		return error_field(reterr, INVALID_ARGUMENT, "context_too_long", "input",
				   "all inputs have %" PRId32 " tokens, and may have %" PRId64
				   ": send fewer",
				   question->tokens, limits->input_tokens);
	if (embedding->longest > model->window_tokens)
		return error_field(reterr, INVALID_ARGUMENT, "context_too_long", "input",
				   "one input has %" PRId64 " tokens, and %s takes %" PRId32,
				   embedding->longest, model->name, model->window_tokens);
	return OK;
}

enum status prompt_output(const struct engine *engine, const struct question *question,
			  const struct model *model, int32_t *ret, struct error *reterr)
{
	int64_t room = model->window_tokens -
		       tokens_bound(engine->options.tokens, model->family, question->tokens);
	int32_t asked = question->request.prompt.max_output_tokens;

	*ret = 0;
	if (question->request.prompt.embedding.input)
		return embedding_fits(&engine->conf->call_limits, question, model, reterr);
	if (asked == 0 || asked > model->max_output_tokens)
		asked = model->max_output_tokens;
	if (room < 1)
		return error_field(reterr, INVALID_ARGUMENT, "context_too_long", "messages",
				   "the request does not fit the %" PRId32 " tokens that %s takes",
				   model->window_tokens, model->name);
	*ret = room < asked ? (int32_t)room : asked;
	return OK;
}

static int32_t dimensions_of(const struct prompt *prompt, const struct model *model)
{
	return prompt->embedding.dimensions ? prompt->embedding.dimensions : model->dimensions;
}

int64_t prompt_vectors(const struct prompt *prompt, const struct model *model)
{
	if (!prompt->embedding.input)
		return 0;
	return embeddings_bytes((int64_t)prompt->embedding.n, dimensions_of(prompt, model));
}

/* Room for the vectors, which are in one piece until all are there. */
static void take_vectors(struct generation *generation, const struct model *model)
{
	struct prompt *prompt = &generation->prompt;

	prompt->embedding.dimensions_max = dimensions_of(prompt, model);
	generation->log->items.max = (size_t)prompt_vectors(prompt, model);
}

enum status prompt_take(struct generation *generation, struct question *question,
			const struct model *model, struct error *reterr)
{
	int32_t output;
	enum status s = prompt_output(generation->engine, question, model, &output, reterr);

	if (s != OK)
		return s;
	arena_free(generation->arena);
	generation->arena = TAKE_PTR(question->arena);
	generation->prompt = question->request.prompt;
	generation->prompt.max_output_tokens = output;
	generation->prompt_bytes = question->bytes;
	generation->counted_tokens = question->tokens;
	generation->seen_whole = !question->request.stream;
	if (generation->prompt.embedding.input)
		take_vectors(generation, model);
	set_model(generation, model);
	return OK;
}

/* A lost replica's generation reads its stored question again. */
static enum status read_call(struct generation *generation, struct db *db,
			     const struct model *model, struct error *reterr)
{
	_cleanup_(question_done) struct question question = {0};
	enum status s =
		question_stored(db, generation->log->facts.id, generation->engine->options.tokens,
				&generation->engine->conf->call_limits, &question, reterr);

	if (s != OK)
		return s;
	generation->cancel_unread = question.cancel_unread;
	generation_budget(generation, question.api_key_id);
	return prompt_take(generation, &question, model, reterr);
}

int32_t prompt_output_of(const struct model *model, int32_t asked)
{
	return asked == 0 || asked > model->max_output_tokens ? model->max_output_tokens : asked;
}

/* question: its tokens, with which the transaction may end; negative: it goes on. */
static enum status read_branch(struct generation *generation, struct db *db,
			       int32_t max_output_tokens, int64_t question, struct error *reterr)
{
	const struct facts *facts = &generation->log->facts;
	const struct model *model;
	struct context context;
	struct tokens *tokens = generation->engine->options.tokens;
	int64_t budget, room;
	enum status s;

	catalogue_unref(generation->catalogue); /* a transaction may repeat it */
	generation->catalogue = current_catalogue(generation->engine->options.current);
	s = chat_model(generation->catalogue, facts->model, "", &model, reterr);
	if (s != OK)
		return s;
	if (generation_is_call(generation))
		return read_call(generation, db, model, reterr);
	max_output_tokens = prompt_output_of(model, max_output_tokens);
	budget = model->window_tokens - max_output_tokens;
	room = tokens_room(tokens, model->family, budget);
	if (question >= 0 && question + TOKENS_PER_MESSAGE <= room)
		db_tx_ends(db);
	s = context_read(db, facts->user_message, room, generation->arena, &context, reterr);
	if (s != OK)
		return s;
	if (context.n == 0 && context.tokens > 0)
		return error_field(reterr, INVALID_ARGUMENT, "context_too_long", "text",
				   "the message and the %" PRId32 " tokens of its project's "
				   "instructions and prompts do not fit the %" PRId64
				   " tokens that %s takes: switch some off",
				   context.tokens, budget, model->name);
	if (context.n == 0)
		return error_field(reterr, INVALID_ARGUMENT, "context_too_long", "text",
				   "the message does not fit the %" PRId64 " tokens that %s takes",
				   budget, model->name);
	generation->n_budgets = 0; /* a transaction may repeat it */
	generation_budget(generation, context.project);
	generation->prompt.messages = context.turns;
	generation->prompt.n_messages = context.n;
	generation->prompt.max_output_tokens = max_output_tokens;
	generation->prompt_bytes = context.bytes;
	generation->counted_tokens = context.tokens;
	set_model(generation, model);
	return OK;
}

enum status prompt_read(struct generation *generation, struct db *db, int32_t max_output_tokens,
			struct error *reterr)
{
	return read_branch(generation, db, max_output_tokens, -1, reterr);
}

enum status prompt_read_last(struct generation *generation, struct db *db, struct db_ask *start,
			     int32_t max_output_tokens, int64_t question_tokens,
			     struct error *reterr)
{
	enum status s;

	db_ahead(db, start);
	s = read_branch(generation, db, max_output_tokens, question_tokens, reterr);
	if (s == OK || !start->rows || db_tx_goes_on(db))
		return s;
	generation->doom = *reterr;
	generation->doom.code = s;
	return OK;
}
