/* A generation's prompt, the model that is asked, and the price that it may reach. */
#ifndef CHAT_ANSWER_PROMPT_H
#define CHAT_ANSWER_PROMPT_H

#include "chat/answer/generation.h"
#include "chat/api/question.h"

/* For the branch that ends in the user's message. On the crew's threads.
 * errors: those of db, CONTEXT_TOO_LONG, MODEL_UNKNOWN. */
_must_check_ enum status prompt_read(struct generation *generation, struct db *db,
				     int32_t max_output_tokens, struct error *reterr);
/* As the last of a transaction, after start: COMMIT goes out with it. Only a question that does not
 * fit alone fails before. What fails later is the generation's doom, for its rows are there. */
_must_check_ enum status prompt_read_last(struct generation *generation, struct db *db,
					  struct db_ask *start, int32_t max_output_tokens,
					  int64_t question_tokens, struct error *reterr);

/* The same for a program's question, whose arena the generation takes. model: that it names.
 * errors: CONTEXT_TOO_LONG. */
_must_check_ enum status prompt_take(struct generation *generation, struct question *question,
				     const struct model *model, struct error *reterr);
/* The longest answer to a program's question that fits the model's window. errors: CONTEXT_TOO_LONG. */
_must_check_ enum status prompt_output(const struct engine *engine, const struct question *question,
				       const struct model *model, int32_t *ret,
				       struct error *reterr);

/* Bytes of the vectors that a prompt asks for; 0: it asks for words. */
int64_t prompt_vectors(const struct prompt *prompt, const struct model *model);

/* Tokens of a prompt, by our count, and of the longest answer to it. */
struct prompt_size {
	int32_t counted;
	int32_t output;
};

/* What is held for a prompt: the most that an answer of this model or of a fallback can cost. One
 * hold is enough for whichever answers. */
int64_t prompt_hold(struct tokens *tokens, const struct catalogue *catalogue,
		    const struct model *asked, const struct prompt_size *size);
/* The longest answer in a chat. asked: 0: the model's. */
int32_t prompt_output_of(const struct model *model, int32_t asked);

/* The most that an answer of one model can cost, for a prompt of so many tokens. */
int64_t prompt_price(const struct model *model, int64_t prompt_tokens, int64_t output_tokens);

/* Whether question and answer fit the window of a model. */
bool prompt_fits(const struct generation *generation, const struct model *model);

#endif
