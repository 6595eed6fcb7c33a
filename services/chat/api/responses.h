/* The two halves of the format of OpenAI's responses. */
#ifndef CHAT_API_RESPONSES_H
#define CHAT_API_RESPONSES_H

#include "chat/api/dialect.h"

enum status responses_read(const struct api_body *body, struct arena *arena,
			   struct api_request *ret, struct error *reterr);

#endif
