/* The two halves of the format of embeddings. */
#ifndef CHAT_API_EMBEDDINGS_H
#define CHAT_API_EMBEDDINGS_H

#include "chat/api/dialect.h"

enum status embeddings_read(const struct api_body *body, struct arena *arena,
			    struct api_request *ret, struct error *reterr);

#endif
