/* Models as programs see them. */
#ifndef CHAT_API_MODEL_H
#define CHAT_API_MODEL_H

#include "chat/catalogue/catalogue.h"
#include "chat/chat.h"

/* Appends a model in the shape of OpenAI, or of Anthropic. */
void api_model_write(const struct model *model, bool anthropic, struct buf *out);
/* The answer is this JSON, in the call's arena. errors: RESOURCE_EXHAUSTED. */
_must_check_ enum status api_model_answer(struct rpc_call *call, const struct buf *json,
					  Google__Api__HttpBody *resp);

#endif
