/* Files of usage: what an administrator's and a user's have in common. */
#ifndef CHAT_USAGE_FILE_H
#define CHAT_USAGE_FILE_H

#include "chat/usage/csv.h"
#include "chat/usage/usage.h"
#include "google/api/httpbody.pb-c.h"

/* Heads of the columns after `calls`. */
#define USAGE_FILE_TOKENS                                                         \
	"input_tokens,cached_input_tokens,cache_write_tokens,image_input_tokens," \
	"output_tokens,reasoning_tokens,images,audio_seconds,tool_calls"

/* Room for a head and so many rows. */
size_t usage_file_bytes_max(int rows);
/* ",calls,input,…": the numbers that these columns have. */
void usage_file_counts(struct buf *out, int64_t calls, const Chat__V1__UsageTokens *tokens);
/* The file as the answer. errors: RESOURCE_EXHAUSTED call_too_large. */
_must_check_ enum status usage_file_end(struct rpc_call *call, const struct buf *text,
					Google__Api__HttpBody *resp);

#endif
