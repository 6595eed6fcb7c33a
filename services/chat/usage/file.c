#include "chat/usage/file.h"

#include <inttypes.h>

#define ROW_BYTES_MAX 1024 /* a key of 100 bytes, each doubled, and 15 numbers */

size_t usage_file_bytes_max(int rows)
{
	return ((size_t)rows + 1) * ROW_BYTES_MAX;
}

void usage_file_counts(struct buf *out, int64_t calls, const Chat__V1__UsageTokens *tokens)
{
	const int64_t counts[] = {calls,
				  tokens->input,
				  tokens->cached_input,
				  tokens->cache_write,
				  tokens->image_input,
				  tokens->output,
				  tokens->reasoning,
				  tokens->images,
				  tokens->audio_seconds,
				  tokens->tool_calls};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		buf_addf(out, ",%" PRId64, counts[i]);
}

enum status usage_file_end(struct rpc_call *call, const struct buf *text,
			   Google__Api__HttpBody *resp)
{
	resp->content_type = (char *)"text/csv; charset=utf-8; header=present";
	resp->data.data = arena_memdup(call->arena, text->data, text->len);
	if (!resp->data.data)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "usage");
	resp->data.len = text->len;
	return OK;
}
