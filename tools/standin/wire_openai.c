/* OpenAI's chat completions. */
#include "exchange.h"

/* The usage object, or NULL where the fault removes it. */
static json_t *usage_json(const struct exchange *x)
{
	int64_t in, out;

	if (!exchange_usage(x, &in, &out))
		return NULL;
	return json_pack("{s:I, s:I, s:I}", "prompt_tokens", (json_int_t)in, "completion_tokens",
			 (json_int_t)out, "total_tokens",
			 (json_int_t)((uint64_t)in + (uint64_t)out));
}

/* One chunk with these choices (taken); with_usage: the last one. */
static void add_chunk(struct exchange *x, json_t *choices, bool with_usage, struct buf *out)
{
	json_t *chunk = json_pack("{s:s, s:s, s:I, s:s, s:s, s:n, s:o}", "id", x->id, "object",
				  "chat.completion.chunk", "created", (json_int_t)x->created,
				  "model", x->question.model, "service_tier", "default",
				  "system_fingerprint", "choices", choices);
	json_t *usage = with_usage ? usage_json(x) : NULL;

	if (usage)
		json_object_set_new(chunk, "usage", usage);
	else if (x->question.include_usage)
		json_object_set_new(chunk, "usage", json_null());
	exchange_event(out, NULL, chunk, "\n");
}

static void add_delta(struct exchange *x, json_t *delta, const char *finish_reason, struct buf *out)
{
	add_chunk(x,
		  json_pack("[{s:i, s:o, s:n, s:s?}]", "index", 0, "delta", delta, "logprobs",
			    "finish_reason", finish_reason),
		  false, out);
}

static void head(struct exchange *x, struct buf *out)
{
	add_delta(x, json_pack("{s:s, s:s}", "role", "assistant", "content", ""), NULL, out);
}

static void token(struct exchange *x, const char *text, struct buf *out)
{
	add_delta(x, json_pack("{s:s}", "content", text), NULL, out);
}

/* Finish reason, usage, [DONE]. */
static void finish(struct exchange *x, struct buf *out)
{
	add_delta(x, json_object(), x->finish_reason, out);
	if (x->question.include_usage)
		add_chunk(x, json_array(), true, out);
	buf_adds(out, "data: [DONE]\n\n");
	if (x->question.fault.kind == FAULT_TWO_DONES)
		buf_adds(out, "data: [DONE]\n\n");
}

static json_t *whole(struct exchange *x, const char *text)
{
	return json_pack("{s:s, s:s, s:I, s:s, s:[{s:i, s:{s:s, s:s, s:n}, s:n, s:s}], s:o*}", "id",
			 x->id, "object", "chat.completion", "created", (json_int_t)x->created,
			 "model", x->question.model, "choices", "index", 0, "message", "role",
			 "assistant", "content", text, "refusal", "logprobs", "finish_reason",
			 x->finish_reason, "usage", usage_json(x));
}

static json_t *error(struct refusal *refusal, _unused_ int64_t retry_after)
{
	return json_pack("{s:{s:s, s:s, s:s?, s:s?}}", "error", "message", refusal->message, "type",
			 refusal->type, "param", refusal->param, "code", refusal->code);
}

const struct wire wire_openai = {
	.head = head,
	.token = token,
	.finish = finish,
	.whole = whole,
	.error = error,
	.key_header = "authorization",
	.key_prefix = "Bearer ",
	.broken_json =
		"data: {\"id\":\"chatcmpl-broken\",\"choices\":[{\"delta\":{\"content\":\n\n",
	.broken_utf8 =
		"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\xff\xc3\x28\"}}]}\n\n",
};
