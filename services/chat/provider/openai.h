/* The two halves of OpenAI's adapter. */
#ifndef CHAT_PROVIDER_OPENAI_H
#define CHAT_PROVIDER_OPENAI_H

#include "chat/provider/provider.h"

/* openai_answer.c: provider_api.event */
enum provider_event openai_event(struct provider_stream *stream, const char *name, const char *data,
				 size_t len, struct provider_fault *fault);

#endif
