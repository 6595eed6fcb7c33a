/* Factors of tokenizers are stored now and then, and read again: replicas learn from each other. */
#ifndef CHAT_ANSWER_LEARN_H
#define CHAT_ANSWER_LEARN_H

#include "chat/answer/engine.h"

/* Adds batches of prompts to what the database knows; errors: those of db. */
_must_check_ enum status learn_store(struct db *db, const struct tokens_batch *batches,
				     size_t batches_n, struct error *reterr);
/* Takes over what the database knows; errors: those of db. */
_must_check_ enum status learn_load(struct db *db, struct tokens *tokens, struct error *reterr);

/* Both, on the crew. */
void learn_begin(struct engine *engine);

#endif
