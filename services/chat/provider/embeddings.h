/* OpenAI's embeddings, which others speak, too. The answer is items with its vectors in the order of
 * the inputs, each as base64 of float32, lowest byte first. */
#ifndef CHAT_PROVIDER_EMBEDDINGS_H
#define CHAT_PROVIDER_EMBEDDINGS_H

#include "chat/provider/provider.h"

#include <jansson.h>

#define EMBEDDINGS_BYTES_MAX ((1u << 20) - 1024) /* of an item: a row and an event have 1 MiB */
#define EMBEDDING_DIMENSIONS_MAX 65536

/* Bytes of n vectors of so many numbers as items. */
int64_t embeddings_bytes(int64_t n, int32_t dimensions);
/* Vectors of so many numbers that fit one answer of a provider, which is JSON of so many bytes. */
size_t embeddings_some(int64_t answer_bytes, int32_t dimensions);
/* The body of the request for the inputs from first on. */
json_t *embeddings_body(const char *model, const struct prompt_embedding *embedding);
/* Takes the answer, and gives its items: {"type":"embeddings","data":["…"]}. */
enum provider_event embeddings_take(struct provider_stream *stream, struct peek root,
				    struct provider_fault *fault);

#endif
