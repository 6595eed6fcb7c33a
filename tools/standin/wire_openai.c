/* OpenAI's chat completions. Thoughts come as OpenRouter sends them: `reasoning` for people, and
 * `reasoning_details` in pieces, which go back as one. */
#include "exchange.h"

#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- the question */

/* Thoughts that came back. They must be signed as they are. */
static bool read_details(const json_t *message, json_int_t *blocks, struct refusal *refusal)
{
	const json_t *detail;
	size_t i;

	json_array_foreach(json_object_get(message, "reasoning_details"), i, detail)
	{
		const char *text = json_string_value(json_object_get(detail, "text"));
		const char *signature = json_string_value(json_object_get(detail, "signature"));

		if (!text || !signature || !signature_fits(text, signature))
			return refuse(refusal, NULL, NULL,
				      "Invalid `signature` in `thinking` block");
		(*blocks)++;
	}
	return true;
}

/* Whether the tool messages behind a message answer each of its calls, and nothing else. */
static bool read_results(const json_t *messages, size_t at, struct refusal *refusal)
{
	const json_t *calls = json_object_get(json_array_get(messages, at), "tool_calls"), *call;
	const char *role;
	size_t n = 0, i;

	while ((role = json_string_value(
			json_object_get(json_array_get(messages, at + n + 1), "role"))) &&
	       strcmp(role, "tool") == 0)
		n++;
	if (n > json_array_size(calls))
		return refuse(
			refusal, "messages", NULL,
			"Invalid parameter: messages with role 'tool' must be a response to a "
			"preceeding message with 'tool_calls'.");
	json_array_foreach(calls, i, call)
	{
		const json_t *id = json_object_get(call, "id");
		size_t k = 0;

		while (k < n &&
		       !json_equal(id, json_object_get(json_array_get(messages, at + k + 1),
						       "tool_call_id")))
			k++;
		if (k == n)
			return refuse(refusal, "messages", NULL,
				      "An assistant message with 'tool_calls' must be followed by "
				      "tool messages responding to each 'tool_call_id'.");
	}
	return true;
}

static json_t *read_body(_unused_ const struct httpd_request *req, json_t *body,
			 _unused_ struct arena *arena, struct refusal *refusal)
{
	const json_t *messages = json_object_get(body, "messages"), *message;
	json_int_t blocks = 0;
	bool ok = true;
	size_t i;

	json_array_foreach(messages, i, message)
	{
		const char *role = json_string_value(json_object_get(message, "role"));

		ok = ok && read_details(message, &blocks, refusal);
		if (ok && role && (i == 0 || strcmp(role, "tool") != 0))
			ok = read_results(messages, i, refusal);
	}
	json_object_set_new(body, "blocks", json_integer(blocks));
	return ok ? json_incref(body) : NULL;
}

/* ---------------------------------------------------------------- the answer */

/* The usage object, or NULL where the fault removes it. */
static json_t *usage_json(const struct exchange *x)
{
	struct counts counts;
	int64_t out;
	json_t *usage;

	if (!exchange_usage(x, &counts))
		return NULL;
	out = (int64_t)((uint64_t)counts.out + (uint64_t)counts.thoughts);
	usage = json_pack("{s:I, s:I, s:I}", "prompt_tokens", (json_int_t)counts.in,
			  "completion_tokens", (json_int_t)out, "total_tokens",
			  (json_int_t)((uint64_t)counts.in + (uint64_t)out));
	if (counts.cached > 0 || counts.written > 0)
		json_object_set_new(usage, "prompt_tokens_details",
				    json_pack("{s:I, s:I}", "cached_tokens",
					      (json_int_t)counts.cached, "cache_write_tokens",
					      (json_int_t)counts.written));
	if (counts.thoughts > 0)
		json_object_set_new(
			usage, "completion_tokens_details",
			json_pack("{s:I}", "reasoning_tokens", (json_int_t)counts.thoughts));
	return usage;
}

/* A thought in OpenRouter's shape, or a piece of it. text, signature: NULL for none. */
static json_t *detail_json(int at, const char *text, const char *signature)
{
	return json_pack("{s:s, s:s*, s:s*, s:s, s:i}", "type", "reasoning.text", "text", text,
			 "signature", signature, "format", "anthropic-claude-v1", "index", at);
}

/* All thoughts of a whole answer. */
static void set_thoughts(const struct exchange *x, json_t *message)
{
	json_t *list = json_array();
	char signature[SIGNATURE_SIZE];

	for (size_t i = 0; i < x->n_thoughts; i++) {
		signature_make(x->thoughts[i], signature);
		json_array_append_new(list, detail_json((int)i, x->thoughts[i], signature));
	}
	if (x->n_thoughts > 0)
		json_object_set_new(message, "reasoning", json_string(x->question.think));
	if (x->n_thoughts > 0)
		json_object_set(message, "reasoning_details", list);
	json_decref(list);
}

static void call_id(const struct exchange *x, char out[64])
{
	snprintf(out, 64, "call_%.50s", x->id);
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

/* Its words in two pieces, and then its signature. */
static void thought(struct exchange *x, const char *text, struct buf *out)
{
	int at = (int)x->next_thought;
	char signature[SIGNATURE_SIZE];
	size_t half = strlen(text) / 2;

	signature_make(text, signature);
	for (int i = 0; i < 2; i++) {
		const char *words = i == 0 ? arena_strndup(x->arena, text, half) : text + half;

		add_delta(x,
			  json_pack("{s:s, s:[o]}", "reasoning", words, "reasoning_details",
				    detail_json(at, words, NULL)),
			  NULL, out);
	}
	add_delta(x, json_pack("{s:[o]}", "reasoning_details", detail_json(at, NULL, signature)),
		  NULL, out);
}

static void token(struct exchange *x, const char *text, struct buf *out)
{
	add_delta(x, json_pack("{s:s}", "content", text), NULL, out);
}

static void call(struct exchange *x, struct buf *out)
{
	char id[64];

	call_id(x, id);
	add_delta(x,
		  json_pack("{s:[{s:i, s:s, s:s, s:{s:s, s:s}}]}", "tool_calls", "index", 0, "id",
			    id, "type", "function", "function", "name", x->question.tool,
			    "arguments", ""),
		  NULL, out);
}

static void piece(struct exchange *x, const char *text, struct buf *out)
{
	add_delta(x,
		  json_pack("{s:[{s:i, s:{s:s}}]}", "tool_calls", "index", 0, "function",
			    "arguments", text),
		  NULL, out);
}

static const char *reason_of(const struct exchange *x)
{
	return x->question.tool ? "tool_calls" : x->finish_reason;
}

/* Finish reason, usage, [DONE]. */
static void finish(struct exchange *x, struct buf *out)
{
	add_delta(x, json_object(), reason_of(x), out);
	if (x->question.include_usage)
		add_chunk(x, json_array(), true, out);
	buf_adds(out, "data: [DONE]\n\n");
	if (x->question.fault.kind == FAULT_TWO_DONES)
		buf_adds(out, "data: [DONE]\n\n");
}

static json_t *whole(struct exchange *x, const char *text)
{
	json_t *message =
		json_pack("{s:s, s:s, s:n}", "role", "assistant", "content", text, "refusal");
	char id[64];

	call_id(x, id);
	set_thoughts(x, message);
	if (x->question.tool)
		json_object_set_new(message, "tool_calls",
				    json_pack("[{s:s, s:s, s:{s:s, s:s}}]", "id", id, "type",
					      "function", "function", "name", x->question.tool,
					      "arguments", exchange_arguments(x)));
	return json_pack("{s:s, s:s, s:I, s:s, s:[{s:i, s:o, s:n, s:s}], s:o*}", "id", x->id,
			 "object", "chat.completion", "created", (json_int_t)x->created, "model",
			 x->question.model, "choices", "index", 0, "message", message, "logprobs",
			 "finish_reason", reason_of(x), "usage", usage_json(x));
}

static json_t *error(struct refusal *refusal, _unused_ int64_t retry_after)
{
	return json_pack("{s:{s:s, s:s, s:s?, s:s?}}", "error", "message", refusal->message, "type",
			 refusal->type, "param", refusal->param, "code", refusal->code);
}

static void failed(_unused_ struct exchange *x, struct refusal *refusal, struct buf *out)
{
	exchange_event(out, NULL, error(refusal, -1), "\n");
}

const struct wire wire_openai = {
	.name = "openai",
	.read = read_body,
	.head = head,
	.thought = thought,
	.token = token,
	.call = call,
	.piece = piece,
	.finish = finish,
	.whole = whole,
	.error = error,
	.failed = failed,
	.key_header = "authorization",
	.key_prefix = "Bearer ",
	.broken_json =
		"data: {\"id\":\"chatcmpl-broken\",\"choices\":[{\"delta\":{\"content\":\n\n",
	.broken_utf8 =
		"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\xff\xc3\x28\"}}]}\n\n",
};
