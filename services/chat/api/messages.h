/* The two halves of the format of Anthropic's messages. */
#ifndef CHAT_API_MESSAGES_H
#define CHAT_API_MESSAGES_H

#include "chat/api/dialect.h"

enum status messages_read(const struct api_body *body, struct arena *arena, struct api_request *ret,
			  struct error *reterr);
/* A question whose tokens are counted: it has no limit of the answer. */
enum status messages_read_count(const struct api_body *body, struct arena *arena,
				struct api_request *ret, struct error *reterr);

#endif
