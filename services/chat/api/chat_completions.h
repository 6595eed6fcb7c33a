/* The two halves of the format of chat completions. */
#ifndef CHAT_API_CHAT_COMPLETIONS_H
#define CHAT_API_CHAT_COMPLETIONS_H

#include "chat/api/dialect.h"

enum status chat_completions_read(const struct api_body *body, struct arena *arena,
				  struct api_request *ret, struct error *reterr);

#endif
