/* The two halves of the adapter for OpenAI's Responses: responses.c writes the question,
 * responses_answer.c reads the answer. */
#ifndef CHAT_PROVIDER_RESPONSES_H
#define CHAT_PROVIDER_RESPONSES_H

#include "chat/provider/provider.h"

#define RESPONSES_API "openai_responses"

extern const struct provider_api provider_responses;

/* provider_api.event */
enum provider_event responses_event(struct provider_stream *stream, const char *name,
				    const char *data, size_t len, struct provider_fault *fault);

#endif
