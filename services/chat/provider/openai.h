/* The parts of OpenAI's adapter, for APIs that differ in little. */
#ifndef CHAT_PROVIDER_OPENAI_H
#define CHAT_PROVIDER_OPENAI_H

#include "chat/provider/provider.h"

#define OPENAI_API "openai"

/* provider_api.request */
enum status openai_request(const struct provider_pick *pick, const struct prompt *prompt,
			   uint8_t without, struct arena *arena, struct buf *body,
			   struct http_request *ret, struct error *reterr);

/* openai_answer.c: provider_api.event */
enum provider_event openai_event(struct provider_stream *stream, const char *name, const char *data,
				 size_t len, struct provider_fault *fault);

#endif
