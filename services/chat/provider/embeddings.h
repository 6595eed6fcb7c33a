/* OpenAI's embeddings, which others speak, too. The answer is one item: its vectors in the order of
 * the inputs, each as base64 of float32, lowest byte first. */
#ifndef CHAT_PROVIDER_EMBEDDINGS_H
#define CHAT_PROVIDER_EMBEDDINGS_H

#include "chat/provider/provider.h"

#include <jansson.h>

#define EMBEDDINGS_BYTES_MAX ((1u << 20) - 1024) /* of the item: a row and an event have 1 MiB */
/* Of the provider's JSON. Numbers take some six times as long as base64. */
#define EMBEDDINGS_ANSWER_MAX (16u << 20)
#define EMBEDDING_DIMENSIONS_MAX 65536

/* How many vectors of so many numbers fit an answer. */
int32_t embeddings_fit(int32_t dimensions);
/* The body of the request. */
json_t *embeddings_body(const char *model, const struct prompt_embedding *embedding);
/* Takes the answer, and gives its item: {"type":"embeddings","data":["…"]}. */
enum provider_event embeddings_take(struct provider_stream *stream, struct peek root,
				    struct provider_fault *fault);

#endif
