/* A price as the catalogue writes it. */
#ifndef CHAT_CATALOGUE_PRICE_READ_H
#define CHAT_CATALOGUE_PRICE_READ_H

#include "chat/catalogue/price.h"
#include "runtime/base/arena.h"
#include "runtime/base/status.h"
#include "runtime/conf/conf.h"

/* Reads the member `price` of a model, in arena. Its short form is a mapping of per_message,
 * input_per_1k and output_per_1k; its long form is a list of components {dimension,
 * from_prompt_tokens, credits}. errors: INVALID_ARGUMENT. */
_must_check_ enum status price_read(const struct conf_node *model, struct arena *arena,
				    struct price *ret, struct error *reterr);

#endif
