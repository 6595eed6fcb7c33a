#include "chat/answer/prompt.h"

#include "chat/message/context.h"

#include <inttypes.h>

enum status prompt_read(struct generation *generation, struct db *db, int32_t max_output_tokens,
			struct error *reterr)
{
	const struct facts *facts = &generation->log->facts;
	const struct model *model;
	struct context context;
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
	s = context_read(db, facts->user_message, budget, generation->arena, &context, reterr);
	if (s != OK)
		return s;
	if (context.n == 0)
		return error_field(reterr, INVALID_ARGUMENT, "context_too_long", "text",
				   "the message does not fit the %" PRId64 " tokens that %s takes",
				   budget, model->name);
	generation->model = model;
	generation->prompt.messages = context.turns;
	generation->prompt.n_messages = context.n;
	generation->prompt.max_output_tokens = max_output_tokens;
	generation->prompt_bytes = context.bytes;
	generation->input_tokens = context.tokens;
	generation->hold_microcredits =
		price_cost(&model->price, context.tokens, max_output_tokens);
	return OK;
}
