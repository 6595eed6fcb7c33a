/* Why an answer failed, as readers of it see it. */
#ifndef CHAT_WORDS_FAILURE_H
#define CHAT_WORDS_FAILURE_H

#include "chat/v1/rpc.h"

/* In the shape of problem+json, in arena. As in the rpc layer, users do not read what broke inside. */
Chat__V1__GenerationError *failure_of(struct arena *arena, const struct error *err,
				      const char *request_id);

#endif
