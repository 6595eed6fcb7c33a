/* The two halves of Gemini's adapter: gemini.c writes the question, gemini_answer.c reads the
 * answer. */
#ifndef CHAT_PROVIDER_GEMINI_H
#define CHAT_PROVIDER_GEMINI_H

#include "chat/provider/provider.h"

#define GEMINI_API "gemini"
#define PROVIDER_GEMINI_URL "https://generativelanguage.googleapis.com/v1beta"

extern const struct provider_api provider_gemini;

/* provider_api.event */
enum provider_event gemini_event(struct provider_stream *stream, const char *name, const char *data,
				 size_t len, struct provider_fault *fault);

#endif
