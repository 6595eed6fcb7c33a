/* Anthropic's Messages API. */
#ifndef CHAT_PROVIDER_ANTHROPIC_H
#define CHAT_PROVIDER_ANTHROPIC_H

#include "chat/provider/provider.h"

#define ANTHROPIC_API "anthropic"
#define PROVIDER_ANTHROPIC_URL "https://api.anthropic.com/v1"
/* The tool whose arguments are an answer in a schema of the caller's. */
#define ANTHROPIC_ANSWER_TOOL "answer_in_schema"

extern const struct provider_api provider_anthropic;

/* anthropic_answer.c: provider_api.event */
enum provider_event anthropic_event(struct provider_stream *stream, const char *name,
				    const char *data, size_t len, struct provider_fault *fault);

#endif
