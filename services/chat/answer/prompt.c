#include "chat/answer/prompt.h"

#include "chat/message/context.h"

#include <inttypes.h>

#define REACH_PERCENT \
	125 /* of our count of the prompt: what the provider may count, for the tier */

int64_t prompt_price(const struct model *model, int64_t prompt_tokens, int64_t output_tokens)
{
	return price_most(&model->price, prompt_tokens, prompt_tokens * REACH_PERCENT / 100,
			  output_tokens);
}

/* The longest answer that the model may give to this question. */
static int32_t output_of(const struct generation *generation, const struct model *model)
{
	int32_t asked = generation->prompt.max_output_tokens;

	return asked < model->max_output_tokens ? asked : model->max_output_tokens;
}

/* What 99 of 100 prompts stay within. */
static int64_t input_bound(const struct generation *generation, const struct model *model)
{
	return tokens_bound(generation->engine->options.tokens, model->family,
			    generation->counted_tokens);
}

bool prompt_fits(const struct generation *generation, const struct model *model)
{
	return input_bound(generation, model) + output_of(generation, model) <=
	       model->window_tokens;
}

/* One hold is enough for whichever model answers. */
static void hold_fallbacks(struct generation *generation)
{
	const char *const *id = generation->asked->fallback;

	for (; id && *id; id++) {
		const struct model *model = catalogue_find(generation->catalogue, *id);
		int64_t cost;

		if (!model || !prompt_fits(generation, model))
			continue;
		cost = prompt_price(model, input_bound(generation, model),
				    output_of(generation, model));
		if (cost > generation->hold_microcredits)
			generation->hold_microcredits = cost;
	}
}

enum status prompt_read(struct generation *generation, struct db *db, int32_t max_output_tokens,
			struct error *reterr)
{
	const struct facts *facts = &generation->log->facts;
	const struct model *model;
	struct context context;
	struct tokens *tokens = generation->engine->options.tokens;
	int64_t budget;
	enum status s;

	catalogue_unref(generation->catalogue); /* a transaction may repeat it */
	generation->catalogue = current_catalogue(generation->engine->options.current);
	s = chat_model(generation->catalogue, facts->model, "", &model, reterr);
	if (s != OK)
		return s;
	if (max_output_tokens == 0 || max_output_tokens > model->max_output_tokens)
		max_output_tokens = model->max_output_tokens;
	budget = model->window_tokens - max_output_tokens;
	s = context_read(db, facts->user_message, tokens_room(tokens, model->family, budget),
			 generation->arena, &context, reterr);
	if (s != OK)
		return s;
	if (context.n == 0)
		return error_field(reterr, INVALID_ARGUMENT, "context_too_long", "text",
				   "the message does not fit the %" PRId64 " tokens that %s takes",
				   budget, model->name);
	generation->asked = generation->model = model;
	generation->prompt.messages = context.turns;
	generation->prompt.n_messages = context.n;
	generation->prompt.max_output_tokens = max_output_tokens;
	generation->prompt_bytes = context.bytes;
	generation->counted_tokens = context.tokens;
	generation->hold_microcredits =
		prompt_price(model, input_bound(generation, model), max_output_tokens);
	hold_fallbacks(generation);
	return OK;
}
