/* The two halves of the format of embeddings. */
#ifndef CHAT_API_EMBEDDINGS_H
#define CHAT_API_EMBEDDINGS_H

#include "chat/api/dialect.h"

#define INPUTS_MAX 2048 /* of one request, as at OpenAI */

enum status embeddings_read(const char *body, size_t len, struct arena *arena,
			    struct api_request *ret, struct error *reterr);

#endif
