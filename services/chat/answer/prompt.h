/* A generation's prompt, the model that is asked, and the price that it may reach. */
#ifndef CHAT_ANSWER_PROMPT_H
#define CHAT_ANSWER_PROMPT_H

#include "chat/answer/generation.h"

/* For the branch that ends in the user's message. On the crew's threads.
 * errors: those of db, CONTEXT_TOO_LONG, MODEL_UNKNOWN. */
_must_check_ enum status prompt_read(struct generation *generation, struct db *db,
				     int32_t max_output_tokens, struct error *reterr);

/* What is held for a prompt of so many tokens, by our count: the most that an answer can cost. */
int64_t prompt_price(const struct model *model, int64_t prompt_tokens, int64_t output_tokens);

/* Whether question and answer fit the window of a model. */
bool prompt_fits(const struct generation *generation, const struct model *model);

#endif
